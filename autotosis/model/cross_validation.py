"""Out-of-fold scores: each labelled moment is scored by a model that did not learn from the group of its clip."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autotosis.model import calibration, examples, folds, index, learning
from autotosis.model.examples import Clip
from autotosis.project.errors import UserError
from autotosis.project.params import PARAMS_FILE, Params


@dataclass(frozen=True)
class OutOfFold:
    """Labelled moments with their out-of-fold scores, clip by clip.

    Attributes
    ----------
    logits : ndarray of float64, shape (moments,)
        The score of each moment by a model that did not learn from its fold.
    labels : ndarray of int, shape (moments,)
        1 for a highlight, 0 for calm.
    fold : ndarray of int, shape (moments,)
        The fold of each moment, from 0.
    is_excerpt : ndarray of bool, shape (moments,)
        Whether the moment is of a labelled stretch of a VOD, and not of a clip.
    """

    logits: np.ndarray
    labels: np.ndarray
    fold: np.ndarray
    is_excerpt: np.ndarray

    @property
    def measured(self) -> np.ndarray:
        """Which moments to calibrate and measure on: bool of shape (moments,).

        Those of clips, or all of them if clips have one of the labels in fewer than two folds. Labelled stretches of
        VODs are mostly taken from reels, which resemble neither clips nor streams.
        """
        of_clips = ~self.is_excerpt
        enough = all(np.unique(self.fold[of_clips & (self.labels == label)]).size >= 2 for label in (0, 1))
        return of_clips | (not enough)

    def at(self, chosen: np.ndarray) -> "OutOfFold":
        """Return the chosen moments: those where a bool of shape (moments,) is true, or those with these numbers."""
        return OutOfFold(self.logits[chosen], self.labels[chosen], self.fold[chosen], self.is_excerpt[chosen])

    def probabilities(self) -> np.ndarray:
        """Turn logits into probabilities, calibrated on the other folds: float64 of shape (moments,)."""
        probabilities = np.empty(len(self.logits))
        for fold in np.unique(self.fold):
            inside = self.fold == fold
            calibrated = calibration.fit(self.logits[~inside], self.labels[~inside])
            probabilities[inside] = calibrated.probabilities(self.logits[inside])
        return probabilities


def score(clips: Sequence[Clip], settings: Params) -> OutOfFold:
    """Score the moments of all clips out-of-fold.

    Parameters
    ----------
    clips : sequence of Clip
        The labelled clips. Each model learns from the first `dataset.clips` of those that are not in its fold.
    settings : Params
        The parameters.

    Raises
    ------
    UserError
        If there are too few clips, or if those learned from have only one label.
    """
    fold_of, scored = folds_of(clips, settings), {}
    if fold_of is None:
        raise UserError(
            f"{index.PATH}: too few clips: without one of their groups, no highlight or no calm moment is left to "
            f"learn from; label more clips in {settings.folder / 'labels.csv'}, or split the groups in groups.csv; if "
            f"there are enough, {index.REBUILD}"
        )
    for fold in sorted(set(fold_of.values())):
        others = [clip for clip in clips if fold_of[clip.group] != fold]
        learned = learning.learn(limit_clips(others, settings), settings, f"without fold {fold + 1}")
        held_out = [clip for clip in clips if fold_of[clip.group] == fold]
        for clip, logits in zip(held_out, learning.score(learned, held_out, settings), strict=True):
            scored[clip.name] = logits
    return OutOfFold(
        logits=np.concatenate([scored[clip.name] for clip in clips]),
        labels=examples.labels(clips),
        fold=examples.by_moment(clips, [fold_of[clip.group] for clip in clips]),
        is_excerpt=examples.by_moment(clips, [clip.is_excerpt for clip in clips]),
    )


def restrict_to(out_of_fold: OutOfFold, kept: Sequence[Clip], settings: Params) -> OutOfFold:
    """Return the scores of the clips that the final model learns from, in folds of their own.

    In the original folds, all of them may be in the same one.

    Parameters
    ----------
    out_of_fold : OutOfFold
        The scores of all clips.
    kept : sequence of Clip
        The first of them, from `limit_clips`.
    settings : Params
        The parameters.

    Raises
    ------
    UserError
        If they are too few for cross-validation.
    """
    fold_of = folds_of(kept, settings)
    if fold_of is None:
        raise UserError(
            f"{PARAMS_FILE}: dataset.clips {settings.dataset.clips} is too few: without one of them, no highlight or "
            "no calm moment is left to learn from"
        )
    fold = examples.by_moment(kept, [fold_of[clip.group] for clip in kept])
    return replace(out_of_fold.at(np.arange(len(fold))), fold=fold)


def in_random_order(clips: Sequence[Clip], seed: int) -> list[Clip]:
    """Put excerpts of VODs first, and then the clips, shuffled as by `folds.in_random_order`."""
    own = {clip.name: clip for clip in clips if not clip.is_excerpt}
    names = folds.in_random_order({name: bool(clip.labels.any()) for name, clip in own.items()}, seed)
    return [clip for clip in clips if clip.is_excerpt] + [own[name] for name in names]


def limit_clips(clips: Sequence[Clip], settings: Params) -> Sequence[Clip]:
    """Take the excerpts and the first `dataset.clips` clips, or all clips if it is None.

    UserError if everything in them that teaches has the same label.
    """
    count = settings.dataset.clips
    taken = clips[: None if count is None else count + sum(clip.is_excerpt for clip in clips)]
    if len(set(examples.labels(learning.training_clips(taken, settings)))) < 2:
        raise UserError(f"{PARAMS_FILE}: dataset.clips {count} is too few: all moments have the same label")
    return taken


def folds_of(clips: Sequence[Clip], settings: Params) -> dict[str, int] | None:
    """Return the fold of each group of clips, or None if there are too few clips for cross-validation."""
    groups: dict[str, set[int]] = {clip.group: set() for clip in clips}
    # Rows about VODs count only if they have weight.
    for clip in learning.training_clips(clips, settings):
        groups[clip.group] |= set(clip.labels.tolist())
    return folds.assign(groups, settings.train.folds, settings.train.seed)
