"""`dvc repro` runs exactly the stages that a change affects; the same inputs give the same bytes on any machine."""

import json
import re
import shlex
import shutil
from collections.abc import Callable

import pytest

from tests import videos
from tests.helpers import (
    ENVIRONMENT,
    FACECAMS,
    HEADER,
    HOLDOUT,
    LABELS,
    ROOT,
    Project,
    all_cores,
    assert_user_error,
    copy_of,
)

Change = Callable[[Project], None]

REEL = ["render@demo", "compile"]
CUT = ["select@demo", "evaluate", *REEL]
# What follows a scan is in the cases that go on to `compile`.
SCAN = ["predict@demo"]
MODEL = ["train", *SCAN]
FRAMES = ["extract_frames", "build_dataset", *MODEL]
EVERY = "every"
# What stages make from the same inputs after a change of code.
RESULTS = ["data/timelines", "data/cuts", "data/review", "reels"]
CONTENT = ["data/frames", "data/excerpts", "data/dataset", "models", *RESULTS]


def clips(project: Project):
    return project.folder / "data/tiny/clips"


def change_label(project: Project) -> None:
    labels = project.read(LABELS)
    row = next(row for row in labels.splitlines() if row.endswith(",1"))
    video, start, end, _ = row.split(",")
    project.write(LABELS, labels.replace(row, f"{video},{start},{float(end) - 0.5},1"))


def add_clip(project: Project) -> None:
    shutil.copyfile(clips(project) / "c01.mp4", clips(project) / "new.mp4")
    project.append(LABELS, "clips/new.mp4,,,0\n")


def add_clip_without_a_label(project: Project) -> None:
    shutil.copyfile(clips(project) / "c01.mp4", clips(project) / "new.mp4")
    project.append(FACECAMS, "clips/new.mp4,0.1,0.1,0.5,0.5\n")


def change_clips(project: Project) -> None:
    """Add a clip, replace one, remove one, and say where the face camera of two others is."""
    add_clip(project)
    project.append(FACECAMS, "clips/c0[56].mp4,0.1,0.1,0.5,0.5\n")
    shutil.copyfile(clips(project) / "c02.mp4", clips(project) / "c01.mp4")
    (clips(project) / "c03.mp4").unlink()
    labels = project.read(LABELS).splitlines(keepends=True)
    kept = [row for row in labels if "clips/c01.mp4" not in row and "clips/c03.mp4" not in row]
    project.write(LABELS, "".join(kept) + "clips/c01.mp4,0.5,2,1\n")


def replace_vod(project: Project) -> None:
    shutil.copyfile(clips(project) / "c01.mp4", project.folder / "data/tiny/vods/demo.mp4")
    project.write(HOLDOUT, HEADER)


def append(path: str, line: str) -> Change:
    return lambda project: project.append(path, line)


def remark(*modules: str) -> Change:
    """Edit code without changing what it does."""

    def change(project: Project) -> None:
        for module in modules:
            project.append(module, "\n# A remark.\n")

    return change


def set_params(**sections) -> Change:
    return lambda project: project.set_params(**sections)


def change_what_no_result_depends_on(project: Project) -> None:
    project.set_params(extract={"decoder": "auto"}, train={"epochs": 4, "learning_rate": 0.01, "device": "cpu"})
    project.set_params(render={"transition_length": 2.0}, audio={"music_volume": -20})
    remark("autotosis/project/progress.py", "stages/configure.py", "stages/__init__.py")(project)
    project.write("data/tiny/music/unused.mp3", "no music")
    project.write("data/tiny/edits/dmeo.csv", "start,end\n1,2\n")


