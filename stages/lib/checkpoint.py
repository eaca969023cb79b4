"""Training's whole state after an epoch, so that a killed training goes on exactly where it was."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import nn

from stages.lib import files

PATH = Path("models/.checkpoint.safetensors")


@dataclass
class Progress:
    """How far training is.

    Attributes
    ----------
    history : list of dict
        The logged figures of each epoch that is done.
    best_epoch : int
        The epoch with the best average precision so far, from 0.
    best_weights : dict
        The model's state after that epoch.
    """

    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)


def save(key: str, progress: Progress, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Write the state; `key` says of which training it is."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"best.{name}": tensor for name, tensor in progress.best_weights.items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": tensor for name, tensor in state.items()}
    tensors = {name: tensor.contiguous().clone() for name, tensor in tensors.items()}
    metadata = {"key": key, "history": json.dumps(progress.history), "best_epoch": str(progress.best_epoch)}
    files.write_bytes(PATH, safetensors.torch.save(tensors, metadata))


def restore(key: str, model: nn.Module, optimizer: torch.optim.Optimizer) -> Progress:
    """Bring model and optimizer to the saved state of this training, if there is one; else leave them alone."""
    try:
        with safetensors.safe_open(PATH, "pt") as file:
            metadata = file.metadata()
            if metadata["key"] != key:
                return Progress()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, safetensors.SafetensorError):
        return Progress()
    model.load_state_dict(_under("model.", tensors))
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for name, tensor in _under("optimizer.", tensors).items():
        number, part = name.split(".")
        parameter = parameters[int(number)]
        if tensor.shape == parameter.shape:
            # The same layout in memory as in an unbroken run: arithmetic may round by it.
            tensor = torch.empty_like(parameter).copy_(tensor)
        optimizer.state[parameter][part] = tensor
    return Progress(json.loads(metadata["history"]), int(metadata["best_epoch"]), _under("best.", tensors))


def remove() -> None:
    """Forget the state: training is done."""
    files.remove(PATH)


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
