"""A small part of each campaign in torture/, which `make torture` runs in full."""

import random
import sys

import pytest

from tests import videos
from torture import cuts, fuzz, kills, recordings


def test_spoilt_files_are_read_or_refused_by_one_sentence(built, monkeypatch):
    # Beside other tests, the first import of a stage may take long.
    monkeypatch.setattr(fuzz, "PATIENCE", 300.0)
    outcomes = fuzz.main(2 * len(fuzz.KINDS), project=built)
    assert {outcome for counts in outcomes.values() for outcome in counts} <= {"one sentence", "accepted"}


@pytest.mark.skipif(sys.platform != "linux", reason="FFmpeg ends with its stage on Linux only")
def test_what_is_killed_is_mended_and_what_is_interrupted_ends(built, monkeypatch):
    # Beside other tests, processes may wait for their turn.
    monkeypatch.setattr(kills, "GRACE", 60)
    assert kills.main(1, 2, built, {"select": {"threshold": 0.999}}) == 0


def test_cuts_show_what_decoding_from_the_beginning_shows():
    assert cuts.main(20, "mkv libx264 -bf 3 missing") == 0


def test_fewer_cuts_than_recordings():
    assert cuts.main(1, "libx264 -bf 3 missing") == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), ""),
        (("-af", "volume=0"), "no beep at 1 s, no beep at 2 s"),
        (("-vf", "trim=end_frame=1"), "75 frames (0 at 0.201 s"),
        (("-vf", "select=not(between(n\\,20\\,40))", "-fps_mode", "passthrough"), "20 frames (19 at 0.841 s"),
    ],
)
def test_a_reel_that_lacks_sound_or_frames_is_wrong(tmp_path, options, words):
    source, reel = tmp_path / "recording.mkv", tmp_path / "reel.mp4"
    recordings.make(recordings.Variant("mkv", "libx264"), source, 4, random.Random(1))
    videos.ffmpeg("-i", source, *options, reel)
    (tmp_path / "segments.csv").write_text("start,end,reel_start,reel_end\n0.2,3.2,0.2,3.2\n")
    problems = cuts.problems_of_reel(tmp_path, recordings.frames(source))
    assert words in "\n".join(problems) and bool(problems) == bool(words)
