"""The labelled moments that a model learned from, which are kept in the model file to fit it to each VOD."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autotosis.model import examples, model_file
from autotosis.model.cross_validation import OutOfFold
from autotosis.model.examples import Clip
from autotosis.project.params import Params
from autotosis.signals import context, features

# Use at most this many moments of clips, and as many of a VOD, evenly spaced. Neighbouring moments are much alike, so
# more of them add little.
MAX_MOMENTS = 10_000
# Kernel regression learns from at most this many moments of a VOD, and at most as many around judged stretches,
# because each takes 6 KiB of memory.
KERNEL_MOMENTS = 5_000
# The value of `Labelled.vod` for moments used for all VODs.
EVERY = -1


@dataclass(frozen=True)
class Labelled:
    """The labelled moments that a model learned from, kept in the model file for `predict` to learn from again.

    Attributes
    ----------
    contexts : ndarray of float16, shape (moments, windows, columns)
        The surroundings of each moment, from `context.windows`.
    baselines : ndarray of float16, shape (moments, columns of the sound)
        What `context.relative` subtracted from the signals of the sound; 0 where there is no sound.
    labels : ndarray of int8, shape (moments,)
        1 for a highlight, 0 for calm.
    weights : ndarray of float32, shape (moments,)
        The weight of each moment, above 0.
    fold : ndarray of int16, shape (moments,)
        The fold of each moment, from 0; -1 for none.
    measured : ndarray of bool, shape (moments,)
        Whether to measure on each moment, from `OutOfFold.measured`.
    faces : ndarray of float32, shape (moments,)
        The logit of each moment by a face network that did not learn from its fold; 0 without a network.
    vod : ndarray of int16, shape (moments,)
        EVERY for moments used for all VODs; otherwise the index in `Card.own_vods` of the only VOD that uses them.
    """

    contexts: np.ndarray
    baselines: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    fold: np.ndarray
    measured: np.ndarray
    faces: np.ndarray
    vod: np.ndarray

    @property
    def unknown_signals(self) -> np.ndarray:
        """The signals that most highlights lack, so that too little is known about them: bool of shape (columns,)."""
        return examples.unknown_signals(self.contexts[self.labels == 1])

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the arrays for the model file."""
        return {model_file.LABELLED + name: tensor for name, tensor in vars(self).items()}

    @classmethod
    def from_tensors(cls, weights: dict[str, np.ndarray]) -> "Labelled":
        """Restore what `tensors` returned, among other weights; UserError if it is malformed."""
        tensors = model_file.subset(model_file.LABELLED, weights)
        rows = np.size(tensors.get("labels", ()))
        expected = {
            "contexts": ("float16", (rows, len(context.WINDOWS), features.COLUMNS)),
            "baselines": ("float16", (rows, features.COLUMNS - features.AUDIO_COLUMNS.start)),
            "labels": ("int8", (rows,)),
            "weights": ("float32", (rows,)),
            "fold": ("int16", (rows,)),
            "measured": ("bool", (rows,)),
            "faces": ("float32", (rows,)),
            "vod": ("int16", (rows,)),
        }
        model_file.check(model_file.LABELLED, tensors, expected)
        labelled = cls(**tensors)
        highlights, for_all = labelled.labels == 1, labelled.vod == EVERY
        if not np.isin(labelled.labels, (0, 1)).all():
            raise model_file.malformed("its labelled moments have a label that is not 0 or 1")
        if not (labelled.weights > 0).all():
            raise model_file.malformed("its labelled moments have a weight that is not above 0")
        if not (for_all & ~highlights).any():
            raise model_file.malformed("none of its calm moments is used for all VODs")
        # Each fold is scored by a model that learned from the others.
        if len(np.unique(labelled.fold[highlights & for_all & labelled.measured])) < 2:
            raise model_file.malformed("its labelled moments have no highlights in two folds")
        return labelled

    def at(self, chosen: np.ndarray) -> "Labelled":
        """Return the chosen moments, given by their numbers or as bool of shape (moments,)."""
        return Labelled(**{name: tensor[chosen] for name, tensor in vars(self).items()})

    def for_vod(self, own_vods: Sequence[str], video: str) -> "Labelled":
        """Return the moments to learn from for the VOD of this file, given `Card.own_vods`."""
        own = [number for number, vod in enumerate(own_vods) if f"/{video}".endswith(f"/{vod}")]
        return self.at(np.isin(self.vod, [EVERY, *own]))


