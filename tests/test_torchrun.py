"""Two processes train one face network together."""

import json
import subprocess

import pytest

from autotosis.project.errors import UserError
from tests.helpers import FACE, Project

# Prints a hash of the weights.
LEARN = """
import hashlib, os
from autotosis.model import examples, learning
from autotosis.project import params

settings = params.load()
learned = learning.learn(list(examples.read_clips(settings.extract.fps)), settings, "all clips")
digest = hashlib.sha256(b"".join(tensor.tobytes() for tensor in learned.face_tensors().values())).hexdigest()
# In one piece, since two processes write to the same place.
os.write(1, f"{digest}\\n".encode())
"""


def together(project: Project, *command: str) -> subprocess.CompletedProcess:
    """Run a command in two processes. If one of them waits forever, the test fails."""
    return project.run("torchrun", "--standalone", "--nproc-per-node", "2", *command, timeout=300)


def test_one_process_that_fails_ends_both_and_both_go_on_where_they_were(project):
    project.set_params(train=FACE)
    model = (project.folder / "models/model.safetensors").read_bytes()
    # A folder is in the place of a file that the first process writes.
    obstacle = project.folder / "models/.checkpoints/without fold 2.safetensors"
    (obstacle / "full").mkdir(parents=True)
    failed = together(project, "-m", "stages.train")
    assert failed.returncode == 1
    assert "error: models/.checkpoints/without fold 2.safetensors: " in failed.stderr, failed.stderr
    assert (project.folder / "models/model.safetensors").read_bytes() == model

    (obstacle / "full").rmdir()
    obstacle.rmdir()
    resumed = together(project, "-m", "stages.train")
    assert resumed.returncode == 0, resumed.stderr
    assert "without fold 1: epoch" not in resumed.stderr
    assert resumed.stderr.count("all clips: epoch 2 of 2: 2/2 batches") == 1
    assert resumed.stdout.count('"ap": ') == 1
    name = FACE["architecture"]
    because = f"face network: {name}, because train.architecture names it; with {name}, average precision"
    assert because in resumed.stdout
    assert "loss" in json.loads(project.read("models/live/metrics.json"))
    without = project.read("data/timelines/demo.csv")
    project.stages("predict demo")
    assert project.read("data/timelines/demo.csv") != without, "the face network adds to the model"


def test_both_learn_the_same_from_half_of_each_batch(project):
    project.set_params(train=FACE)
    project.write("stages/learn.py", LEARN)
    first, second = together(project, "-m", "stages.learn").stdout.split()
    assert first == second


def test_a_batch_that_is_too_small_to_share_is_named(monkeypatch):
    from autotosis.model.face_network import torchrun

    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(UserError, match="params.yaml: a batch of 5 frames .* is too small for 3 processes"):
        torchrun.share(range(5))
