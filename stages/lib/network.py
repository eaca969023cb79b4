"""The model: the face and the sound around a moment, fused into one logit. Build, save, load, score."""

import urllib.error
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
import torchvision
from torch import nn

from stages.lib import features, files, model_card
from stages.lib.errors import UserError
from stages.lib.features import Moments
from stages.lib.model_card import ModelCard
from stages.lib.params import PARAMS_FILE, Extract

# Mean and standard deviation of ImageNet's pictures, which torchvision's weights expect:
# https://pytorch.org/vision/stable/models.html
FACE_MEAN, FACE_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Width of the output that torchvision's classification models have, being made for ImageNet's 1000 classes.
FACE_OUTPUTS = 1000
SOUND_OUTPUTS = 64


class Classifier(nn.Module):
    """A face network and a sound network side by side, joined by one linear layer.

    The face network keeps the 1000 outputs that it has for ImageNet: so any architecture fits, and weights
    trained there can be loaded whole.

    Parameters
    ----------
    architecture : str
        Name of a torchvision classification model.
    """

    def __init__(self, architecture: str):
        super().__init__()
        self.face = torchvision.models.get_model(architecture, weights=None)
        self.sound = nn.Sequential(
            *_convolution(1, 16),
            *_convolution(16, 32),
            *_convolution(32, 64),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.join = nn.Sequential(nn.Dropout(0.2), nn.Linear(FACE_OUTPUTS + SOUND_OUTPUTS, 1))
        self.register_buffer("face_mean", torch.tensor(FACE_MEAN).view(1, 3, 1, 1))
        self.register_buffer("face_deviation", torch.tensor(FACE_DEVIATION).view(1, 3, 1, 1))
        self.register_buffer("sound_mean", torch.zeros(features.BANDS))
        self.register_buffer("sound_deviation", torch.ones(features.BANDS))

    def forward(self, frames: torch.Tensor, sound: torch.Tensor) -> torch.Tensor:
        """The logit of each moment.

        Parameters
        ----------
        frames : float32, shape (moments, 3, size, size)
            0 to 1.
        sound : float32, shape (moments, steps, features.BANDS)
            Log-mel energies. NaN, for no sound, counts as the mean of all sound.

        Returns
        -------
        float, shape (moments,)
        """
        face = self.face((frames - self.face_mean) / self.face_deviation)
        face = getattr(face, "logits", face)  # Inception and GoogLeNet return more than logits in training.
        sound = torch.nan_to_num((sound - self.sound_mean) / self.sound_deviation, nan=0.0)
        return self.join(torch.cat([face, self.sound(sound.unsqueeze(1))], dim=1)).squeeze(1)


def _convolution(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()


def build(architecture: str, weights: str | None, size: int) -> Classifier:
    """A new model.

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
    model = Classifier(architecture)
    if weights is not None:
        model.face.load_state_dict(_pretrained(architecture, weights))
    try:
        with torch.inference_mode():
            model.eval()(torch.zeros(1, 3, size, size), torch.zeros(1, features.SURROUNDINGS, features.BANDS))
    except (RuntimeError, AssertionError) as error:
        raise UserError(
            f"{PARAMS_FILE}: train.architecture {architecture} does not take frames of extract.size {size}: "
            f"{str(error).splitlines()[0]}"
        ) from None
    return model.to(memory_format=torch.channels_last)


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


def save(path: Path, model: Classifier, card: ModelCard) -> None:
    """Write a model with its card."""
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    files.write_bytes(path, safetensors.torch.save(state, card.metadata()))


def load(path: Path, extract: Extract) -> Classifier:
    """Read a model to score with.

    Parameters
    ----------
    path : Path
        Written by `save`.
    extract : Extract
        How the moments to score are made.

    Raises
    ------
    UserError
        No such file, no model of this project, or one whose training frames were made in another way.
    """
    card = model_card.read(path)
    if card.extract != extract.model_dump() or card.features != features.VERSION:
        differing = [
            f"extract.{key} {card.extract.get(key)}, not {value}"
            for key, value in extract.model_dump().items()
            if card.extract.get(key) != value
        ]
        raise UserError(
            f"{path}: trained with {', '.join(differing) or 'other code for its features'}; "
            "train it anew with `dvc repro train`"
        )
    try:
        model = Classifier(card.architecture)
        model.load_state_dict(safetensors.torch.load_file(path))
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path}: not a model made by this project ({reason})") from None
    return model.eval().to(memory_format=torch.channels_last)


def arithmetic(precision: str) -> torch.dtype:
    """The number type for a `precision` parameter: auto is bfloat16 where the processor computes it natively."""
    native = torch.cpu.get_capabilities()
    fast = native.get("avx512_bf16") or native.get("amx_bf16") or native.get("bf16")
    use_bfloat16 = precision == "bfloat16" or (precision == "auto" and fast)
    return torch.bfloat16 if use_bfloat16 else torch.float32


def inputs(frames: np.ndarray, sound: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Moments as the model takes them, from `Moments.frames` and `Moments.sound`."""
    pictures = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255
    return pictures, torch.from_numpy(sound).float()


def logits(model: Classifier, frames: torch.Tensor, sound: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The logit of each moment, float32, computed in the given arithmetic."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        return model(frames, sound).float()


def score(model: Classifier, moments: Moments, dtype: torch.dtype) -> np.ndarray:
    """The probability that each moment belongs to a highlight: float32 of shape (moments,), 0 to 1."""
    with torch.inference_mode():
        return torch.sigmoid(logits(model, *inputs(moments.frames, moments.sound), dtype)).numpy()
