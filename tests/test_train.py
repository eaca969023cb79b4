"""What the model learns from, and what it is measured on."""

import json
import shutil

import numpy as np
import pytest

from autotosis.model.cross_validation import OutOfFold
from stages import train as train_stage
from tests.helpers import HEADER, LABELS, Project, assert_user_error


def train(project: Project) -> dict:
    """Train again, and return the metrics and their details."""
    project.stages("train")
    return json.loads(project.read("models/metrics.json")) | json.loads(project.read("models/live/details.json"))


def test_clips_of_one_group_are_not_measured_by_what_was_learned_from_each_other(project):
    """Every clip exists twice, so a model that learned from one copy has memorized the other."""
    clips = project.folder / "data/tiny/clips"
    labels = project.read(LABELS)
    for clip in list(clips.iterdir()):
        shutil.copy(clip, clip.with_name(f"again-{clip.name}"))
    project.write(LABELS, labels + "".join(labels.splitlines(keepends=True)[1:]).replace("clips/", "clips/again-"))
    groups = "".join(f"clips/*c{number:02}.mp4,{number}\n" for number in range(1, 13))
    figures = []
    for content in ("", groups):
        project.write("data/tiny/groups.csv", "video,group\n" + content)
        project.stages("extract_frames", "build_dataset")
        # With little regularization, the model memorizes.
        project.set_params(train={"l2": 0.01})
        figures.append(train(project)["ap"])
    assert figures[0] > figures[1] + 0.1


def test_fewer_clips_are_learned_from_and_all_are_measured_on(project):
    everything = train(project)
    project.set_params(dataset={"clips": 4})
    few = train(project)
    assert few["clips"] == 4
    assert few["minutes"] < everything["minutes"]
    assert few["base_rate"] == everything["base_rate"]
    assert few["ap"] != everything["ap"]


def test_a_smaller_share_of_highlights_makes_the_model_more_reluctant(project):
    def probabilities() -> list[float]:
        project.stages("predict demo")
        return [float(row["probability"]) for row in project.table("data/timelines/demo.csv")]

    levels = []
    project.set_params(predict={"scan": "dense"})
    for share in (0.2, 0.02):
        project.set_params(train={"prevalence": share})
        train(project)
        levels.append(probabilities())
    usual, reluctant = levels
    odds = [(p / (1 - p)) / (q / (1 - q)) for p, q in zip(usual, reluctant, strict=True)]
    # About as much as the prior odds differ, by Bayes' rule, but not exactly, because the VOD is learned from with
    # another weight.
    assert all(3 < ratio < 50 for ratio in odds)


def test_too_few_clips_to_measure_on_others(project):
    project.write(LABELS, HEADER + "clips/c01.mp4,0.5,2,1\nclips/c04.mp4,,,0\n")
    project.stages("build_dataset")
    assert_user_error(project.stage("train"), "data/dataset/index.csv: too few clips", "data/tiny/labels.csv")


def test_too_few_clips_to_learn_from(project):
    rows = "".join(f"clips/c{number:02}.mp4,,,{int(number > 2)}\n" for number in range(1, 13))
    project.write(LABELS, HEADER + rows)
    project.stages("build_dataset")
    project.set_params(dataset={"clips": 2})
    shutil.rmtree(project.folder / ".git")
    project.succeed("git", "init", "--quiet")
    assert_user_error(project.stage("train"), f"{project.folder}: the git repository has no commit yet")
    project.commit()
    # Ten clips are all highlight and two are all calm, so the first two of any fair order are highlights.
    assert_user_error(project.stage("train"), "params.yaml: dataset.clips 2 is too few")


def test_rows_without_weight_do_not_make_up_for_too_few_clips(project):
    rows = "".join(f"clips/c{number:02}.mp4,,,{int(number > 2)}\n" for number in range(1, 13))
    project.write("data/tiny/holdout.csv", HEADER)
    project.write(LABELS, f"{HEADER}{rows}vods/demo.mp4,10,12,0\n")
    project.set_params(dataset={"clips": 2}, train={"review_weight": 0})
    project.stages("extract_excerpts", "build_dataset")
    # The first two clips are all highlight.
    assert_user_error(project.stage("train"), "params.yaml: dataset.clips 2 is too few")


def test_a_model_of_very_few_clips_scans_a_vod(project):
    """The first four are in the same of two folds."""
    project.set_params(dataset={"clips": 4}, train={"folds": 2})
    project.stages("train", "predict demo")
    project.set_params(dataset={"clips": 2})
    assert_user_error(project.stage("train"), "params.yaml: dataset.clips 2 is too few")


def test_a_model_may_learn_from_rows_about_vods_alone(project):
    rows = ""
    for name in ("monday", "tuesday", "friday"):
        shutil.copy(project.folder / "data/tiny/vods/demo.mp4", project.folder / f"data/tiny/vods/{name}.mp4")
        for row in project.table("data/tiny/holdout.csv")[:1]:
            rows += f"vods/{name}.mp4,{row['start']},{row['end']},1\nvods/{name}.mp4,10,12,0\n"
    project.write(LABELS, HEADER + rows)
    project.stages("extract_excerpts", "build_dataset", "train", "predict demo")


def test_rows_about_vods_make_up_for_highlights_of_a_single_clip(project):
    rows = "clips/c01.mp4,0.5,2,1\nclips/c04.mp4,,,0\nclips/c05.mp4,,,0\n"
    highlight, *_ = project.table("data/tiny/holdout.csv")
    project.write("data/tiny/holdout.csv", HEADER)
    project.write(LABELS, f"{HEADER}{rows}vods/demo.mp4,{highlight['start']},{highlight['end']},1\n")
    project.stages("extract_excerpts", "build_dataset")
    output = project.succeed("python", "-m", "stages.train")
    assert "labels.csv: the metrics include rows about VODs, because the clips of fewer than two folds" in output
    project.stages("predict demo")
    # Without weight, they teach nothing.
    project.set_params(train={"review_weight": 0})
    assert_user_error(project.stage("train"), "data/dataset/index.csv: too few clips", "data/tiny/labels.csv")


def test_rows_about_vods_are_no_part_of_the_metrics_where_clips_suffice(project):
    project.write("data/tiny/holdout.csv", HEADER)
    project.append(LABELS, "vods/demo.mp4,5,7,0\n")
    project.stages("extract_excerpts", "build_dataset")
    assert "the metrics include" not in project.succeed("python", "-m", "stages.train")


def test_plots_are_small_enough_for_git_however_many_moments_are_measured(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    labels = np.arange(100_000) // 50 % 2
    logits = labels + np.random.default_rng(1).normal(size=100_000)
    measured = OutOfFold(logits, labels, np.arange(100_000) // 100 % 5, labels < 0)
    train_stage.log(tmp_path / "live", [], labels, measured.probabilities(), {})
    sizes = [path.stat().st_size for path in (tmp_path / "live/plots/sklearn").iterdir()]
    assert len(sizes) == 4 and max(sizes) < 2_000_000
    drawn = json.loads((tmp_path / "live/plots/sklearn/confusion_matrix.json").read_text())
    assert sum(pair["actual"] == "highlight" for pair in drawn) / len(drawn) == pytest.approx(0.5, abs=0.01)


def test_the_details_have_what_their_table_says(built):
    details = json.loads(built.read("models/live/details.json"))
    assert details.keys() >= {"clips", "minutes", "base_rate", "ece"}
