"""What a person marks is what the reel shows, whatever the model chose."""

import csv
from pathlib import Path

import av
import pytest

from autotosis.cuts import edits
from autotosis.cuts.segments import Segment
from autotosis.project.errors import UserError
from tests.conftest import Project
from tests.test_bad_input import assert_sentence

EDITS = "data/tiny/edits/demo.csv"


def write(folder: Path, table: str) -> None:
    """A table of edits of the VOD `demo`."""
    (folder / "edits").mkdir()
    (folder / "edits/demo.csv").write_text(table)


def shown(project: Project) -> list[tuple[float, float]]:
    rows = csv.DictReader(project.read("reels/demo/segments.csv").splitlines())
    return [(float(row["start"]), float(row["end"])) for row in rows]


def seconds(project: Project) -> float:
    with av.open(str(project.folder / "reels/demo/reel.mp4")) as container:
        video = container.streams.video[0]
        return float(video.duration * video.time_base)


def test_an_edit_renders_the_reel_anew_with_exactly_what_is_kept_and_nothing_else(project):
    rows = project.read("reels/demo/segments.csv").splitlines()
    assert rows[0].endswith(",keep") and all(row.endswith(",yes") for row in rows[1:])
    others = ["7,demo,12.5,14,,,,no", "8,demo,9.25,10.5,,,,YES", "9,,1,2.5,,,,"]
    project.write(EDITS, "\n".join([rows[0], *(row[: -len("yes")] + "no" for row in rows[1:]), *others]) + "\n")
    assert project.repro() == ["render@demo", "compile"]
    assert shown(project) == [(1.0, 2.5), (9.25, 10.5)]
    assert seconds(project) == pytest.approx(1.5 + 1.25, abs=0.01)
    reel = (project.folder / "reels/demo/reel.mp4").read_bytes()
    # The table of a reel gives the same reel, and what is at the end of the VOD can be shown too.
    edited = project.read("reels/demo/segments.csv")
    project.write(EDITS, edited)
    assert project.stage("render", "demo").returncode == 0
    assert (project.folder / "reels/demo/reel.mp4").read_bytes() == reel
    project.write(EDITS, "start,end,score\n23.9,24.0,0.25\n")
    assert project.stage("render", "demo").returncode == 0
    assert "0:00 from 0m23s, 25 %" in project.read("reels/demo/description.txt")
    project.write(EDITS, edited)
    # Bounds are for what the model chooses, and edits of another VOD change nothing.
    project.set_params(render={"max_duration": 1.0})
    project.write("data/tiny/edits/dmeo.csv", "start,end\n1,2\n")
    assert "data/tiny/edits/dmeo.csv: is not used" in project.stage("render", "demo").stdout
    assert (project.folder / "reels/demo/reel.mp4").read_bytes() == reel


def test_a_table_needs_only_starts_and_ends_in_any_order_of_columns_and_rows(tmp_path):
    write(tmp_path, "end,start\n9.04,7\n\n3,2\n")
    assert edits.read(tmp_path, "demo", 9.0) == [Segment(2.0, 3.0), Segment(7.0, 9.0)]
    assert edits.read(tmp_path, "other", 9.0) is None


BAD = {
    "a score in percent": ("start,end,score\n1,2,95\n", "row 2", "score is 95, not between 0 and 1"),
    "a word for keep": ("start,end,keep\n1,2,maybe\n", "row 2", "keep is 'maybe', not yes or no"),
    "no end": ("start,end,keep\n1,2,\n3,,yes\n", "row 3", "end is '', not a number"),
    "end before start": ("start,end\n2,1\n", "row 2", "not after its start"),
    "past the end": ("start,end\n1,99\n", "row 2", "ends at 99 s, but the VOD at 24.00 s"),
    "another VOD": ("start,end,vod\n5,7,demo\n1,2,monday\n", "row 3", "is of monday, and this is the table of demo"),
    "overlap": ("start,end\n5,7\n1,2\n6,8\n", "row 4", "overlaps row 2"),
    "no column for the end": ("start,keep\n1,yes\n", "row 1", "the header must name start,end"),
    "another column": ("start,end,kept\n1,2,yes\n", "row 1", "may name segment,vod,reel_start,reel_end,score,keep"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_is_named(tmp_path, name):
    content, *words = BAD[name]
    write(tmp_path, content)
    with pytest.raises(UserError) as raised:
        edits.read(tmp_path, "demo", 24.0)
    assert all(word in str(raised.value) for word in ["edits/demo.csv", *words])


def test_bad_edits_cost_nothing_and_no_kept_row_gives_no_reel(project):
    before = project.read("reels/demo/segments.csv")
    project.write(EDITS, "start,end,keep\n1,99,no\n")
    assert_sentence(project.stage("render", "demo"), EDITS, "row 2", "ends at 99 s")
    assert project.read("reels/demo/segments.csv") == before
    project.write(EDITS, "start,end,keep\n1,2,no\n")
    assert "no row of its table of edits is kept" in project.stage("render", "demo").stdout
    assert [path.name for path in (project.folder / "reels/demo").glob("[!.]*")] == ["segments.csv"]