def collect(
    clips: Sequence[Clip],
    own_rows: Sequence[Clip],
    settings: Params,
    out_of_fold: OutOfFold,
    network_logits: np.ndarray,
) -> tuple[Labelled, list[str]]:
    """Collect the moments to learn from, for the model file.

    They are at most MAX_MOMENTS that are labelled, and KERNEL_MOMENTS around judged stretches of VODs, which count as
    calm.

    Parameters
    ----------
    clips : sequence of Clip
        The clips that the model learned from.
    own_rows : sequence of Clip
        Stretches of VODs to learn from only for the VODs that they are of.
    settings : Params
        The parameters.
    out_of_fold : OutOfFold
        The out-of-fold scores of these clips, from `cross_validation.restrict_to`.
    network_logits : ndarray of float64, shape (moments,)
        The logit of the face network for each moment of all clips, of which these are the first; 0 without a network.

    Returns
    -------
    Labelled
        The moments, evenly spaced among all; first the labelled ones.
    list of str
        The VODs of `own_rows`, by their files, as `Labelled.vod` numbers them.
    """
    fps, review_weight = settings.extract.fps, settings.train.review_weight
    of_clips = replace(
        _labelled(clips, examples.weights(clips, review_weight), fps),
        fold=out_of_fold.fold.astype(np.int16),
        measured=out_of_fold.measured,
        faces=network_logits[: len(out_of_fold.fold)].astype(np.float32),
    )
    vods, of_vods = sorted({clip.vod for clip in own_rows}), []
    for number, vod in enumerate(vods):
        # A VOD's own rows have a limit of their own, because no model learns from those of several VODs.
        rows = [clip for clip in own_rows if clip.vod == vod]
        of_vods.append(_labelled(rows, examples.weights_with_own_limit(clips, rows, review_weight), fps, number))
    labelled = join([of_clips, *of_vods])
    # With a `train.review_weight` of 0, rows about VODs weigh nothing.
    weighing = np.flatnonzero(labelled.weights)
    kept = weighing[evenly_spaced(len(weighing))]
    parts = [labelled.at(kept)]
    if around := examples.around_excerpts(clips, fps, KERNEL_MOMENTS, settings.dataset.margin):
        # Fewer labelled moments weigh less, and so must what is around them.
        weights = examples.weights_with_own_limit(clips, around, review_weight) * (len(kept) / len(weighing))
        parts.append(_labelled(around, weights, fps).at(np.flatnonzero(weights)))
    return join(parts), vods


def _labelled(clips: Sequence[Clip], weights: np.ndarray, fps: float, vod: int = EVERY) -> Labelled:
    """Return the moments of clips, in no fold and not measured on."""
    return Labelled(
        contexts=examples.contexts(clips, fps).astype(np.float16),
        baselines=examples.baselines(clips).astype(np.float16),
        labels=examples.labels(clips).astype(np.int8),
        weights=weights.astype(np.float32),
        fold=np.full(len(weights), -1, np.int16),
        measured=np.full(len(weights), False),
        faces=np.zeros(len(weights), np.float32),
        vod=np.full(len(weights), vod, np.int16),
    )


def join(parts: Sequence[Labelled]) -> Labelled:
    """Return the moments of all parts, in their order."""
    return Labelled(*(np.concatenate(arrays) for arrays in zip(*(vars(part).values() for part in parts), strict=True)))


def evenly_spaced(count: int, most: int = MAX_MOMENTS) -> np.ndarray:
    """Choose at most `most` of `count` numbers, evenly spaced: int of shape (numbers,)."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(int)