# For each change: how to make it, the stages that run after it, and the shards of clips that are written again.
CHANGES: dict[str, tuple[Change, list[str], set[str] | str]] = {
    "nothing": (lambda project: None, [], set()),
    "a label": (change_label, ["configure", "extract_excerpts", "build_dataset", *MODEL], set()),
    "clips added, replaced and removed, and the face camera of others": (
        change_clips,
        ["configure", "extract_excerpts", *FRAMES],
        {"new.mp4", "c01.mp4", "c03.mp4", "c05.mp4", "c06.mp4"},
    ),
    "a clip without a label added": (
        add_clip_without_a_label,
        ["configure", "extract_excerpts", "extract_frames", "build_dataset", "train"],
        {"new.mp4"},
    ),
    "the face camera of no clip": (
        append(FACECAMS, "clips/gone.mp4,0.1,0.1,0.5,0.5\n"),
        ["configure", "extract_frames", "extract_excerpts"],
        set(),
    ),
    "groups.csv": (
        append("data/tiny/groups.csv", "clips/gone.mp4,gone\n"),
        ["build_dataset"],
        set(),
    ),
    "extract.fps": (set_params(extract={"fps": 2}), ["configure", "extract_excerpts", *FRAMES], EVERY),
    # The time around what was judged depends on it, which the index does not have.
    "dataset.margin": (set_params(dataset={"margin": 0.19}), ["configure", "build_dataset", "train"], set()),
    "predict.scan": (set_params(predict={"scan": "dense"}), ["configure", *SCAN], set()),
    "select.threshold": (set_params(select={"threshold": 0.999}), ["configure", *CUT], set()),
    "render.overlay": (set_params(render={"overlay": "soft"}), ["configure", *REEL], set()),
    "a VOD replaced": (replace_vod, ["configure", "find_facecams@demo", "extract_excerpts", *SCAN, *CUT], set()),
    "how a cut list is made": (remark("autotosis/cuts/segments.py"), ["configure", *CUT], set()),
    "how a reel is encoded": (remark("autotosis/reel/encoding.py"), ["configure", *REEL], set()),
    "what no result depends on": (change_what_no_result_depends_on, ["configure"], set()),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_rebuilds_what_depends_on_it_and_nothing_else(project, name):
    change, stages, shards = CHANGES[name]
    before = project.shards()
    change(project)
    target = SCAN if "predict@demo" in stages and "compile" not in stages else []
    assert sorted(project.repro(*target)) == sorted(stages)
    after = project.shards()
    rewritten = {clip for clip in before.keys() | after.keys() if before.get(clip) != after.get(clip)}
    if shards == EVERY:
        assert rewritten == before.keys()
    else:
        assert rewritten == {f"{clip}.safetensors" for clip in shards}


def test_remarks_in_all_code_rewrite_no_shard_and_change_no_result(project):
    shards, before = project.shards(), project.digests(*CONTENT)
    remark(*(str(path.relative_to(ROOT)) for path in (ROOT / "autotosis").rglob("*.py")))(project)
    assert "train" in project.repro()
    assert project.shards() == shards
    assert project.digests(*CONTENT) == before
    assert project.repro() == []


def test_what_concerns_one_vod_touches_that_vod_only(project):
    """Add another VOD, and then change only that one."""
    demo, other = (project.folder / f"data/tiny/vods/{name}.mp4" for name in ("demo", "other"))
    # Its reel has a table and no film until a segment of it is marked, and the reel of all VODs is short.
    videos.ffmpeg("-ss", 8, "-t", 4, "-i", demo, "-c", "copy", other)
    vods = {"demo": "vods/demo.mp4", "other": "vods/other.mp4"}
    project.set_params(vods=vods, compilation={"max_duration": 0.5})
    its_reel = ["render@other", "compile"]
    its_cut = ["select@other", "evaluate", *its_reel]
    reel = project.digests("reels/demo")
    expected = ["configure", "extract_excerpts", "predict@other", *its_cut]
    assert sorted(project.repro()) == sorted(["find_facecams@other", *expected])
    project.set_params(urls={"other": "https://youtu.be/abc"})
    assert project.repro() == ["configure", *its_reel]
    project.set_params(tracks={"other": {"judge": 1, "hear": [1]}})
    assert sorted(project.repro()) == sorted(expected)
    project.append(FACECAMS, "vods/other.mp4,0,0.5,0.5,1\n")
    assert sorted(project.repro()) == sorted(["extract_frames", "find_facecams@other", *expected])
    # The labels in the holdout affect only the metrics.
    project.append(HOLDOUT, "vods/other.mp4,1,2,1\n")
    assert project.repro() == ["extract_excerpts", "evaluate"]
    project.write("data/tiny/edits/other.csv", "start,end\n1,2\n")
    assert project.repro() == ["configure", *its_cut]
    assert project.digests("reels/demo") == reel
    # The music is in the reels of all VODs.
    videos.ffmpeg("-f", "lavfi", "-i", "sine=frequency=300:duration=2", project.folder / "data/tiny/music/a.mp3")
    project.set_params(audio={"music": "music/a.mp3"})
    assert sorted(project.repro()) == sorted(["configure", *REEL, *its_reel[:1]])
    # The reel of all VODs shows them in the order of params.yaml.
    project.set_params(vods={"other": "vods/other.mp4", "demo": "vods/demo.mp4"})
    assert project.repro() == ["configure", "compile"]


def test_a_clean_build_on_more_cores_gives_the_same_lock_file(unbuilt, built, tmp_path):
    assert (built.folder / "reels/demo/reel.mp4").exists(), "the tiny sample has a reel to compare"
    again = copy_of(unbuilt, tmp_path / "again")
    again.repro(preexec_fn=all_cores)
    assert again.read("dvc.lock") == built.read("dvc.lock")
    assert again.digests(*CONTENT) == built.digests(*CONTENT)


def test_a_judgement_too_short_to_learn_from_changes_the_reel(project):
    project.write(HOLDOUT, HEADER)
    project.append(LABELS, "vods/demo.mp4,16.0,16.2,1\n")
    assert "select@demo" in project.repro("select@demo")
    cut = [(float(row["start"]), float(row["end"])) for row in project.table("data/cuts/demo.csv")]
    assert any(start <= 16.0 and end >= 16.2 for start, end in cut)


def test_a_change_during_a_run_is_left_to_the_next_one(project):
    cuts = project.digests("data/cuts")
    # As if `configure` had run just before.
    project.set_params(select={"threshold": 0.3}, train={"l2": 5}, extract={"fps": 5})
    project.succeed("dvc", "repro", "--single-item", "--force", "select@demo")
    assert project.digests("data/cuts") == cuts
    for stage, of_labels in (("extract_frames", ""), ("extract_excerpts", ""), ("train", f" or {LABELS}")):
        result = project.stage(stage, env=ENVIRONMENT | {"DVC_STAGE": stage})
        assert_user_error(result, f"params.yaml{of_labels}: has changed since `configure` ran; run `dvc repro` again")
    project.stages("select demo")
    assert project.digests("data/cuts") != cuts


def test_labels_that_are_changed_during_a_run_concern_only_the_stages_that_read_them(project):
    # With enough clips, a face network is tried.
    project.set_params(train={"auto_clips": 12})
    project.stages("configure")
    add_clip(project)
    result = project.stage("train", env=ENVIRONMENT | {"DVC_STAGE": "train"})
    assert_user_error(result, "params.yaml or data/tiny/labels.csv: has changed since `configure` ran; run `dvc repro`")
    project.append(LABELS, "clips/new.mp4,1\n")
    project.succeed("python", "-m", "stages.extract_frames", env=ENVIRONMENT | {"DVC_STAGE": "extract_frames"})


def test_a_vod_that_is_added_during_a_run_is_left_to_the_next_one(project):
    reel = project.digests("reels/best")
    # As if `configure` had run just before.
    project.set_params(vods={"demo": "vods/demo.mp4", "new": "vods/new.mp4"})
    project.succeed("dvc", "repro", "--single-item", "--force", "evaluate", "compile")
    assert project.digests("reels/best") == reel


def test_a_vod_that_is_removed_or_moved_during_a_run_leaves_no_results_of_that(own):
    vods = {"own": "vods/own.mp4", "demo": "vods/demo.mp4"}
    own.set_params(vods=vods)
    own.stages("configure", "find_facecams own", "predict own", "select own")
    own.write("data/cuts/own.csv", "start,end,score\n1,3,0.9\n")
    own.set_params(vods=dict(reversed(vods.items())))
    own.succeed("python", "-m", "stages.compile", env=ENVIRONMENT | {"DVC_STAGE": "compile"})
    assert [row["vod"] for row in own.table("reels/best/segments.csv")] == ["own", "demo"]
    own.set_params(vods={"demo": "vods/demo.mp4"})
    for stage in ("evaluate", "compile"):
        result = own.stage(stage, env=ENVIRONMENT | {"DVC_STAGE": stage})
        assert_user_error(result, "params.yaml: vods: there is no VOD named own (known: demo)")


def test_a_linked_folder_inside_vods_is_named(own, tmp_path):
    (own.folder / "data/tiny/vods/own.mp4").rename(tmp_path / "own.mp4")
    (own.folder / "data/tiny/vods/obs").symlink_to(tmp_path)
    own.set_params(vods={"own": "vods/obs/own.mp4", "demo": "vods/demo.mp4"})
    output = own.stage("configure").stdout
    assert output.startswith("data/tiny/vods/obs: chats, markers and replays that are added there go unnoticed; make")
    assert output.count("unnoticed") == 1


def test_one_vod_is_cut_where_no_other_video_is(own):
    shutil.rmtree(clips(own))
    (own.folder / "data/tiny/vods/demo.mp4").unlink()
    own.append(LABELS, "vods/demo.mp4,1,2,0\n")
    own.set_params(vods={"friday": "vods/own.mp4"})
    stages = [f"{stage}@friday" for stage in ("find_facecams", "predict", "select", "render")]
    assert own.repro("--single-item", "configure", *stages) == ["configure", *stages]
    assert_user_error(own.stage("extract_excerpts"), "holdout.csv row 2: there is no video data/tiny/vods/demo.mp4")


def test_a_file_that_is_changed_during_a_run_ends_it(project):
    run_by_dvc = ENVIRONMENT | {"DVC_STAGE": "select@demo"}
    forced = "run `dvc repro --force --single-item configure`, then `dvc repro`"
    project.write("data/tiny/edits/demo.csv", "start,end\n1,2\n")
    project.stages("configure")
    project.append("data/tiny/edits/demo.csv", "4,5\n")
    result = project.stage("select", "demo", env=run_by_dvc)
    assert_user_error(result, "data/tiny/edits/demo.csv: has changed since `configure` ran; run", forced)
    (project.folder / "data/tiny/edits/demo.csv").unlink()
    result = project.stage("select", "demo", env=run_by_dvc)
    assert_user_error(result, "data/tiny/edits/demo.csv: has changed since `configure` ran; run", forced)
    # It reads no edits, but cut lists.
    project.succeed("python", "-m", "stages.evaluate", env=ENVIRONMENT | {"DVC_STAGE": "evaluate"})
    project.stages("configure")
    remark("autotosis/cuts/segments.py")(project)
    result = project.stage("select", "demo", env=run_by_dvc)
    assert_user_error(result, "autotosis/cuts: has changed since `configure` ran; run", forced)


def test_a_copy_of_a_reel_stays_when_results_of_other_vods_are_removed(project):
    reels = project.folder / "reels"
    shutil.copytree(reels / "demo", reels / "demo-before")
    project.write("reels/mine/segments.csv", "vod\n" + "x" * 200_000)
    project.set_params(vods={})
    output = project.succeed("python", "-m", "stages.configure")
    assert "reels/demo: removed, because params.yaml no longer names this VOD" in output
    assert (reels / "demo-before/reel.mp4").exists() and (reels / "mine").exists() and not (reels / "demo").exists()


def test_a_reel_whose_recording_is_gone_stays_when_its_vod_is_no_longer_named(project):
    vod = project.folder / "data/tiny/vods/demo.mp4"
    vod.rename(vod.with_name("with a space.mp4"))
    project.set_params(vods={"demo": "vods/with a space.mp4"})
    project.stages("render demo")
    before = project.digests("reels/demo")
    vod.with_name("with a space.mp4").rename(vod)
    project.set_params(vods={})
    output = project.stage("configure").stdout
    assert "reels/demo: kept, although params.yaml no longer names this VOD, because its recording is gone" in output
    assert project.digests("reels/demo") == before and not (project.folder / "data/cuts/demo.csv").exists()
    vod.rename(vod.with_name("with a space.mp4"))
    assert "reels/demo: removed" in project.stage("configure").stdout


def test_what_a_killed_stage_left_is_not_taken_for_results_of_a_vod(project):
    for leftover in ("data/facecams/.partial-demo.csv", "reels/.old-demo/segments.csv"):
        project.write(leftover, project.read("reels/demo/segments.csv"))
    assert "removed" not in project.succeed("python", "-m", "stages.configure")


def test_without_a_vod_the_model_is_still_trained(project):
    project.set_params(vods={}, train={"l2": 5})
    assert sorted(project.repro()) == ["compile", "configure", "evaluate", "extract_excerpts", "train"]
    assert json.loads(project.read("reels/metrics/all.json")) == {}
    assert not (project.folder / "reels/demo").exists()
    assert project.repro() == []
    # As in a clone.
    for name in ("config", "cuts", "facecams", "timelines"):
        shutil.rmtree(project.folder / "data" / name)
    project.succeed("dvc", "checkout")
    assert project.repro() == []


def test_dvc_shows_and_compares_metrics_plots_and_experiments(project):
    project.commit("Build")
    shown = json.loads(project.succeed("dvc", "metrics", "show", "--json"))
    files = next(iter(shown.values()))["data"]
    assert 0 <= files["models/metrics.json"]["data"]["ap"] <= 1
    for vod in ("demo", "all"):
        assert files[f"reels/metrics/{vod}.json"]["data"].keys() == {"ap", "f1", "fa_h", "shown", "good"}
    assert max(map(len, project.succeed("dvc", "metrics", "show").splitlines())) <= 100

    # First what needs no scan by another model.
    project.succeed("dvc", "exp", "run", "evaluate", "--name", "strict", "-S", "select.threshold=0.999")
    project.succeed("dvc", "exp", "run", "train", "--name", "fewer", "-S", "dataset.clips=6")
    experiments = project.succeed("dvc", "exp", "show", "--csv")
    assert "fewer" in experiments and "models/metrics.json:ap" in experiments
    (command,) = re.findall(r"^    (dvc exp show --only-changed .*)$", project.read("README.md"), re.MULTILINE)
    columns = project.succeed(*shlex.split(command), "--csv").partition("\n")[0].split(",")
    assert {"models/metrics.json:ap", "select.threshold"} <= set(columns)
    assert {f"reels/metrics/all.json:{name}" for name in ("f1", "shown", "good")} <= set(columns)
    project.succeed("git", "checkout", "--quiet", "params.yaml")
    assert max(map(len, project.succeed("dvc", "metrics", "diff").splitlines())) <= 100
    assert "ap" in project.succeed("dvc", "metrics", "diff", "--json")

    project.succeed("dvc", "plots", "diff", "HEAD")
    page = project.read("dvc_plots/index.html")
    for name in ("Precision and recall", "ROC", "Reliability", "Confusion matrix", "vega", "demo.png"):
        assert name in page


def test_make_help_lists_all_commands_and_nothing_else(unbuilt):
    lines = unbuilt.succeed("make", "--no-print-directory", "help").splitlines()
    assert all(line.startswith("make ") for line in lines)
    # What they do begins in one column.
    assert len({re.match(r"make \w* +", line).end() for line in lines}) == 1
    named = {re.match(r"make (\w*)", line)[1] or "reel" for line in lines}
    assert named == set(re.search(r"^\.PHONY: (.*)$", unbuilt.read("Makefile"), re.MULTILINE)[1].split())


def test_make_says_where_the_reel_is(project):
    # As if the environment had just been made.
    project.write(".venv/ready", "")
    assert "The reel is at reels/demo/reel.mp4\n" in project.succeed("make", "-s", "reel")
