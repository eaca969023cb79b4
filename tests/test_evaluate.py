"""Cut lists are measured against VODs that are labelled from beginning to end."""

import json

import pytest
from PIL import Image

from tests.helpers import HEADER, HOLDOUT, Project, assert_user_error, write_timeline

Stretches = list[tuple[float, float]]


def write_vod(project: Project, vod: str, events: Stretches) -> None:
    """Write a timeline of ten minutes and the cut list for the events in it, with a second of padding on both sides."""
    write_timeline(project, events, 600, vod)
    rows = "".join(f"{start - 1},{end + 1},{start},{end}\n" for start, end in events)
    project.write(f"data/cuts/{vod}.csv", "start,end,event_start,event_end\n" + rows)


def evaluate(project: Project, truth: Stretches) -> dict[str, dict[str, float]]:
    """Evaluate the VOD `demo` with these true highlights, and return the printed metrics of each VOD and of all."""
    project.write(HOLDOUT, HEADER + "".join(f"vods/demo.mp4,{start},{end},1\n" for start, end in truth))
    return json.loads(project.succeed("python", "-m", "stages.evaluate"))


def written(project: Project) -> dict[str, dict[str, float]]:
    return {path.stem: json.loads(path.read_text()) for path in (project.folder / "reels/metrics").iterdir()}


def test_the_figures_of_a_vod_are_those_worked_out_by_hand(project):
    truth = [(100, 110), (200, 210), (300, 310)]
    write_vod(project, "demo", [(100, 110), (206, 214), (400, 404)])
    figures = evaluate(project, truth)["demo"]
    # With a second of padding on each side, the reel shows 12 + 10 + 6 s, of which 10 + 5 s are highlights.
    assert figures["reel_s"] == pytest.approx(28)
    assert figures["good"] == pytest.approx(15 / 28, abs=1e-3)
    assert figures["shown"] == pytest.approx(15 / 30, abs=1e-3)
    assert figures["fa_h"] == pytest.approx(6)
    assert figures["hours"] == pytest.approx(1 / 6, abs=1e-3)
    # The second one has a temporal IoU of 4 / 14, so it does not count as found.
    assert figures["f1_30"] == figures["f1"] == pytest.approx(1 / 3, abs=1e-3)
    headline = {key: figures[key] for key in ("ap", "f1", "fa_h", "shown", "good")}
    assert written(project) == {"demo": headline, "all": headline}
    write_vod(project, "demo", [(100, 110), (205, 213), (300, 310)])
    figures = evaluate(project, truth)["demo"]
    assert (figures["f1"], figures["f1_30"]) == pytest.approx((2 / 3, 1), abs=1e-3)
    project.write("data/cuts/demo.csv", "start,end\n")
    write_timeline(project, [], 305, "demo")
    assert_user_error(
        project.stage("evaluate"), "holdout.csv row 4: ends at 310 s", "according to data/timelines/demo.csv"
    )


def test_each_vod_has_figures_of_its_own_and_all_have_some_together(project):
    project.set_params(vods={"demo": "vods/demo.mp4", "calm": "vods/calm.mp4", "unknown": "vods/unknown.mp4"})
    project.write("data/tiny/vods/calm.mp4", "")
    for vod, events in (("demo", [(100, 110)]), ("calm", [(50, 60)]), ("unknown", [(70, 80)])):
        write_vod(project, vod, events)
    project.write(HOLDOUT, HEADER + "vods/demo.mp4,100,110,1\nvods/calm.mp4,,,0\n")
    project.stages("evaluate")
    figures = written(project)
    assert figures.keys() == {"demo", "calm", "all"}
    assert figures["demo"]["f1"] == figures["demo"]["shown"] == 1
    assert figures["calm"].keys() == {"fa_h", "good"}, "where there is no highlight, none can be found or missed"
    assert [figures[vod]["fa_h"] for vod in ("demo", "calm", "all")] == pytest.approx([0, 6, 3])
    assert figures["all"]["good"] == pytest.approx(10 / 24, abs=1e-3)
    pictures = sorted(path.stem for path in (project.folder / "reels/timelines").iterdir())
    assert pictures == ["calm", "demo", "unknown"]


def test_a_highlight_between_two_moments_has_no_average_precision(project):
    write_vod(project, "demo", [(100, 110)])
    project.write(HOLDOUT, HEADER + "vods/demo.mp4,100.05,100.15,1\n")
    done = project.stage("evaluate")
    assert done.returncode == 0 and "Warning" not in done.stderr, done.stderr
    figures = json.loads(done.stdout)["demo"]
    assert "ap" not in figures and figures["shown"] == 1


def test_an_empty_reel_of_a_vod_without_highlights_has_no_bad_figures(project):
    write_vod(project, "demo", [])
    project.write(HOLDOUT, HEADER + "vods/demo.mp4,,,0\n")
    project.stages("evaluate")
    assert written(project) == {"demo": {"fa_h": 0}, "all": {"fa_h": 0}}


def test_rows_of_the_holdout_that_are_not_measured_are_named(project):
    write_vod(project, "demo", [(100, 110)])
    project.write("data/tiny/vods/other.mp4", "")
    project.write(HOLDOUT, HEADER + "vods/demo.mp4,100,110,1\nvods/other.mp4,1,2,1\n")
    done = project.stage("evaluate")
    assert "holdout.csv: not measured, because params.yaml does not name them: vods/other.mp4\n" in done.stderr
    assert json.loads(done.stdout).keys() == {"demo", "all"}
    project.append(HOLDOUT, "clips/c01.mp4,,,1\n")
    assert_user_error(project.stage("evaluate"), "holdout.csv row 4: clips/c01.mp4 is not in vods/")


def test_a_vod_that_nobody_labelled_is_drawn_but_not_measured(project):
    project.write(HOLDOUT, HEADER)
    assert "nothing was measured: holdout.csv names no VOD" in project.succeed("python", "-m", "stages.evaluate")
    assert written(project) == {"all": {}}
    assert Image.open(project.folder / "reels/timelines/demo.png").size[0] > 800
