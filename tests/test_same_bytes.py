"""Same inputs, same bytes: however many workers, after however many kills."""

import hashlib
import os
import subprocess
import sys

import pytest

from tests.conftest import ENVIRONMENT, FACE, Project, limit_file_size

OUTPUTS = ["data/frames", "models", "data/timelines", "reels"]


def digests(project: Project, *folders: str) -> dict[str, str]:
    """A hash of every file of these folders."""
    paths = [path for folder in folders for path in (project.folder / folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(project.folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def one_core() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def test_one_core_makes_the_same_as_many(project):
    project.set_params(train=FACE | {"threads": 2}, render={"threshold": 0.01})
    project.repro()
    before = digests(project, *OUTPUTS)
    assert (project.folder / "reels/demo/reel.mp4").exists(), "the tiny sample has a reel to compare"
    for shard in (project.folder / "data/frames").iterdir():
        shard.unlink()
    (project.folder / "models/model.safetensors").unlink()
    (project.folder / "data/timelines/demo.csv").unlink()
    for stage in (["extract_frames"], ["train"], ["predict", "demo"], ["evaluate"], ["render", "demo"]):
        assert project.stage(*stage, preexec_fn=one_core).returncode == 0
    assert digests(project, *OUTPUTS) == before


def kill_after(project: Project, line: str, stage: str, *arguments: str) -> None:
    """Kill a stage, as if the power failed, once it has printed a line that begins so."""
    command = [sys.executable, "-m", f"stages.{stage}", *arguments]
    with subprocess.Popen(
        command, cwd=project.folder, env=ENVIRONMENT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert any(printed.startswith(line) for printed in process.stderr), "the stage ended before it could be killed"
        process.kill()


def test_a_killed_training_goes_on_to_the_same_model(project):
    project.set_params(train=FACE)
    assert project.stage("train").returncode == 0
    before = digests(project, "models")
    (project.folder / "models/model.safetensors").unlink()
    kill_after(project, "without fold 2: epoch 2 of 3", "train")
    assert not (project.folder / "models/model.safetensors").exists()
    resumed = project.stage("train")
    assert resumed.returncode == 0, resumed.stderr
    assert "without fold 1: epoch" not in resumed.stderr
    assert "without fold 2: epoch 1 of 3" not in resumed.stderr
    assert "without fold 2: epoch 3 of 3" in resumed.stderr
    assert digests(project, "models") == before


def test_a_checkpoint_of_another_training_is_not_gone_on_from(project):
    project.set_params(train=FACE)
    kill_after(project, "without fold 1: epoch 2 of 3", "train")
    project.set_params(train={"epoch_frames": 80})
    assert "without fold 1: epoch 1 of 3" in project.stage("train").stderr


@pytest.mark.parametrize("leftover", ["data/frames/.partial-c01.mp4.safetensors", "data/frames/gone.mp4.safetensors"])
def test_what_a_killed_extraction_left_is_cleaned_up(project, leftover):
    before = digests(project, "data/frames")
    project.write(leftover, "half a shard")
    (project.folder / "data/frames/c01.mp4.safetensors").write_bytes(b"half a shard")
    assert project.stage("extract_frames").returncode == 0
    assert digests(project, "data/frames") == before


@pytest.mark.parametrize("content", ["", "[]", "{", '{"data/tiny/clips/c01.mp4": {}}'])
def test_hashes_that_are_remembered_wrongly_are_taken_anew(project, content):
    before = digests(project, "data/frames")
    project.write("data/.digests.json", content)
    assert "0 of 12 clips extracted, 12 were current" in project.stage("extract_frames").stdout
    assert digests(project, "data/frames") == before


def test_what_a_killed_rendering_left_is_cleaned_up(project):
    before = digests(project, "reels")
    project.write("reels/.partial-demo/0001.mov", "half a segment")
    project.write("reels/.old-demo/reel.mp4", "the one before")
    assert project.stage("render", "demo").returncode == 0
    assert digests(project, "reels") == before


def test_a_reel_that_a_kill_left_beside_its_place_is_put_back(project):
    before = digests(project, "reels/demo")
    (project.folder / "reels/demo").rename(project.folder / "reels/.old-demo")
    assert project.stage("render", "demo", preexec_fn=limit_file_size(1000)).returncode == 1
    assert digests(project, "reels/demo") == before
    assert not (project.folder / "reels/.old-demo").exists()
