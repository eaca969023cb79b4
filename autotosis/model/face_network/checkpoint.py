"""Checkpoints: the state of a training after each epoch, so that an interrupted training continues exactly there."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler

from autotosis.model import model_file
from autotosis.project import files


def save(
    path: Path,
    key: str,
    losses: list[float],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    scheduler: LRScheduler,
) -> None:
    """Write a checkpoint.

    Parameters
    ----------
    path : Path
        The path of the checkpoint.
    key : str
        The key of the training, from `training.training_key`.
    losses : list of float
        The mean loss of each finished epoch, nats per frame.
    model, optimizer, scheduler
        Their states after the last of these epochs.
    """
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": tensor for name, tensor in state.items()}
    tensors = {name: tensor.contiguous().clone() for name, tensor in tensors.items()}
    metadata = {"key": key, "losses": json.dumps(losses), "scheduler": json.dumps(scheduler.state_dict())}
    metadata["digest"] = _digest(metadata, tensors)
    files.write_bytes(path, safetensors.torch.save(tensors, metadata))


@dataclass(frozen=True)
class State:
    """The state of a training.

    Attributes
    ----------
    losses : list of float
        The mean loss of each finished epoch, nats per frame.
    tensors : dict of str to Tensor
        The tensors of the model and the optimizer, by name.
    scheduler : dict of str to Any
        The state of the scheduler.
    """

    losses: list[float]
    tensors: dict[str, torch.Tensor]
    scheduler: dict[str, Any]


def load(path: Path, key: str) -> State:
    """Read a checkpoint.

    Parameters
    ----------
    path : Path
        The path of the checkpoint.
    key : str
        The key of the training.

    Returns
    -------
    State
        The state of the training, which is empty if there is no checkpoint of it, or if that is damaged.
    """
    nothing = State([], {}, {})
    if not path.is_file():
        return nothing
    try:
        with safetensors.safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, safetensors.SafetensorError):
        return nothing
    if metadata.get("key") != key or metadata.pop("digest", None) != _digest(metadata, tensors):
        return nothing
    return State(json.loads(metadata["losses"]), tensors, json.loads(metadata["scheduler"]))


def _digest(metadata: Mapping[str, str], tensors: Mapping[str, torch.Tensor]) -> str:
    """Compute a SHA-256 of a file's content. A number changed by a bad disk would look like a bad learning rate."""
    content = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name in sorted(tensors):
        content.update(tensors[name].cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return content.hexdigest()


def restore(state: State, model: nn.Module, optimizer: torch.optim.Optimizer, scheduler: LRScheduler) -> None:
    """Restore the states of model, optimizer and scheduler from a checkpoint."""
    model.load_state_dict(model_file.subset("model.", state.tensors))
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for name, tensor in model_file.subset("optimizer.", state.tensors).items():
        number, part = name.split(".")
        parameter = parameters[int(number)]
        if tensor.shape == parameter.shape:
            # Use the same memory layout as in an uninterrupted training, since it affects how sums are rounded.
            tensor = torch.empty_like(parameter).copy_(tensor)
        optimizer.state[parameter][part] = tensor.to(parameter.device)
    scheduler.load_state_dict(state.scheduler)
    for group, rate in zip(optimizer.param_groups, scheduler.get_last_lr(), strict=True):
        group["lr"] = rate
