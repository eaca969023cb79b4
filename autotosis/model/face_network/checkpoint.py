"""A training's whole state after an epoch, so that a killed training goes on exactly where it was."""

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

from autotosis.project import files


def save(
    path: Path,
    key: str,
    losses: list[float],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    scheduler: LRScheduler,
) -> None:
    """Write the state of a training.

    Parameters
    ----------
    path : Path
        Where.
    key : str
        Says of which training it is.
    losses : list of float
        Of each epoch that is done.
    model, optimizer, scheduler
        As they are after the last of them.
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
    """The state of a training: tensors of its model and its optimizer by name, and its scheduler's numbers."""

    tensors: dict[str, torch.Tensor]
    scheduler: dict[str, Any]


def load(path: Path, key: str) -> tuple[list[float], State]:
    """Read the losses of each epoch and the state of this training that `save` wrote.

    Both are empty if there is no such file, or if it is damaged: the training begins anew then.
    """
    nothing: tuple[list[float], State] = [], State({}, {})
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
    return json.loads(metadata["losses"]), State(tensors, json.loads(metadata["scheduler"]))


def _digest(metadata: Mapping[str, str], tensors: Mapping[str, torch.Tensor]) -> str:
    """Compute a SHA-256 of a file's content. A number changed by a bad disk would look like a bad learning rate."""
    content = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name in sorted(tensors):
        content.update(tensors[name].cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return content.hexdigest()


def restore(state: State, model: nn.Module, optimizer: torch.optim.Optimizer, scheduler: LRScheduler) -> None:
    """Bring model, optimizer and scheduler to a state that `load` found."""
    model.load_state_dict(_under("model.", state.tensors))
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for name, tensor in _under("optimizer.", state.tensors).items():
        number, part = name.split(".")
        parameter = parameters[int(number)]
        if tensor.shape == parameter.shape:
            # The same layout in memory as in an unbroken run: arithmetic may round by it.
            tensor = torch.empty_like(parameter).copy_(tensor)
        optimizer.state[parameter][part] = tensor.to(parameter.device)
    scheduler.load_state_dict(state.scheduler)
    for group, rate in zip(optimizer.param_groups, scheduler.get_last_lr(), strict=True):
        group["lr"] = rate


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
