"""The face network: it gives each frame a logit, which is added to that of the linear model."""

import os
import urllib.error
from collections.abc import Iterable
from itertools import islice

import numpy as np
import torch
import torchvision
from torch import nn

from autotosis.model import model_file
from autotosis.project.errors import UserError
from autotosis.project.params import PARAMS_FILE

# Mean and standard deviation of the colours of ImageNet's pictures, which torchvision's weights expect:
# https://pytorch.org/vision/stable/models.html
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# The number of outputs of torchvision's classification models, which are made for the 1000 classes of ImageNet.
OUTPUTS = 1000
# Models that have further outputs in training. These would need frames of a certain size, and learn nothing here.
WITH_AUXILIARY_OUTPUTS = ("googlenet", "inception_v3")
# The number of frames that are scored at once.
SCORING_BATCH = 64


class FaceNetwork(nn.Module):
    """Any of torchvision's classification models, followed by a layer that turns its outputs into one logit.

    The model keeps its 1000 outputs for ImageNet. So every architecture fits, and pretrained weights can be loaded as
    they are.

    Parameters
    ----------
    architecture : str
        The name of a torchvision classification model.
    """

    def __init__(self, architecture: str):
        super().__init__()
        self.mean: torch.Tensor
        self.deviation: torch.Tensor
        options = {"aux_logits": False} if architecture in WITH_AUXILIARY_OUTPUTS else {}
        self.face = torchvision.models.get_model(architecture, weights=None, **options)
        self.join = nn.Sequential(nn.Dropout(0.2), nn.Linear(OUTPUTS, 1))
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1))

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Compute the logit of each frame.

        Parameters
        ----------
        frames : Tensor of float32, shape (frames, 3, size, size)
            The frames, 0 to 1.

        Returns
        -------
        Tensor of float, shape (frames,)
            The logits.
        """
        logits: torch.Tensor = self.join(self.face((frames - self.mean).div_(self.deviation))).squeeze(1)
        return logits

    @property
    def device(self) -> torch.device:
        """The device that computes the network."""
        return self.mean.device


def choose_device(key: str, wanted: str, number: int = 0) -> torch.device:
    """Choose the device that computes a network.

    Parameters
    ----------
    key : str
        The name of the parameter that selects the device, for error messages.
    wanted : str
        The value of the parameter. auto takes a graphics card if there is one.
    number : int
        The number of the graphics card, if there are several.

    Raises
    ------
    UserError
        If there is no such device.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    chosen = next(name for name in available if available[name]) if wanted == "auto" else wanted
    if not available[chosen]:
        raise UserError(f"{PARAMS_FILE}: {key} is {wanted}, but PyTorch finds no such device here; set it to auto")
    if chosen != "cuda":
        return torch.device(chosen)
    cards = torch.cuda.device_count()
    if number >= cards:
        raise UserError(
            f"{PARAMS_FILE}: {key} is {wanted}, but there are fewer graphics cards here ({cards}) than processes; "
            "start as many as there are cards, or set it to cpu"
        )
    # Without this setting, the order of sums is random: https://docs.pytorch.org/docs/stable/notes/randomness.html
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.cuda.set_device(number)
    return torch.device("cuda", number)


