"""A model that is fitted to one VOD: what is usual in the VOD counts as calm.

Clips of a few seconds do not show what hours of a stream are like: the voice, the game and the songs differ, and so
does what counts as normal. But highlights are rare, so the model learns from the unlabelled moments of the VOD as if
all of them were calm. It does the same with those around judged stretches of other VODs. Together with the moments of
clips, they are weighted so that the share of highlights is the prevalence. A few of the unlabelled moments are
highlights after all. That lowers the scores of all highlights alike, and hardly changes the ranking (learning from
positive and unlabelled examples: Elkan and Noto, 2008).

Two models are fitted. The linear one decides how many moments are found at least, because its scores of clips tell
what to expect of a VOD. Kernel logistic regression has a say in which ones: in dense scans of six recordings of
strangers, average precision is 0.61 with the linear model alone, and 0.82 with both. Its scores of clips are no measure
for a VOD, because it also learns other differences between VODs and clips.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autotosis.model import calibration, examples, kernel, linear, model_file
from autotosis.model.calibration import Calibration
from autotosis.model.cross_validation import OutOfFold
from autotosis.model.examples import Clip
from autotosis.model.kernel import Kernel
from autotosis.model.linear import Linear
from autotosis.model.model_file import Card
from autotosis.project.params import Params
from autotosis.signals import context, features

# Use at most this many moments of clips, and as many of a VOD, evenly spaced. Neighbouring moments are much alike, so
# more of them add little.
MAX_MOMENTS = 10_000
# Kernel regression learns from at most this many moments of a VOD, and from as many around what was judged of others,
# because it takes 8 KiB of memory for each.
KERNEL_MOMENTS = 5_000
# The value of `Labelled.vod` for moments used for all VODs.
EVERY = -1
# The weight of the kernel regression in the mean of both models' logits. Of 0.5, 0.67, 0.8 and 0.9, the last two cut
# recordings of strangers best, and without the linear model, more of the sample's `evening` is missed.
KERNEL_SHARE = 0.8
# Both models together tell highlights from the rest more clearly than the linear one alone, so log-odds are this many
# times as large. Recordings of strangers are cut alike from 1.5 to 2.5, and worse at 1.
SLOPE = 2.0


@dataclass(frozen=True)
class Labelled:
    """The labelled moments that a model learned from, kept in the model file for `predict` to learn from again.

    Attributes
    ----------
    contexts : ndarray of float16, shape (moments, windows, columns)
        The surroundings of each moment, from `context.windows`.
    labels : ndarray of int8, shape (moments,)
        1 for a highlight, 0 for calm.
    weights : ndarray of float32, shape (moments,)
        The weight of each moment, from `examples.weights`.
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
    labels: np.ndarray
    weights: np.ndarray
    fold: np.ndarray
    measured: np.ndarray
    faces: np.ndarray
    vod: np.ndarray

    def tensors(self, prefix: str) -> dict[str, np.ndarray]:
        """Return the arrays for the model file, each with the prefix in its name."""
        return {prefix + name: tensor for name, tensor in vars(self).items()}

    @classmethod
    def from_tensors(cls, prefix: str, weights: dict[str, np.ndarray]) -> "Labelled":
        """Restore what `tensors` returned, among other weights; UserError if it is malformed."""
        tensors = model_file.subset(prefix, weights)
        rows = np.size(tensors.get("labels", ()))
        expected = {
            "contexts": ("float16", (rows, len(context.WINDOWS), features.COLUMNS)),
            "labels": ("int8", (rows,)),
            "weights": ("float32", (rows,)),
            "fold": ("int16", (rows,)),
            "measured": ("bool", (rows,)),
            "faces": ("float32", (rows,)),
            "vod": ("int16", (rows,)),
        }
        model_file.check(prefix, tensors, expected)
        known = cls(**tensors)
        highlights, for_all = known.labels == 1, known.vod == EVERY
        for problem, found in (
            ("a label that is not 0 or 1", not np.isin(known.labels, (0, 1)).all()),
            ("a weight that is not above 0", not (known.weights > 0).all()),
            ("no calm moments for every VOD", not (for_all & ~highlights).any()),
            # Each fold is scored by a model that learned from the others.
            ("no highlights in two folds", len(np.unique(known.fold[highlights & for_all & known.measured])) < 2),
        ):
            if found:
                raise model_file.malformed(f"its labelled moments have {problem}")
        return known

    def at(self, chosen: np.ndarray) -> "Labelled":
        """Return the chosen moments, given by their numbers or as bool of shape (moments,)."""
        return Labelled(**{name: tensor[chosen] for name, tensor in vars(self).items()})


