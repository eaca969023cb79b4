"""Checkpoints: the state of a training after each epoch, so that an interrupted training continues exactly there."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

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


def load(
    path: Path, key: str, model: nn.Module, optimizer: torch.optim.Optimizer, scheduler: LRScheduler
) -> list[float]:
    """Restore model, optimizer and scheduler from a checkpoint. The parameters are those of `save`.

    Returns
    -------
    list of float
        The mean loss of each finished epoch, nats per frame. If there is no checkpoint of this training, or it is
        damaged, there are none, and nothing was restored.
    """
    if not path.is_file():
        return []
    try:
        with safetensors.safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, safetensors.SafetensorError):
        return []
    if metadata.get("key") != key or metadata.pop("digest", None) != _digest(metadata, tensors):
        return []
    model.load_state_dict(model_file.subset("model.", tensors))
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for name, tensor in model_file.subset("optimizer.", tensors).items():
        number, part = name.split(".")
        parameter = parameters[int(number)]
        if tensor.shape == parameter.shape:
            # Use the same memory layout as in an uninterrupted training, since it affects how sums are rounded.
            tensor = torch.empty_like(parameter).copy_(tensor)
        optimizer.state[parameter][part] = tensor.to(parameter.device)
    scheduler.load_state_dict(json.loads(metadata["scheduler"]))
    for group, rate in zip(optimizer.param_groups, scheduler.get_last_lr(), strict=True):
        group["lr"] = rate
    losses: list[float] = json.loads(metadata["losses"])
    return losses


def _digest(metadata: Mapping[str, str], tensors: Mapping[str, torch.Tensor]) -> str:
    """Compute a SHA-256 of a file's content. A number changed by a bad disk would look like a bad learning rate."""
    content = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name in sorted(tensors):
        content.update(tensors[name].cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return content.hexdigest()
