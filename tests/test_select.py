"""The cut list of a VOD: what the model finds, or whatever the user's edits say."""

import os
import subprocess

import av
import pytest

from autotosis.project.errors import UserError
from stages import select
from tests.helpers import ENVIRONMENT, HOLDOUT, Project, assert_user_error

EDITS = "data/tiny/edits/demo.csv"
CUT_LIST = "data/cuts/demo.csv"


def stretches(project: Project, table: str) -> list[tuple[float, float]]:
    """Read the stretches that a table names, seconds."""
    return [(float(row["start"]), float(row["end"])) for row in project.table(table)]


def seconds(project: Project) -> float:
    with av.open(str(project.folder / "reels/demo/reel.mp4")) as container:
        video = container.streams.video[0]
        return float(video.duration * video.time_base)


def test_the_reel_shows_exactly_what_the_cut_list_says(project):
    project.write(CUT_LIST, "segment,vod,start,end,score,keep\n1,demo,2,3.5,0.5,yes\n2,demo,10,12,0.25,no\n")
    project.stages("render demo")
    assert stretches(project, "reels/demo/segments.csv") == [(2.0, 3.5)]
    assert seconds(project) == pytest.approx(1.5, abs=0.01)


@pytest.mark.parametrize("table", [CUT_LIST, "reels/demo/segments.csv"])
def test_an_edited_table_decides_what_is_shown_and_nothing_else(project, table):
    rows = project.read(table).splitlines()
    names = rows[0].split(",")
    kept = names.index("keep")
    others = [
        {"segment": "7", "vod": "demo", "start": "12.5", "end": "14", "keep": "no"},
        {"segment": "8", "vod": "demo", "start": "9.25", "end": "10.5", "keep": "YES"},
        {"segment": "9", "start": "1", "end": "2.5"},
    ]
    cut = [row.split(",") for row in rows[1:]]
    assert cut and all(row[kept] == "yes" for row in cut)
    cut = [[*row[:kept], "no", *row[kept + 1 :]] for row in cut] + [[row.get(n, "") for n in names] for row in others]
    project.write(EDITS, "\n".join([rows[0], *map(",".join, cut)]) + "\n")
    if table == CUT_LIST:
        assert project.repro() == ["configure", "select@demo", "evaluate", "render@demo", "compile"]
    else:
        project.stages("select demo", "render demo")
    assert stretches(project, CUT_LIST) == stretches(project, "reels/demo/segments.csv") == [(1.0, 2.5), (9.25, 10.5)]
    assert seconds(project) == pytest.approx(1.5 + 1.25, abs=0.01)


def test_the_table_of_a_reel_gives_the_same_reel_whatever_the_model_would_choose(project):
    project.write(EDITS, "start,end,score\n1.0,2.5,\n9.25,10.5,0.5\n")
    project.stages("select demo", "render demo")
    reel = (project.folder / "reels/demo/reel.mp4").read_bytes()
    project.write(EDITS, project.read("reels/demo/segments.csv"))
    # Limits apply only to what the model chooses.
    project.set_params(select={"max_duration": 1.0, "threshold": 0.999})
    project.stages("select demo", "render demo")
    assert (project.folder / "reels/demo/reel.mp4").read_bytes() == reel
    # A segment at the end of the VOD can be shown, too.
    project.write(EDITS, "start,end,score\n23.9,24.0,0.25\n")
    project.stages("select demo", "render demo")
    assert "0:00 from 0m23s, 25 %" in project.read("reels/demo/description.txt")


def test_a_table_of_edits_that_no_vod_has_is_named(project):
    project.write("data/tiny/edits/dmeo.csv", "start,end\n1,2\n")
    assert "data/tiny/edits/dmeo.csv: ignored" in project.stage("configure").stdout


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (EDITS, "data/tiny/edits"),
        ("data/tiny/vods/demo.chat.json", "data/tiny/vods/demo.chat.json"),
        ("data/tiny/vods/demo.markers.csv", "data/tiny/vods/demo.markers.csv"),
        ("autotosis/cuts/new.py", "autotosis/cuts"),
    ],
)
def test_what_is_saved_while_it_is_described_is_not_taken_for_described(project, path, named):
    # It reads everything before it says what it removes, which is more than fits into a pipe.
    for number in range(2000):
        project.write(f"data/cuts/gone{number}.csv", "")
    command, pipe = ["python", "-m", "stages.configure"], subprocess.PIPE
    with subprocess.Popen(command, cwd=project.folder, env=ENVIRONMENT, stdout=pipe, stderr=pipe, text=True) as process:
        assert "removed" in process.stdout.readline()
        project.write(path, "start,end\n1,2\n")
        _, output = process.communicate()
    assert process.returncode and f"error: {named}: was changed while it was being used; run the same" in output


