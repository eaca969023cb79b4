"""A model for one VOD, to which what is usual there is calm.

Clips of a few seconds do not tell what hours of a stream are like: the voice, the game and songs differ, and so does
what counts as normal. But highlights are rare, so that moments of a VOD, which nobody labelled, are learned from as
calm ones beside those of clips, in the proportion that the prevalence gives. That a few of them are highlights moves
all highlights alike and hardly changes the order (learning from positive and unlabelled examples: Elkan and Noto,
2008).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from autotosis.model import calibration, examples, linear, model_file
from autotosis.model.calibration import Calibration
from autotosis.model.cross_validation import OutOfFold
from autotosis.model.examples import Clip
from autotosis.model.linear import Linear
from autotosis.model.model_file import Card
from autotosis.project.params import Params
from autotosis.signals import context, features

# No more moments of clips, and of a VOD, are taken, evenly: they follow each other closely, and more say hardly more.
MOST = 20_000


@dataclass(frozen=True)
class Labelled:
    """What the model learned from, as the model file keeps it to learn from it again beside a VOD.

    Attributes
    ----------
    contexts : ndarray of float16, shape (moments, windows, columns)
        From `context.windows`.
    labels : ndarray of int8, shape (moments,)
    weights : ndarray of float32, shape (moments,)
        From `examples.weights`.
    fold : ndarray of int16, shape (moments,)
        Moments of one fold are learned from together or measured on together.
    measured : ndarray of bool, shape (moments,)
        Whether it is measured on.
    faces : ndarray of float32, shape (moments,)
        The logits of the faces by a network that did not learn from their fold; 0 where there is none.
    """

    contexts: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    fold: np.ndarray
    measured: np.ndarray
    faces: np.ndarray

    def tensors(self, prefix: str) -> dict[str, np.ndarray]:
        """As the model file keeps it, under a prefix."""
        return {prefix + name: tensor for name, tensor in asdict(self).items()}

    @classmethod
    def from_tensors(cls, tensors: dict[str, np.ndarray]) -> "Labelled":
        """What `tensors` gave, without its prefix; UserError if names, types or shapes are others."""
        rows = len(tensors.get("labels", ()))
        expected = {
            "contexts": ("float16", (rows, len(context.WINDOWS), features.COLUMNS)),
            "labels": ("int8", (rows,)),
            "weights": ("float32", (rows,)),
            "fold": ("int16", (rows,)),
            "measured": ("bool", (rows,)),
            "faces": ("float32", (rows,)),
        }
        found = {name: (str(tensor.dtype), tensor.shape) for name, tensor in tensors.items()}
        for name in sorted(expected.keys() | found.keys()):
            if expected.get(name) != found.get(name):
                raise model_file.unfit(model_file.PATH, f"{name} is {found.get(name)} and not {expected.get(name)}")
        if set(tensors["labels"].tolist()) != {0, 1}:
            raise model_file.unfit(model_file.PATH, "it has learned from one label alone")
        return cls(**tensors)

    def of(self, chosen: np.ndarray) -> "Labelled":
        """Those that are chosen, by number or as bool."""
        return Labelled(**{name: tensor[chosen] for name, tensor in asdict(self).items()})


def labelled(clips: Sequence[Clip], settings: Params, out_of_fold: OutOfFold, faces: np.ndarray) -> Labelled:
    """Collect the moments of clips that the model file keeps.

    Parameters
    ----------
    clips : sequence of Clip
        The clips that the model learned from, which are the first of those in `out_of_fold`.
    settings : Params
        The parameters.
    out_of_fold : OutOfFold
        The labelled moments of all clips.
    faces : ndarray of float64, shape (moments,)
        The logit of the face network for each moment of `out_of_fold`.
    """
    count = len(examples.labels(clips))
    everything = Labelled(
        contexts=examples.contexts(clips, settings.extract.fps).astype(np.float16),
        labels=examples.labels(clips).astype(np.int8),
        weights=examples.weights(clips, settings.train.review_weight).astype(np.float32),
        fold=out_of_fold.fold[:count].astype(np.int16),
        measured=out_of_fold.measured[:count],
        faces=faces[:count].astype(np.float32),
    )
    return everything.of(spread(count))


def spread(count: int) -> np.ndarray:
    """The numbers of MOST things out of `count`, evenly, or of all of them: int of shape (things,)."""
    return np.linspace(0, count - 1, min(count, MOST)).round().astype(int)


def learn(known: Labelled, unlabelled: np.ndarray, prevalence: float, penalty: float) -> Linear:
    """Learn from labelled moments and, as calm ones, from moments of a VOD.

    Parameters
    ----------
    known : Labelled
    unlabelled : ndarray of float32, shape (moments, windows, columns)
    prevalence : float
        The share of a stream that is expected to be highlights: so much of all that is learned from is.
    penalty : float
        As in `linear.fit`.
    """
    highlights, calm = (float(known.weights[known.labels == label].sum()) for label in (1, 0))
    missing = max(0.0, highlights * (1 - prevalence) / prevalence - calm)
    # A moment that nobody labelled counts no more than a labelled one, so that a short VOD has little say.
    weight = min(1.0, missing / len(unlabelled))
    return linear.fit(known.contexts, known.labels.astype(int), penalty, known.weights, unlabelled, weight)


def cross_validate(known: Labelled, unlabelled: np.ndarray, prevalence: float, penalty: float) -> np.ndarray:
    """The logits, beside a VOD, of labelled highlights that were not learned from: float64 of shape (highlights,).

    Parameters are those of `learn`.
    """
    logits = []
    for fold in np.unique(known.fold):
        held_out = known.of((known.fold == fold) & known.measured & (known.labels == 1))
        others = known.of(known.fold != fold)
        if len(held_out.labels) and others.labels.any():
            fitted = learn(others, unlabelled, prevalence, penalty)
            logits.append(fitted.logits_of(held_out.contexts) + held_out.faces)
    return np.concatenate(logits)


def score(
    known: Labelled,
    values: np.ndarray,
    seen: np.ndarray,
    faces: np.ndarray,
    fps: float,
    card: Card,
) -> np.ndarray:
    """The probability of each moment of a VOD.

    The same decision threshold holds in each: what is the least in this one gets its probability.

    Parameters
    ----------
    known : Labelled
    values : ndarray of float32, shape (moments, context.COLUMNS)
        From `context.relative`, of the whole VOD.
    seen : ndarray of bool, shape (moments,)
        Which moments were looked at. Only these are learned from, and what is not among them is calm already.
    faces : ndarray of float32, shape (moments looked at,)
        The logits of their faces, 0 without a network.
    fps : float
        Moments per second (Hz).
    card : Card
        The model's.

    Returns
    -------
    ndarray of float64, shape (moments,)
    """
    chosen = np.flatnonzero(seen)
    chosen = chosen[spread(len(chosen))]
    unlabelled = context.windows_at(values, chosen, fps)
    logits = learn(known, unlabelled, card.prevalence, card.l2).logits(values, fps)
    logits[seen] += faces
    # Nobody looked, as there was hardly anything to see.
    logits[~seen] += faces.min()
    highlights = cross_validate(known, unlabelled, card.prevalence, card.l2)
    least = calibration.threshold(highlights, logits, card.prevalence, card.target_precision)
    return Calibration(1.0, calibration.log_odds(card.threshold) - least).probabilities(logits)
