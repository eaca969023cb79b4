"""A face network: what the face looks like, as one logit that is added to that of motion and sound."""

import urllib.error

import numpy as np
import torch
import torchvision
from torch import nn

from stages.lib.errors import UserError
from stages.lib.params import PARAMS_FILE

# Mean and standard deviation of ImageNet's pictures, which torchvision's weights expect:
# https://pytorch.org/vision/stable/models.html
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Width of the output that torchvision's classification models have, being made for ImageNet's 1000 classes.
OUTPUTS = 1000


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
        face = self.face((frames - self.mean) / self.deviation)
        face = getattr(face, "logits", face)  # Inception and GoogLeNet return more than logits in training.
        return self.join(face).squeeze(1)


def build(architecture: str, weights: str | None, size: int) -> FaceNetwork:
    """A new network.

    Parameters
    ----------
    architecture : str
        Name of a torchvision classification model.
    weights : str or None
        torchvision's name of pretrained weights for it, or None to start from random ones.
    size : int
        Width and height of the frames, pixels.

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
    return network.to(memory_format=torch.channels_last)


def _pretrained(architecture: str, weights: str) -> dict[str, torch.Tensor]:
    known = torchvision.models.get_model_weights(architecture).__members__
    if weights not in known:
        names = ", ".join(known)
        raise UserError(f"{PARAMS_FILE}: train.weights is {weights!r}, but {architecture} has {names}, or null")
    try:
        return known[weights].get_state_dict(check_hash=True, weights_only=True)
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise UserError(
            f"{PARAMS_FILE}: train.weights {weights} of {architecture} cannot be downloaded ({reason}); "
            "go online once, or set it to null"
        ) from None


def tensors(network: FaceNetwork) -> dict[str, np.ndarray]:
    """The weights as numbers, to be saved."""
    return {name: tensor.contiguous().numpy() for name, tensor in network.state_dict().items()}


def from_tensors(architecture: str, saved: dict[str, np.ndarray]) -> FaceNetwork:
    """The network that `tensors` was taken from, ready to score; UserError if they do not fit the architecture."""
    try:
        network = FaceNetwork(architecture)
        network.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in saved.items()})
    except (RuntimeError, ValueError) as error:
        raise UserError(f"not a model made by this project ({str(error).splitlines()[0]})") from None
    return network.eval().to(memory_format=torch.channels_last)


def arithmetic(precision: str) -> torch.dtype:
    """The number type for a `precision` parameter: auto is bfloat16 where the processor computes it natively."""
    native = torch.cpu.get_capabilities()
    fast = native.get("avx512_bf16") or native.get("amx_bf16") or native.get("bf16")
    use_bfloat16 = precision == "bfloat16" or (precision == "auto" and fast)
    return torch.bfloat16 if use_bfloat16 else torch.float32


def pictures(frames: np.ndarray) -> torch.Tensor:
    """Frames as the network takes them, from uint8 of shape (frames, size, size, 3)."""
    return torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255


def logits(network: FaceNetwork, frames: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The logit of each frame, float32, computed in the given arithmetic."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        return network(frames).float()


def score(network: FaceNetwork, frames: np.ndarray, dtype: torch.dtype) -> np.ndarray:
    """The logit of each frame, float32 of shape (frames,), from uint8 of shape (frames, size, size, 3)."""
    with torch.inference_mode():
        return logits(network, pictures(frames), dtype).numpy()
