"""A training's whole state after an epoch, so that a killed training goes on exactly where it was."""

import json
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import nn

from autotosis.project import files


def save(path: Path, key: str, losses: list[float], model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Write the state of a training.

    Parameters
    ----------
    path : Path
        Where.
    key : str
        Says of which training it is.
    losses : list of float
        Of each epoch that is done.
    model, optimizer
        As they are after the last of them.
    """
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": tensor for name, tensor in state.items()}
    tensors = {name: tensor.contiguous().clone() for name, tensor in tensors.items()}
    files.write_bytes(path, safetensors.torch.save(tensors, {"key": key, "losses": json.dumps(losses)}))


def load(path: Path, key: str) -> tuple[list[float], dict[str, torch.Tensor]]:
    """The losses of each epoch and the state of this training that `save` wrote; both empty if there is none."""
    try:
        with safetensors.safe_open(path, "pt") as file:
            metadata = file.metadata()
            if metadata["key"] != key:
                return [], {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, safetensors.SafetensorError):
        return [], {}
    return json.loads(metadata["losses"]), tensors


def restore(tensors: dict[str, torch.Tensor], model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Bring model and optimizer to a state that `load` found."""
    model.load_state_dict(_under("model.", tensors))
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for name, tensor in _under("optimizer.", tensors).items():
        number, part = name.split(".")
        parameter = parameters[int(number)]
        if tensor.shape == parameter.shape:
            # The same layout in memory as in an unbroken run: arithmetic may round by it.
            tensor = torch.empty_like(parameter).copy_(tensor)
        optimizer.state[parameter][part] = tensor.to(parameter.device)


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
