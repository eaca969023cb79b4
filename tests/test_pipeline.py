"""`dvc repro` runs exactly the stages that a change affects, and DVC shows what was measured."""

import json
import shutil

import pytest

from tests.helpers import (
    FACE,
    Project,
    copy_of,
    one_core,
)

BELOW_TRAIN = ["train", "predict@demo", "evaluate", "render@demo", "compile"]

BELOW_FRAMES = ["build_dataset", *BELOW_TRAIN]

ALL = ["extract_frames", *BELOW_FRAMES]

EXCERPTS = ["extract_excerpts"]


def change_label(project: Project) -> None:
    labels = project.read("data/tiny/labels.csv")
    row = next(row for row in labels.splitlines() if row.endswith(",1"))
    video, start, end, _ = row.split(",")
    project.write("data/tiny/labels.csv", labels.replace(row, f"{video},{start},{float(end) - 0.5},1"))


def add_clip(project: Project) -> None:
    clips = project.folder / "data/tiny/clips"
    with (clips / "new.mp4").open("wb") as file:
        file.write((clips / "c01.mp4").read_bytes())
    project.write("data/tiny/labels.csv", project.read("data/tiny/labels.csv") + "clips/new.mp4,,,0\n")


def replace_clip(project: Project) -> None:
    clips = project.folder / "data/tiny/clips"
    shutil.copy(clips / "c02.mp4", clips / "c01.mp4")
    labels = project.read("data/tiny/labels.csv").splitlines(keepends=True)
    kept = [row for row in labels if "clips/c01.mp4" not in row]
    project.write("data/tiny/labels.csv", "".join(kept) + "clips/c01.mp4,0.5,2,1\n")


def remove_clip(project: Project) -> None:
    (project.folder / "data/tiny/clips/c01.mp4").unlink()
    labels = project.read("data/tiny/labels.csv").splitlines(keepends=True)
    project.write("data/tiny/labels.csv", "".join(row for row in labels if "clips/c01.mp4" not in row))


def add_facecam(project: Project) -> None:
    facecams = project.read("data/tiny/facecams.csv")
    project.write("data/tiny/facecams.csv", facecams + "clips/c0[12].mp4,0.1,0.1,0.5,0.5\n")


def replace_vod(project: Project) -> None:
    shutil.copy(project.folder / "data/tiny/clips/c01.mp4", project.folder / "data/tiny/vods/demo.mp4")
    project.write("data/tiny/holdout.csv", "video,start,end,label\n")


def edit(module: str):
    def change(project: Project) -> None:
        project.write(module, project.read(module) + "\n# A remark.\n")

    return change


def set_params(**sections):
    return lambda project: project.set_params(**sections)


EVERY = "every"

CHANGES = {
    "nothing": (lambda project: None, [], set()),
    "a label": (change_label, EXCERPTS + BELOW_FRAMES, set()),
    "a clip added": (add_clip, EXCERPTS + ALL, {"new.mp4"}),
    "a clip replaced": (replace_clip, EXCERPTS + ALL, {"c01.mp4"}),
    "a clip removed": (remove_clip, EXCERPTS + ALL, {"c01.mp4"}),
    "a row of facecams.csv": (add_facecam, EXCERPTS + ALL, {"c01.mp4", "c02.mp4"}),
    "extract.fps": (set_params(extract={"fps": 5}), EXCERPTS + ALL, EVERY),
    "train.penalty": (set_params(train={"l2": 50}), BELOW_TRAIN, set()),
    "dataset.clips": (set_params(dataset={"clips": 6}), BELOW_TRAIN, set()),
    "render.invert": (set_params(render={"invert": True}), ["render@demo", "compile"], set()),
    "render.pre_roll": (set_params(render={"pre_roll": 0.5}), ["evaluate", "render@demo", "compile"], set()),
    "a VOD replaced": (replace_vod, [*EXCERPTS, "predict@demo", "evaluate", "render@demo", "compile"], set()),
    "the module of segments": (edit("stages/lib/segments.py"), ["evaluate", "render@demo", "compile"], set()),
    "the module of films": (edit("stages/lib/film.py"), ["render@demo", "compile"], set()),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_rebuilds_what_depends_on_it_and_nothing_else(project, name):
    change, stages, shards = CHANGES[name]
    before = project.shards()
    change(project)
    assert sorted(project.repro()) == sorted(stages)
    after = project.shards()
    rewritten = {clip for clip in before.keys() | after.keys() if before.get(clip) != after.get(clip)}
    if shards == EVERY:
        assert rewritten == before.keys()
    else:
        assert rewritten == {f"{clip}.safetensors" for clip in shards}
    assert project.repro() == []


def test_a_second_clean_build_gives_the_same_lock_file(unbuilt, built, tmp_path):
    again = copy_of(unbuilt, tmp_path / "again")
    again.repro()
    assert again.read("dvc.lock") == built.read("dvc.lock")


OUTPUTS = ["data/frames", "models", "data/timelines", "reels"]


def test_one_core_makes_the_same_as_many(project):
    project.set_params(train=FACE | {"threads": 2}, render={"threshold": 0.01})
    project.repro()
    before = project.digests(*OUTPUTS)
    assert (project.folder / "reels/demo/reel.mp4").exists(), "the tiny sample has a reel to compare"
    for shard in (project.folder / "data/frames").iterdir():
        shard.unlink()
    (project.folder / "models/model.safetensors").unlink()
    (project.folder / "data/timelines/demo.csv").unlink()
    for stage in (["extract_frames"], ["train"], ["predict", "demo"], ["evaluate"], ["render", "demo"]):
        assert project.stage(*stage, preexec_fn=one_core).returncode == 0
    assert project.digests(*OUTPUTS) == before


def test_without_a_vod_the_model_is_still_trained_and_measured(project):
    project.set_params(vods={}, train={"l2": 5})
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
