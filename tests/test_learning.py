"""What the model learns from, what it is measured on, and what it makes of a stream."""

import csv
import json
import shutil

import pytest

from tests.conftest import FACE, Project

LABELS = "data/tiny/labels.csv"


def metrics(project: Project) -> dict:
    return json.loads(project.read("models/metrics.json"))


def train(project: Project) -> dict:
    """The figures after training anew."""
    done = project.stage("train")
    assert done.returncode == 0, done.stderr
    return metrics(project)


def segments(project: Project) -> list[tuple[float, float]]:
    """What the reel shows, seconds of the VOD."""
    with (project.folder / "reels/demo/segments.csv").open() as file:
        return [(float(row["start"]), float(row["end"])) for row in csv.DictReader(file)]


def truth(project: Project) -> list[tuple[float, float]]:
    rows = csv.DictReader(project.read("data/tiny/holdout.csv").splitlines())
    return [(float(row["start"]), float(row["end"])) for row in rows]


def shows(shown: list[tuple[float, float]], moment: tuple[float, float]) -> bool:
    return any(start < moment[1] and moment[0] < end for start, end in shown)


def test_one_row_removes_a_false_alarm_and_rebuilds_no_other_shard(project):
    highlights = truth(project)
    # Without padding, to see what was found.
    project.set_params(render={"pre_roll": 0.0, "post_roll": 0.0})
    project.repro()
    false = [segment for segment in segments(project) if not shows(highlights, segment)]
    assert false, "the tiny sample has a false alarm to reject"
    longest = max(false, key=lambda segment: segment[1] - segment[0])
    before = project.shards()
    project.write("data/tiny/holdout.csv", "video,start,end,label\n")
    project.write(LABELS, project.read(LABELS) + f"vods/demo.mp4,{longest[0]},{longest[1]},0\n")
    assert "train" in project.repro()
    assert not shows(segments(project), longest)
    assert all(shows(segments(project), highlight) for highlight in highlights)
    assert project.shards() == before
    assert len(list((project.folder / "data/excerpts").iterdir())) == 1

    rows = project.read(LABELS).splitlines(keepends=True)
    project.write(LABELS, "".join(rows[:-1]))
    project.repro()
    assert not list((project.folder / "data/excerpts").iterdir()), "a row that is gone leaves nothing"


def test_a_highlight_in_a_vod_is_learned_from(project):
    start, end = truth(project)[0]
    before = metrics(project)
    project.write("data/tiny/holdout.csv", "video,start,end,label\n")
    project.write(LABELS, project.read(LABELS) + f"vods/demo.mp4,{start},{end},1\n")
    project.repro()
    rows = [row for row in csv.DictReader(project.read("data/dataset/index.csv").splitlines()) if "@" in row["clip"]]
    assert {row["label"] for row in rows} == {"1"}
    assert all(start + 0.2 <= float(row["time"]) <= end - 0.2 for row in rows)
    assert metrics(project)["training_clips"] == before["training_clips"] + 1


def test_a_row_of_a_vod_that_is_all_margin_is_left_out(project):
    before = project.read("data/dataset/index.csv")
    project.write("data/tiny/holdout.csv", "video,start,end,label\n")
    project.write(LABELS, project.read(LABELS) + "vods/demo.mp4,20,20.3,1\n")
    for stage in ("extract_excerpts", "build_dataset"):
        done = project.stage(stage)
        assert done.returncode == 0, done.stderr
    assert project.read("data/dataset/index.csv") == before


def test_clips_of_one_group_are_not_measured_by_what_was_learned_from_each_other(project):
    """Every clip is there twice: who learned from one knows the other by heart."""
    clips = project.folder / "data/tiny/clips"
    labels = project.read(LABELS)
    for clip in list(clips.iterdir()):
        shutil.copy(clip, clip.with_name(f"again-{clip.name}"))
    project.write(LABELS, labels + "".join(labels.splitlines(keepends=True)[1:]).replace("clips/", "clips/again-"))
    groups = "".join(f"clips/*c{number:02}.mp4,{number}\n" for number in range(1, 13))
    figures = []
    for content in ("", groups):
        project.write("data/tiny/groups.csv", "video,group\n" + content)
        for stage in ("extract_frames", "build_dataset"):
            assert project.stage(stage).returncode == 0
        # Weights that may grow, to know by heart.
        project.set_params(train={"penalty": 0.01})
        figures.append(train(project)["cross_validation"]["average_precision"])
    assert figures[0] > figures[1] + 0.1


def test_fewer_clips_are_learned_from_and_all_are_measured_on(project):
    everything = train(project)
    project.set_params(dataset={"clips": 4})
    few = train(project)
    assert few["training_clips"] == 4
    assert few["training_minutes"] < everything["training_minutes"]
    assert few["cross_validation"]["base_rate"] == everything["cross_validation"]["base_rate"]
    assert few["cross_validation"]["average_precision"] != everything["cross_validation"]["average_precision"]


def test_a_smaller_share_of_highlights_makes_the_model_more_reluctant(project):
    def probabilities() -> list[float]:
        assert project.stage("predict", "demo").returncode == 0
        rows = csv.DictReader(project.read("data/timelines/demo.csv").splitlines())
        return [float(row["probability"]) for row in rows]

    levels = []
    project.set_params(predict={"scan": "dense"})
    for share in (0.2, 0.02):
        project.set_params(train={"highlights": share})
        train(project)
        levels.append(probabilities())
    usual, reluctant = levels
    odds = [(p / (1 - p)) / (q / (1 - q)) for p, q in zip(usual, reluctant, strict=True)]
    # Bayes' rule: the odds change by the ratio of the shares' odds, everywhere.
    assert odds == pytest.approx([(0.2 / 0.8) / (0.02 / 0.98)] * len(odds), rel=0.01)


def test_a_higher_target_precision_raises_the_threshold(project):
    thresholds = []
    for target in (0.05, 0.999):
        project.set_params(train={"target_precision": target})
        thresholds.append(train(project)["threshold"]["probability"])
    assert thresholds[0] < thresholds[1]


def test_the_reel_of_the_calmest_moments_shows_other_ones(project):
    project.set_params(render={"invert": True, "threshold": None, "min_length": 0.2, "pre_roll": 0, "post_roll": 0})
    assert project.stage("render", "demo").returncode == 0
    calm = segments(project)
    assert calm
    assert not any(shows(calm, highlight) for highlight in truth(project))
    assert sum(end - start for start, end in calm) < 0.3 * 24


def test_a_face_network_adds_to_the_model(project):
    without = project.read("data/timelines/demo.csv")
    project.set_params(train=FACE)
    assert "predict@demo" in project.repro()
    assert project.read("data/timelines/demo.csv") != without
    assert "loss" in project.read("models/live/metrics.json")
