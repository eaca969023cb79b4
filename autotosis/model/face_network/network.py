"""A face network: what the face looks like, as one logit that is added to that of motion and sound."""

import os
import urllib.error
from collections.abc import Iterable
from itertools import islice

import numpy as np
import torch
import torchvision
from torch import nn

from autotosis.project.errors import UserError
from autotosis.project.params import PARAMS_FILE

# Mean and standard deviation of ImageNet's pictures, which torchvision's weights expect:
# https://pytorch.org/vision/stable/models.html
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Width of the output that torchvision's classification models have, being made for ImageNet's 1000 classes.
OUTPUTS = 1000
# Frames that are scored at once.
CHUNK = 64


class FaceNetwork(nn.Module):
    """Any of torchvision's classification models, joined to one logit.

    The model keeps the 1000 outputs that it has for ImageNet: so any architecture fits, and weights trained there
    can be loaded whole.

    Parameters
    ----------
    architecture : str
        Name of a torchvision classification model.
    """

    def __init__(self, architecture: str):
        super().__init__()
        self.mean: torch.Tensor
        self.deviation: torch.Tensor
        self.face = torchvision.models.get_model(architecture, weights=None)
        self.join = nn.Sequential(nn.Dropout(0.2), nn.Linear(OUTPUTS, 1))
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1))

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """The logit of each frame.

        Parameters
        ----------
        frames : float32, shape (frames, 3, size, size)
            0 to 1.

        Returns
        -------
        float, shape (frames,)
        """
        face = self.face((frames - self.mean).div_(self.deviation))
        face = getattr(face, "logits", face)  # Inception and GoogLeNet return more than logits in training.
        logits: torch.Tensor = self.join(face).squeeze(1)
        return logits

    @property
    def device(self) -> torch.device:
        """Where it is computed."""
        return self.mean.device


def device(key: str, wanted: str, number: int = 0) -> torch.device:
    """What a network is computed on.

    Parameters
    ----------
    key : str
        The parameter that says so.
    wanted : str
        Its value. auto takes a graphics card where there is one.
    number : int
        Which of several graphics cards.

    Raises
    ------
    UserError
        There is no such device.
    """
    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    chosen = next(name for name in found if found[name]) if wanted == "auto" else wanted
    if not found[chosen]:
        raise UserError(f"{PARAMS_FILE}: {key} is {wanted}, but PyTorch finds no such device here; set it to auto")
    if chosen != "cuda":
        return torch.device(chosen)
    cards = torch.cuda.device_count()
    if number >= cards:
        raise UserError(
            f"{PARAMS_FILE}: {key} is {wanted}, but there are fewer graphics cards here ({cards}) than processes; "
            "start as many as there are cards, or set it to cpu"
        )
    # Without it, sums come in any order: https://docs.pytorch.org/docs/stable/notes/randomness.html
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.cuda.set_device(number)
    return torch.device("cuda", number)


def build(architecture: str, weights: str | None, size: int, device: torch.device) -> FaceNetwork:
    """A new network.

    Parameters
    ----------
    architecture : str
        Name of a torchvision classification model.
    weights : str or None
        torchvision's name of pretrained weights for it, or None to start from random ones.
    size : int
        Width and height of the frames, pixels.
    device : device
        Where it will be computed.

    Raises
    ------
    UserError
        No such architecture or weights, weights that cannot be downloaded, frames that it does not take.
    """
    if architecture not in torchvision.models.list_models(module=torchvision.models):
        raise UserError(
            f"{PARAMS_FILE}: train.architecture is {architecture!r}, no classification model of torchvision"
        )
    network = FaceNetwork(architecture)
    if weights is not None:
        network.face.load_state_dict(_pretrained(architecture, weights))
    try:
        with torch.inference_mode():
            network.eval()(torch.zeros(1, 3, size, size))
    except (RuntimeError, AssertionError) as error:
        raise UserError(
            f"{PARAMS_FILE}: train.architecture {architecture} does not take frames of extract.size {size}: "
            f"{str(error).splitlines()[0]}"
        ) from None
    return on_device(network, device)


def _pretrained(architecture: str, weights: str) -> dict[str, torch.Tensor]:
    known = torchvision.models.get_model_weights(architecture).__members__
    if weights not in known:
        names = ", ".join(known)
        raise UserError(f"{PARAMS_FILE}: train.weights is {weights!r}, but {architecture} has {names}, or null")
    try:
        state: dict[str, torch.Tensor] = known[weights].get_state_dict(check_hash=True, weights_only=True)
        return state
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise UserError(
            f"{PARAMS_FILE}: train.weights {weights} of {architecture} cannot be downloaded ({reason}); "
            "go online once, or set it to null"
        ) from None


def on_device(network: FaceNetwork, device: torch.device) -> FaceNetwork:
    """The network on a device, laid out in memory as convolutions are fastest."""
    network.to(device)
    network.to(memory_format=torch.channels_last)
    return network


def tensors(network: FaceNetwork) -> dict[str, np.ndarray]:
    """The weights as numbers, to be saved."""
    return {name: tensor.cpu().contiguous().numpy() for name, tensor in network.state_dict().items()}


def from_tensors(architecture: str, saved: dict[str, np.ndarray], device: torch.device) -> FaceNetwork:
    """The network that `tensors` was taken from, ready to score; UserError if they do not fit the architecture."""
    try:
        network = FaceNetwork(architecture)
        network.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in saved.items()})
    except (RuntimeError, ValueError) as error:
        raise UserError(f"not a model made by this project ({str(error).splitlines()[0]})") from None
    return on_device(network.eval(), device)


def arithmetic(precision: str, device: torch.device) -> torch.dtype:
    """The number type for a `precision` parameter: auto is bfloat16 where the device computes it natively."""
    native = torch.cpu.get_capabilities()
    fast = {
        "cpu": native.get("avx512_bf16") or native.get("amx_bf16") or native.get("bf16"),
        "cuda": torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False),
        "mps": False,
    }[device.type]
    use_bfloat16 = precision == "bfloat16" or (precision == "auto" and fast)
    return torch.bfloat16 if use_bfloat16 else torch.float32


def pictures(frames: np.ndarray, device: torch.device) -> torch.Tensor:
    """Frames as the network takes them, on its device, from uint8 of shape (frames, size, size, 3)."""
    return to(device, frames).permute(0, 3, 1, 2).float().div_(255)


def to(device: torch.device, numbers: np.ndarray) -> torch.Tensor:
    """Numbers on a device."""
    tensor = torch.from_numpy(numbers)
    if device.type == "cuda":
        # So the processor need not wait for the card, and has the next batch ready when that is done with this one.
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def logits(network: nn.Module, frames: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The logit of each frame, float32, computed in the given arithmetic."""
    with torch.autocast(frames.device.type, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        logits: torch.Tensor = network(frames).float()
    return logits


def score(network: FaceNetwork, frames: Iterable[np.ndarray], dtype: torch.dtype) -> np.ndarray:
    """The logit of each frame, a few at a time.

    Parameters
    ----------
    network : FaceNetwork
        Ready to score.
    frames : iterable of uint8, shape (size, size, 3)
        At least one.
    dtype : dtype
        From `arithmetic`.

    Returns
    -------
    ndarray of float32, shape (frames,)
    """
    frames = iter(frames)
    with torch.inference_mode():
        return np.concatenate(
            [
                logits(network, pictures(np.stack(chunk), network.device), dtype).cpu().numpy()
                for chunk in iter(lambda: list(islice(frames, CHUNK)), [])
            ]
        )
