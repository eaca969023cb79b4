"""Whether the model has a face network: with `train.architecture: auto`, one is tried, and kept only if it helps."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autotosis.model import cross_validation, learning
from autotosis.model.cross_validation import OutOfFold
from autotosis.model.examples import Clip
from autotosis.project.params import AUTO, Params, Train

# The network that is tried.
NETWORK = "resnet18"
# What Linux shows of a graphics card of NVIDIA or AMD. Asking PyTorch would take seconds.
CARDS = (Path("/dev/nvidia0"), Path("/dev/kfd"))


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Attributes
    ----------
    architecture : str or None
        torchvision's name of the network; None for none.
    out_of_fold : OutOfFold
        The scores of the chosen model.
    reason : str
        Why, as a sentence.
    figures : dict of str to float
        The rise of the out-of-fold average precision by the network, as the mean over folds (`network_gain`) and the
        standard deviation over folds (`network_gain_sd`); empty unless one was tried.
    """

    architecture: str | None
    out_of_fold: OutOfFold
    reason: str
    figures: dict[str, float]


def choose(clips: Sequence[Clip], settings: Params, by_signals: OutOfFold) -> Choice:
    """Choose a face network.

    Parameters
    ----------
    clips : sequence of Clip
        The labelled clips.
    settings : Params
        The parameters. A network that `train.architecture` names is always chosen.
    by_signals : OutOfFold
        The scores of the model without a network.
    """
    wanted = settings.train.architecture
    if wanted is None:
        return Choice(None, by_signals, "train.architecture is null", {})
    count = sum(not clip.judged for clip in clips)
    if wanted == AUTO and not is_tried(settings.train, min(count, settings.dataset.clips or count)):
        reason = f"it is tried from {settings.train.auto_clips} labelled clips on, or on a graphics card"
        return Choice(None, by_signals, reason, {})
    name = NETWORK if wanted == AUTO else wanted
    by_network = cross_validation.score(clips, learning.with_network(settings, name))
    gains = by_network.precision_of_folds() - by_signals.precision_of_folds()
    gain, spread = float(gains.mean()), float(gains.std())
    kept = wanted != AUTO or gain > spread
    reason = f"with {name}, average precision changes by {gain:+.3f}, with a spread of {spread:.3f} over folds"
    figures = {"network_gain": gain, "network_gain_sd": spread}
    return Choice(name if kept else None, by_network if kept else by_signals, reason, figures)


def is_tried(train: Train, clips: int) -> bool:
    """Tell whether `auto` tries a network: with enough labelled clips, or on a graphics card, where it is fast."""
    if train.device != "auto":
        card = train.device != "cpu"
    else:
        card = any(path.exists() for path in CARDS) or (platform.system(), platform.machine()) == ("Darwin", "arm64")
    return clips >= train.auto_clips or card