def test_a_vod_that_is_named_again_meanwhile_keeps_its_reel(project):
    params = project.read("params.yaml")
    project.set_params(vods={})
    # More lines than fit into a pipe.
    for number in range(2000):
        project.write(f"data/tiny/edits/gone{number}.csv", "")
    command, pipe = ["python", "-m", "stages.configure"], subprocess.PIPE
    with subprocess.Popen(command, cwd=project.folder, env=ENVIRONMENT, stdout=pipe, stderr=pipe, text=True) as process:
        assert "ignored" in process.stdout.readline()
        project.write("params.yaml", params)
        _, output = process.communicate()
    assert process.returncode and "error: params.yaml: was changed while it was being used" in output
    assert (project.folder / "reels/demo/reel.mp4").exists()


def test_bad_edits_cost_nothing_and_no_kept_row_gives_no_reel(project):
    before = project.read(CUT_LIST)
    project.write(EDITS, "start,end,keep\n1,99,no\n")
    assert_user_error(project.stage("select", "demo"), EDITS, "row 2", "ends at 99 s")
    assert project.read(CUT_LIST) == before
    project.write(EDITS, "start,end,keep\n1,2,no\n")
    project.stages("select demo")
    assert project.table(CUT_LIST) == []
    assert "the cut list is empty, so no reel was made" in project.stage("render", "demo").stdout
    assert [path.name for path in (project.folder / "reels/demo").glob("[!.]*")] == ["segments.csv"]


def test_edits_that_cannot_be_read_are_named_and_not_ignored(project):
    edits = project.folder / EDITS
    edits.parent.mkdir(exist_ok=True)
    edits.symlink_to("nowhere.csv")
    assert_user_error(project.stage("select", "demo"), EDITS, "a link that leads nowhere")
    edits.unlink()
    os.mkfifo(edits)
    assert_user_error(project.stage("configure"), EDITS, "not a regular file")


@pytest.mark.parametrize("rows", ["0.000,0.3\n", "0.000,0.3\n60.000,0.3\n", "0.000,0.3\n0.100,nan\n"])
def test_a_timeline_that_does_not_fit_the_vod_costs_nothing(project, monkeypatch, rows):
    monkeypatch.chdir(project.folder)
    before = project.digests("data/cuts", "data/review")
    project.write("data/timelines/demo.csv", "time,probability\n" + rows)
    with pytest.raises(UserError, match="data/timelines/demo.csv.*make it again with `dvc repro -f predict@demo`"):
        select.main("demo")
    assert project.digests("data/cuts", "data/review") == before


def test_the_reel_of_the_calmest_moments_shows_other_ones(project):
    project.set_params(select={"invert": True, "threshold": None, "min_length": 0.2, "pre_roll": 0, "post_roll": 0})
    project.stages("select demo")
    calm, highlights = stretches(project, CUT_LIST), stretches(project, HOLDOUT)
    assert calm
    assert not any(start < other_end and other < end for start, end in calm for other, other_end in highlights)
    assert sum(end - start for start, end in calm) < 0.3 * 24


REASONS = {
    "the threshold": ({"threshold": 0.999}, "nothing to show", "the decision threshold is 1.00"),
    "the length": ({"threshold": 0.01, "min_length": 3000}, "nothing to show", "select.min_length"),
    "too much": ({"threshold": 0.001}, "of the VOD; raise select.threshold"),
}


@pytest.mark.parametrize("name", REASONS)
def test_what_may_be_wrong_with_a_choice_is_said(project, name):
    select, *words = REASONS[name]
    project.set_params(select=select)
    output = project.succeed("python", "-m", "stages.select", "demo")
    assert all(word in output for word in words), output
