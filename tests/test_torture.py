"""A small part of each campaign in torture/, which `make torture` runs in full."""

import sys

import pytest

from torture import cuts, fuzz, kills


def test_spoilt_files_are_read_or_refused_by_one_sentence(built):
    outcomes = fuzz.main(4 * len(fuzz.KINDS), project=built.folder)
    assert {outcome for counts in outcomes.values() for outcome in counts} <= {"one sentence", "accepted"}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_is_killed_is_mended_and_what_is_interrupted_ends(built):
    assert kills.main(2, 4, built.folder, {"select": {"threshold": 0.6}}) == 0


def test_cuts_show_what_decoding_from_the_beginning_shows():
    assert cuts.main(20, "mkv libx264 -bf 3 missing") == 0