def build(architecture: str, weights: str | None, size: int, device: torch.device) -> FaceNetwork:
    """Build a new network.

    Parameters
    ----------
    architecture : str
        The name of a torchvision classification model.
    weights : str or None
        torchvision's name of pretrained weights, or None for random weights.
    size : int
        The width and height of the frames, pixels.
    device : device
        The device that will compute it.

    Returns
    -------
    FaceNetwork
        The network, on the device.

    Raises
    ------
    UserError
        If there is no such architecture or no such weights, if weights cannot be downloaded, or if the architecture
        does not take frames of this size.
    """
    if architecture not in torchvision.models.list_models(module=torchvision.models):
        raise UserError(
            f"{PARAMS_FILE}: train.architecture is {architecture!r}, no classification model of torchvision"
        )
    network = FaceNetwork(architecture)
    if weights is not None:
        # Not strict, because auxiliary outputs are left out.
        network.face.load_state_dict(_pretrained(architecture, weights), strict=False)
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
    """Load pretrained weights; UserError if there are none of this name, or if they cannot be downloaded."""
    members = torchvision.models.get_model_weights(architecture).__members__
    if weights not in members:
        names = ", ".join(members)
        raise UserError(f"{PARAMS_FILE}: train.weights is {weights!r}, but {architecture} has {names}, or null")
    try:
        state: dict[str, torch.Tensor] = members[weights].get_state_dict(check_hash=True, weights_only=True)
        return state
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise UserError(
            f"{PARAMS_FILE}: train.weights {weights} of {architecture} cannot be downloaded ({reason}); "
            "go online once, or set it to null"
        ) from None


def on_device(network: FaceNetwork, device: torch.device) -> FaceNetwork:
    """Move a network to a device, and into the memory layout in which convolutions are fastest."""
    return network.to(device).to(memory_format=torch.channels_last)


def tensors(network: FaceNetwork) -> dict[str, np.ndarray]:
    """Return the weights of a network as arrays, by name."""
    return {name: tensor.cpu().contiguous().numpy() for name, tensor in network.state_dict().items()}


def from_tensors(architecture: str, saved: dict[str, np.ndarray], device: torch.device) -> FaceNetwork:
    """Build a network from the weights that `tensors` returned, ready to score; UserError if they do not fit."""
    try:
        network = FaceNetwork(architecture)
        network.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in saved.items()})
    except (RuntimeError, ValueError) as error:
        # The first line of PyTorch's message only says that it failed.
        causes = str(error).splitlines()
        raise model_file.malformed(f"its face network: {causes[len(causes) > 1].strip()[:200]}") from None
    return on_device(network.eval(), device)


def choose_dtype(precision: str, device: torch.device) -> torch.dtype:
    """Choose the number format of a `precision` parameter: auto is bfloat16 if the device computes it natively."""
    native = torch.cpu.get_capabilities()
    fast = {
        "cpu": native.get("avx512_bf16") or native.get("amx_bf16") or native.get("bf16"),
        "cuda": torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False),
        "mps": False,
    }[device.type]
    use_bfloat16 = precision == "bfloat16" or (precision == "auto" and fast)
    return torch.bfloat16 if use_bfloat16 else torch.float32


def to_input(frames: np.ndarray, device: torch.device) -> torch.Tensor:
    """Convert frames, uint8 of shape (frames, size, size, 3), to the network's input on its device."""
    return to_device(device, frames).permute(0, 3, 1, 2).float().div_(255)


def to_device(device: torch.device, numbers: np.ndarray) -> torch.Tensor:
    """Copy an array to a device."""
    tensor = torch.from_numpy(numbers)
    if device.type == "cuda":
        # Copying from pinned memory does not block: the processor prepares the next batch while the card computes this
        # one.
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def logits(network: nn.Module, frames: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Compute the logit of each frame, float32, with calculations in the given number format."""
    with torch.autocast(frames.device.type, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        logits: torch.Tensor = network(frames).float()
    return logits


def score(network: FaceNetwork, frames: Iterable[np.ndarray], dtype: torch.dtype) -> np.ndarray:
    """Compute the logit of each frame, SCORING_BATCH frames at a time.

    Parameters
    ----------
    network : FaceNetwork
        The network, in evaluation mode.
    frames : iterable of ndarray of uint8, shape (size, size, 3)
        The frames, at least one.
    dtype : dtype
        The number format, from `choose_dtype`.

    Returns
    -------
    ndarray of float32, shape (frames,)
        The logits.
    """
    frames = iter(frames)
    with torch.inference_mode():
        return np.concatenate(
            [
                logits(network, to_input(np.stack(chunk), network.device), dtype).cpu().numpy()
                for chunk in iter(lambda: list(islice(frames, SCORING_BATCH)), [])
            ]
        )
