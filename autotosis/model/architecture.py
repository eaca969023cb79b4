"""The choice of a face network: with `train.architecture: auto`, one is tried, and kept only if it helps."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autotosis.model import cross_validation, learning, metrics
from autotosis.model.cross_validation import OutOfFold
from autotosis.model.examples import Clip
from autotosis.project.params import AUTO, Params, Train

# The network that `train.architecture: auto` tries.
AUTO_NETWORK = "resnet18"
# Files that Linux has if there is a graphics card of NVIDIA or AMD. Asking PyTorch would take seconds.
CARDS = (Path("/dev/nvidia0"), Path("/dev/kfd"))


@dataclass(frozen=True)
class NetworkChoice:
    """The chosen face network.

    Attributes
    ----------
    architecture : str or None
        torchvision's name of the network; None for no network.
    out_of_fold : OutOfFold
        The scores of the chosen model.
    reason : str
        The reason for the choice, as a clause.
    figures : dict of str to float
        The rise of the out-of-fold average precision with the network: its mean over the folds (`network_gain`) and its
        standard deviation (`network_gain_sd`). Empty if no network was tried, or if fewer than two folds have both
        labels.
    """

    architecture: str | None
    out_of_fold: OutOfFold
    reason: str
    figures: dict[str, float]


def choose(clips: Sequence[Clip], settings: Params, signal_scores: OutOfFold) -> NetworkChoice:
    """Choose a face network.

    Parameters
    ----------
    clips : sequence of Clip
        The labelled clips.
    settings : Params
        The parameters. A network that `train.architecture` names is always chosen.
    signal_scores : OutOfFold
        The scores of the model without a network.

    Returns
    -------
    NetworkChoice
        The network, and the scores of the model with it.

    Raises
    ------
    UserError
        If the network cannot be trained.
    """
    wanted = settings.train.architecture
    if wanted is None:
        return NetworkChoice(None, signal_scores, "train.architecture is null", {})
    count = sum(not clip.is_excerpt for clip in clips)
    if wanted == AUTO and not is_tried(settings.train, min(count, settings.dataset.clips or count)):
        reason = f"auto needs {settings.train.auto_clips} labelled clips or a graphics card"
        return NetworkChoice(None, signal_scores, reason, {})
    name = AUTO_NETWORK if wanted == AUTO else wanted
    network_scores = cross_validation.score(clips, learning.with_network(settings, name))
    measured = (scores.at(scores.measured) for scores in (network_scores, signal_scores))
    with_it, without = (
        metrics.per_fold(metrics.average_precision, scores.labels, scores.logits, scores.fold) for scores in measured
    )
    gains = with_it - without
    if len(gains) < 2:
        helps, figures = False, {}
        reason = f"fewer than two folds have both labels, which could tell whether {name} helps"
    else:
        gain, spread = float(gains.mean()), float(gains.std())
        helps, figures = gain > spread, {"network_gain": gain, "network_gain_sd": spread}
        reason = f"with {name}, average precision changes by {gain:+.3f}, with a spread of {spread:.3f} over folds"
    if wanted != AUTO:
        helps, reason = True, f"train.architecture names it; {reason}"
    return NetworkChoice(name if helps else None, network_scores if helps else signal_scores, reason, figures)


def is_tried(train: Train, clips: int) -> bool:
    """Return whether `auto` tries a network: with enough labelled clips, or on a graphics card, where it is fast."""
    if clips >= train.auto_clips:
        return True
    if train.device != "auto":
        return train.device != "cpu"
    if not any(path.exists() for path in CARDS) and (platform.system(), platform.machine()) != ("Darwin", "arm64"):
        return False
    from autotosis.model.face_network import network

    # PyTorch may not support the card, or its driver.
    return network.choose_device("train.device", "auto").type != "cpu"