def collect(
    clips: Sequence[Clip], own_rows: Sequence[Clip], settings: Params, out_of_fold: OutOfFold, faces: np.ndarray
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
        The out-of-fold scores of these clips, from `cross_validation.of_kept`.
    faces : ndarray of float64, shape (moments,)
        The logit of the face network for each moment of all clips, of which these are the first; 0 without a network.

    Returns
    -------
    Labelled
        The moments, evenly spaced among all; first the labelled ones.
    list of str
        The VODs of `own_rows`, by their files, as `Labelled.vod` numbers them.
    """
    fps, review_weight = settings.extract.fps, settings.train.review_weight
    vods = sorted({clip.vod for clip in own_rows})
    own_rows = sorted(own_rows, key=lambda clip: clip.vod)
    labelled, around = [*clips, *own_rows], examples.around_judged(clips, fps, KERNEL_MOMENTS)
    vod = [EVERY] * len(clips) + [vods.index(clip.vod) for clip in own_rows] + [EVERY] * len(around)
    # A VOD's own rows have a limit of their own, because no model learns from those of several VODs.
    of_vods = [[clip for clip in own_rows if clip.vod == each] for each in vods]
    weights_own = [examples.weights_beside(clips, rows, review_weight) for rows in of_vods]
    weights = np.concatenate([examples.weights(clips, review_weight), *weights_own])
    # With a `train.review_weight` of 0, rows about VODs weigh nothing.
    weighing = np.flatnonzero(weights)
    kept = weighing[evenly_spaced(len(weighing))]
    # Fewer labelled moments weigh less, and so must what is around them.
    weights_around = examples.weights_beside(clips, around, review_weight) * (len(kept) / len(weighing))
    kept = np.append(kept, len(weights) + np.flatnonzero(weights_around))
    count, total = len(out_of_fold.fold), len(weights) + len(weights_around)
    # Own rows, and what is around others, are in no fold, and not measured on.
    fold, measured, logits = np.full(total, -1, np.int16), np.full(total, False), np.zeros(total, np.float32)
    fold[:count], measured[:count], logits[:count] = out_of_fold.fold, out_of_fold.measured, faces[:count]
    all_clips = [*labelled, *around]
    moments = Labelled(
        contexts=examples.contexts(all_clips, fps).astype(np.float16),
        labels=examples.labels(all_clips).astype(np.int8),
        weights=np.append(weights, weights_around).astype(np.float32),
        fold=fold,
        measured=measured,
        faces=logits,
        vod=np.repeat(vod, [len(clip.labels) for clip in all_clips]).astype(np.int16),
    )
    return moments.at(kept), vods


def for_vod(known: Labelled, own_vods: Sequence[str], video: str) -> Labelled:
    """Return the moments to learn from for a VOD.

    Parameters
    ----------
    known : Labelled
        All labelled moments.
    own_vods : sequence of str
        `Card.own_vods`.
    video : str
        The path of the VOD's file.
    """
    own = [number for number, vod in enumerate(own_vods) if f"/{video}".endswith(f"/{vod}")]
    return known.at(np.isin(known.vod, [EVERY, *own]))


def evenly_spaced(count: int, most: int = MAX_MOMENTS) -> np.ndarray:
    """Choose at most `most` of `count` numbers, evenly spaced: int of shape (numbers,)."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(int)


def learn(known: Labelled, unlabelled: np.ndarray, prevalence: float, penalty: float) -> Linear:
    """Learn from labelled moments, and from moments of a VOD as if they were calm.

    Parameters
    ----------
    known : Labelled
        The labelled moments.
    unlabelled : ndarray of float32, shape (moments, windows, columns)
        The surroundings of moments of the VOD, from `context.windows`.
    prevalence : float
        The expected share of highlights in a stream, 0 to 1. Moments of the VOD are weighted so that highlights are
        this share of everything that is learned from.
    penalty : float
        The strength of the L2 regularization, as in `linear.fit`.

    Returns
    -------
    Linear
        The model of this VOD.
    """
    weight = _weight(known, unlabelled, prevalence)
    return linear.fit(known.contexts, known.labels.astype(int), penalty, known.weights, unlabelled, weight)


def learn_kernel(known: Labelled, unlabelled: np.ndarray, prevalence: float) -> Kernel:
    """Learn kernel regression from the same moments as `learn`. The parameters are those of `learn`."""
    weight = _weight(known, unlabelled, prevalence)
    return kernel.fit(
        np.concatenate([known.contexts, unlabelled]),
        np.concatenate([known.labels.astype(int), np.zeros(len(unlabelled), int)]),
        np.concatenate([known.weights, np.full(len(unlabelled), weight)]),
    )


def score_sound(known: Labelled, values: np.ndarray, fps: float, prevalence: float) -> np.ndarray:
    """Score every moment of a VOD by its sound alone, with kernel regression that is fitted to the VOD.

    Parameters
    ----------
    known : Labelled
        The labelled moments from the model file.
    values : ndarray of float32, shape (moments, features.COLUMNS)
        The signals of the sound of the whole VOD, from `context.relative`; those of the picture are NaN.
    fps : float
        Moments per second, Hz.
    prevalence : float
        As in `learn`.

    Returns
    -------
    ndarray of float64, shape (moments,)
        The logit of each moment.
    """
    contexts = known.contexts.copy()
    contexts[:, :, features.SEEN_COLUMNS] = np.nan
    unlabelled = context.windows_at(values, evenly_spaced(len(values), KERNEL_MOMENTS), fps)
    by_sound = learn_kernel(replace(known, contexts=contexts), unlabelled, prevalence)
    return by_sound.logits(values, fps)


def _weight(known: Labelled, unlabelled: np.ndarray, prevalence: float) -> float:
    """Compute the weight of an unlabelled moment. The parameters are those of `learn`."""
    highlights, calm = (float(known.weights[known.labels == label].sum()) for label in (1, 0))
    missing = max(0.0, highlights * (1 - prevalence) / prevalence - calm)
    # An unlabelled moment weighs at most as much as a labelled one, so that a short VOD has little influence.
    return min(1.0, missing / len(unlabelled))


def cross_validate(known: Labelled, unlabelled: np.ndarray, prevalence: float, penalty: float) -> np.ndarray:
    """Score labelled highlights out-of-fold, each by a model that is fitted to the VOD.

    The parameters are those of `learn`.

    Returns
    -------
    ndarray of float64, shape (highlights,)
        The logits of the highlights in `known.measured`.
    """
    logits = []
    for fold in np.unique(known.fold):
        held_out = known.at((known.fold == fold) & known.measured & (known.labels == 1))
        if len(held_out.labels):
            fitted = learn(known.at(known.fold != fold), unlabelled, prevalence, penalty)
            logits.append(fitted.logits_of(held_out.contexts) + held_out.faces)
    return np.concatenate(logits)


def mean_logits(by_linear: np.ndarray, by_kernel: np.ndarray) -> np.ndarray:
    """Return the weighted mean of the logits of both models, each of shape (moments,)."""
    return (1 - KERNEL_SHARE) * by_linear + KERNEL_SHARE * by_kernel


def score(
    known: Labelled,
    values: np.ndarray,
    seen: np.ndarray,
    faces: np.ndarray,
    written: np.ndarray,
    fps: float,
    card: Card,
) -> np.ndarray:
    """Compute the probability of a highlight at each moment of a VOD.

    Logits are scaled by SLOPE and shifted, so that the threshold chosen for the VOD gets the probability
    `card.threshold`. So the same decision threshold is right for all VODs.

    Parameters
    ----------
    known : Labelled
        The labelled moments from the model file.
    values : ndarray of float32, shape (moments, features.COLUMNS)
        The signals of the whole VOD, from `context.relative`.
    seen : ndarray of bool, shape (moments,)
        Whether the scan looked at each moment.
    faces : ndarray of float32, shape (seen moments,)
        The logits of the face network at the seen moments; 0 without a network.
    written : ndarray of float64, shape (moments,)
        What the chat adds to the logits, from `ChatWeight.logits`.
    fps : float
        Moments per second, Hz.
    card : Card
        The model's parameters.

    Returns
    -------
    ndarray of float64, shape (moments,)
        The probability at each moment, 0 to 1.
    """
    unlabelled = context.windows_at(values, evenly_spaced(len(values)), fps)
    by_linear = learn(known, unlabelled, card.prevalence, card.l2).logits(values, fps)
    by_kernel = learn_kernel(known, _half_seen(values, seen, fps), card.prevalence).logits(values, fps)
    added = written + _everywhere(faces, seen)
    by_linear, by_both = by_linear + added, mean_logits(by_linear, by_kernel) + added
    highlights = cross_validate(known, unlabelled, card.prevalence, card.l2)
    of_linear = calibration.threshold(highlights, by_linear, card.prevalence, card.target_precision)
    # The linear model finds too few where highlights differ from those of the clips. So up to the expected share of
    # highlights, moments that are more like highlights than like calm are found as well.
    most = max(0.0, float(np.quantile(by_both, 1 - card.prevalence)))
    threshold = min(most, calibration.of_same_share(of_linear, by_linear, by_both))
    offset = calibration.log_odds(card.threshold) - SLOPE * threshold
    return Calibration(SLOPE, offset).probabilities(by_both)


def _half_seen(values: np.ndarray, seen: np.ndarray, fps: float) -> np.ndarray:
    """Return the surroundings of the seen moments and of as many others: with more, the picture would hardly count."""
    looked_at, others = np.flatnonzero(seen), np.flatnonzero(~seen)
    places = np.sort(np.concatenate([looked_at, others[evenly_spaced(len(others), len(looked_at))]]))
    return context.windows_at(values, places[evenly_spaced(len(places), KERNEL_MOMENTS)], fps)


def _everywhere(logits: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Extend the logits of the seen moments to all moments: the others are most likely calm, and get the lowest."""
    everywhere = np.full(len(seen), logits.min(), np.float64)
    everywhere[seen] = logits
    return everywhere
