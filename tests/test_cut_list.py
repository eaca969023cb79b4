"""Cut lists are read as they are written, and a bad row is named."""

from pathlib import Path

import pytest

from autotosis.cuts import cut_list
from autotosis.cuts.segments import Segment
from autotosis.project.errors import UserError


def write(folder: Path, table: str) -> None:
    """Write a table of edits of the VOD `demo`."""
    (folder / "edits").mkdir()
    (folder / "edits/demo.csv").write_text(table)


def test_a_table_needs_only_starts_and_ends_in_any_order_of_columns_and_rows(tmp_path):
    write(tmp_path, "end,start\n9.04,7\n\n3,2\n")
    assert cut_list.read_kept(tmp_path / "edits/demo.csv", "demo", 9.0) == [Segment(2.0, 3.0), Segment(7.0, 9.0)]


BAD = {
    "a score in percent": ("start,end,score\n1,2,95\n", "row 2", "score is 95, not between 0 and 1"),
    "a word for keep": ("start,end,keep\n1,2,maybe\n", "row 2", "keep is 'maybe', not yes or no"),
    "no end": ("start,end,keep\n1,2,\n3,,yes\n", "row 3", "end is '', not a number"),
    "end before start": ("start,end\n2,1\n", "row 2", "not after its start"),
    "past the end": ("start,end\n1,99\n", "row 2", "ends at 99 s, but the VOD ends at 24.00 s"),
    "another VOD": (
        "start,end,vod\n5,7,demo\n1,2,monday\n",
        "row 3",
        "names the VOD monday, but this table is for demo",
    ),
    "overlap": ("start,end\n5,7\n1,2\n6,8\n", "row 4", "overlaps row 2"),
    "no column for the end": ("start,keep\n1,yes\n", "row 1", "the header must name start,end"),
    "semicolons": ("start;end\n1,5;2\n", "row 1", "semicolons instead of commas; save the table with LibreOffice"),
    "another column": ("start,end,kept\n1,2,yes\n", "row 1", "may name segment,vod"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_is_named(tmp_path, name):
    content, *words = BAD[name]
    write(tmp_path, content)
    with pytest.raises(UserError) as raised:
        cut_list.read_kept(tmp_path / "edits/demo.csv", "demo", 24.0)
    assert all(word in str(raised.value) for word in ["edits/demo.csv", *words])


def test_what_is_written_is_read_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    segments = [Segment(0.0, 2.5, 0.25, pre_roll=0.5), Segment(7.123456, 9.0, 1.0, post_roll=0.25)]
    cut_list.write(cut_list.path("demo"), "demo", segments)
    for read, written in zip(cut_list.read_cut_list("demo", 9.0), segments, strict=True):
        assert vars(read) == pytest.approx(vars(written), abs=1e-6)
    with pytest.raises(UserError, match="data/cuts/other.csv: no such cut list; make it with `dvc repro select@other`"):
        cut_list.read_cut_list("other", 9.0)


def test_an_edge_that_a_person_moves_into_the_event_leaves_no_padding_there(tmp_path):
    write(tmp_path, "start,end,event_start,event_end\n3,8,4,6\n11,13,10,13\n20,21,30,31\n")
    (whole, moved, elsewhere) = cut_list.read_kept(tmp_path / "edits/demo.csv", "demo", 40.0)
    assert (whole.pre_roll, whole.post_roll) == (1.0, 2.0)
    assert (moved.pre_roll, moved.post_roll) == (elsewhere.pre_roll, elsewhere.post_roll) == (0.0, 0.0)
