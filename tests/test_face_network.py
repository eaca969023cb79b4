"""The training of a face network can be resumed after a kill, and impossible networks are named."""

import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from autotosis.project.errors import UserError
from tests.helpers import FACE, HEADER, HOLDOUT, LABELS, assert_user_error


def test_auto_tries_a_network_where_there_are_clips_enough_and_keeps_it_only_if_it_helps(project):
    small = {"epochs": 1, "epoch_frames": 32, "folds": 2, "device": "cpu"}
    done = project.stage("train")
    assert "face network: none, because auto needs 100 labelled clips or a graphics card" in done.stdout
    project.set_params(train={**small, "architecture": "auto", "auto_clips": 8})
    done = project.stage("train")
    assert done.returncode == 0, done.stderr
    figures = json.loads(project.read("models/live/details.json"))
    helps = figures["network_gain"] > figures["network_gain_sd"]
    assert f"face network: {'resnet18' if helps else 'none'}, because with resnet18, average precision" in done.stdout
    network = (project.folder / "models/model.safetensors").read_bytes().count(b"face.conv1.weight")
    assert bool(network) == helps


def test_without_two_folds_to_compare_auto_keeps_no_network(project):
    rows = "".join(f"clips/c{number:02}.mp4,,,{number % 2}\n" for number in range(1, 5))
    project.write(LABELS, HEADER + rows)
    project.set_params(train=FACE | {"architecture": "auto", "auto_clips": 2, "device": "cpu", "epochs": 1, "folds": 4})
    project.stages("build_dataset")
    output = project.succeed("python", "-m", "stages.train")
    assert "face network: none, because fewer than two folds have both labels" in output
    assert "network_gain" not in json.loads(project.read("models/live/details.json"))


def test_rows_without_weight_teach_no_face_network(project):
    def weights() -> dict[str, np.ndarray]:
        project.stages("extract_excerpts", "build_dataset", "train")
        tensors = safetensors.numpy.load_file(project.folder / "models/model.safetensors")
        return {name: tensor for name, tensor in tensors.items() if name.startswith("face.")}

    project.set_params(train=FACE | {"epochs": 1, "review_weight": 0})
    project.write(HOLDOUT, HEADER)
    before = weights()
    project.append(LABELS, "vods/demo.mp4,8,10,1\nvods/demo.mp4,19.5,20.5,0\n")
    after = weights()
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)


# Kills itself, as if the power failed, when the second epoch without fold 2 has ended and is not saved yet.
TRAINING_UNTIL_A_KILL = """
import os, signal
from autotosis.model.face_network import checkpoint
from stages import train

save = checkpoint.save

def save_or_die(path, key, losses, *states):
    if path.stem.endswith("fold 2") and len(losses) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    save(path, key, losses, *states)

checkpoint.save = save_or_die
train.main()
"""


def test_a_killed_training_goes_on_to_the_same_model(project):
    from autotosis.model.face_network import checkpoint

    project.set_params(train=FACE)
    project.stages("train")
    before = project.digests("models")
    (project.folder / "models/model.safetensors").unlink()
    project.write("stages/killed.py", TRAINING_UNTIL_A_KILL)
    killed = project.stage("killed")
    assert killed.returncode == 128 + signal.SIGKILL, killed.stderr
    assert not (project.folder / "models/model.safetensors").exists()
    (unfinished,) = (project.folder / "models/.checkpoints").glob("*fold 2*")
    assert checkpoint.load(unfinished, "of another training", None, None, None) == []
    resumed = project.stage("train")
    assert resumed.returncode == 0, resumed.stderr
    assert "without fold 1: epoch" not in resumed.stderr
    assert "without fold 2: epoch 1 of 2" not in resumed.stderr
    assert "without fold 2: epoch 2 of 2" in resumed.stderr
    assert project.digests("models") == before


NETWORKS = {
    "no such device": (FACE | {"device": "mps"}, "train.device is mps, but PyTorch finds no such device here"),
    "too small a picture": ({"architecture": "alexnet"}, "does not take frames of extract.size 32"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_that_cannot_be(project, name):
    train, words = NETWORKS[name]
    project.set_params(train=train)
    model = (project.folder / "models/model.safetensors").read_bytes()
    assert_user_error(project.stage("train"), "params.yaml: ", words)
    assert (project.folder / "models/model.safetensors").read_bytes() == model


@pytest.mark.parametrize(
    ("architecture", "weights", "words"),
    [
        ("resnet19", None, "train.architecture is 'resnet19'"),
        ("shufflenet_v2_x0_5", "IMAGENET9", "train.weights is 'IMAGENET9'"),
    ],
)
def test_a_network_that_torchvision_does_not_have(architecture, weights, words):
    import torch

    from autotosis.model.face_network import network

    with pytest.raises(UserError, match=words):
        network.build(architecture, weights, 32, torch.device("cpu"))


@pytest.mark.parametrize("architecture", ["googlenet", "inception_v3"])
def test_a_network_with_auxiliary_outputs_trains_all_of_its_weights(architecture):
    import torch

    from autotosis.model.face_network import network

    built = network.build(architecture, None, 128, torch.device("cpu")).train()
    built(torch.rand(2, 3, 128, 128)).sum().backward()
    assert all(weights.grad is not None for weights in built.parameters())


def test_pretrained_weights_of_a_network_with_auxiliary_outputs_are_loaded(tmp_path, monkeypatch):
    import torch
    import torchvision

    from autotosis.model.face_network import network

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    pretrained = torchvision.models.googlenet(weights=None, init_weights=False)
    weights = torchvision.models.GoogLeNet_Weights.IMAGENET1K_V1
    (tmp_path / "hub/checkpoints").mkdir(parents=True)
    torch.save(pretrained.state_dict(), tmp_path / "hub/checkpoints" / Path(weights.url).name)
    built = network.build("googlenet", weights.name, 64, torch.device("cpu"))
    assert torch.equal(built.face.fc.weight, pretrained.fc.weight)


def test_a_training_that_diverges_costs_nothing(project):
    before = project.digests("models")
    project.set_params(train=FACE | {"learning_rate": 1e30})
    assert_user_error(project.stage("train"), "params.yaml: train.learning_rate 1e+30 is too high")
    shutil.rmtree(project.folder / "models/.checkpoints", ignore_errors=True)
    assert project.digests("models") == before
