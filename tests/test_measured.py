"""The pipeline measures itself, and DVC shows and compares what it measured."""

import json

import pytest
from PIL import Image

from tests.conftest import Project


def evaluate(project: Project, truth: list[tuple[float, float]], found: list[tuple[float, float]]) -> dict:
    """What evaluate says of a timeline of 600 s that is sure, when this is true and that was found."""
    rows = [
        f"{moment / 5:.3f},{0.9 if any(start <= moment / 5 < end for start, end in found) else 0.01}\n"
        for moment in range(3000)
    ]
    project.write("data/timelines/demo.csv", "time,probability\n" + "".join(rows))
    labels = "".join(f"vods/demo.mp4,{start},{end},1\n" for start, end in truth)
    project.write("data/tiny/holdout.csv", "video,start,end,label\n" + labels)
    render = {"smooth": 0, "threshold": 0.5, "pre_roll": 1, "post_roll": 1, "min_length": 0.5, "min_gap": 0.5}
    project.set_params(render=render)
    done = project.stage("evaluate")
    assert done.returncode == 0, done.stderr
    return json.loads(project.read("reels/metrics.json"))


def test_the_figures_of_a_vod_are_those_worked_out_by_hand(project):
    truth = [(100, 110), (200, 210), (300, 310)]
    found = [(100, 110), (206, 214), (400, 404)]
    figures = evaluate(project, truth, found)
    # In the reel are, with a second on each side, 12 + 10 + 6 s; of the highlights, 10 + 5 s are in it.
    assert figures["reel_seconds"] == pytest.approx(28)
    assert figures["share_of_reel_that_is_highlight"] == pytest.approx(15 / 28, abs=1e-3)
    assert figures["share_of_highlight_in_reel"] == pytest.approx(15 / 30, abs=1e-3)
    assert figures["false_alarms_per_hour"] == pytest.approx(6)
    assert figures["events_at_iou_0.3"] == {"precision": 0.3333, "recall": 0.3333, "f1": 0.3333}
    assert evaluate(project, truth, truth)["events_at_iou_0.5"] == {"precision": 1, "recall": 1, "f1": 1}


def test_a_vod_that_nobody_labelled_is_drawn_but_not_measured(project):
    project.write("data/tiny/holdout.csv", "video,start,end,label\n")
    assert project.stage("evaluate").returncode == 0
    assert json.loads(project.read("reels/metrics.json")) == {}
    assert Image.open(project.folder / "reels/timelines/demo.png").size[0] > 800


def test_without_a_vod_the_model_is_still_trained_and_measured(project):
    project.set_params(vods={}, train={"penalty": 5})
    assert project.repro() == ["train", "evaluate", "compile"]
    assert json.loads(project.read("reels/metrics.json")) == {}


def test_dvc_shows_and_compares_metrics_plots_and_experiments(project):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    project.run("git", "add", ".", check=True)
    project.run("git", *identity, "commit", "-qm", "Build", check=True)
    shown = json.loads(project.run("dvc", "metrics", "show", "--json", check=True).stdout)
    files = next(iter(shown.values()))["data"]
    assert 0 <= files["models/metrics.json"]["data"]["cross_validation"]["average_precision"] <= 1
    assert "false_alarms_per_hour" in files["reels/metrics.json"]["data"]

    ran = project.run("dvc", "exp", "run", "--name", "fewer", "-S", "dataset.clips=6")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    experiments = project.run("dvc", "exp", "show", "--csv", check=True).stdout
    assert "fewer" in experiments and "cross_validation.average_precision" in experiments
    diff = project.run("dvc", "metrics", "diff", "--json", check=True).stdout
    assert "average_precision" in diff

    plots = project.run("dvc", "plots", "diff", "HEAD", "--json")
    assert plots.returncode == 0, plots.stderr
    for name in ("Precision and recall", "ROC", "Reliability", "Confusion matrix"):
        assert name in plots.stdout
    assert project.run("dvc", "plots", "show").returncode == 0
    page = project.read("dvc_plots/index.html")
    assert "vega" in page and "demo.png" in page
