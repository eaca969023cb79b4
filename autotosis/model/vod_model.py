"""A model that is fitted to one VOD: what is usual in the VOD counts as calm.

Clips of a few seconds do not show what hours of a stream are like: the voice, the game and the songs differ, and so
does what counts as normal. But highlights are rare, so the model learns from the unlabelled moments of the VOD as if
all of them were calm. It does the same with those around judged stretches. Together with the moments of clips, they are
weighted so that the share of highlights is the prevalence (learning from positive and unlabelled examples: Elkan and
Noto, 2008).

Two models are fitted, and a weighted mean of their logits counts. In eight recordings of other people, average
precision is 0.63 with the linear model alone, and 0.85 with kernel logistic regression beside it. But the kernel
regression also learns other differences between VODs and clips, so only the linear model's scores of clips tell what to
expect of highlights in the VOD.
"""

import math
from dataclasses import replace

import numpy as np

from autotosis.model import calibration, kernel, linear
from autotosis.model.calibration import Calibration
from autotosis.model.kernel import Kernel
from autotosis.model.labelled_moments import KERNEL_MOMENTS, Labelled, evenly_spaced
from autotosis.model.linear import Linear
from autotosis.model.model_file import Card
from autotosis.signals import context, features

# The weight of the kernel regression in the mean of both models' logits. Of 0.5, 0.67, 0.8 and 0.9, the last two cut
# recordings of other people best.
KERNEL_SHARE = 0.8
# The log-odds of a highlight rise this many times as fast as the logits. For recordings of other people, logistic
# regression gives 1.9 to 2.5.
SLOPE = 2.0
# The likelihood ratio at the threshold of a VOD: the odds of a highlight there, relative to the prior odds. The same
# regression gives 11 to 12 where 5 % of the time is highlights, and 15 to 16 where 1.5 % is.
LIKELIHOOD_RATIO = 12.7
# The threshold of a VOD is the median score of the clips' highlights, within these limits (logits). The median suits a
# VOD of the streamer of the clips: in the sample's `evening` it is 2.0, and a song has 1.4. All highlights of the
# sample are above the upper limit. Those of other people score lower than those of the clips, so there the lower limit
# decides: what is more like a highlight than like calm is found.
LOWEST_THRESHOLD, HIGHEST_THRESHOLD = 0.0, 2.5


def learn(labelled: Labelled, unlabelled: np.ndarray, prevalence: float, penalty: float) -> Linear:
    """Learn from labelled moments, and from moments of a VOD as if they were calm.

    Parameters
    ----------
    labelled : Labelled
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
    weight = _weight(labelled, unlabelled, prevalence)
    return linear.fit(labelled.contexts, labelled.labels.astype(int), penalty, labelled.weights, unlabelled, weight)


def learn_kernel(labelled: Labelled, unlabelled: np.ndarray, prevalence: float) -> Kernel:
    """Learn kernel regression, and again without the unlabelled moments that look more like highlights than like calm.

    Some of these are highlights, and it would be wrong to learn that they are calm (two-step learning from positive and
    unlabelled examples: Bekker and Davis, 2020). In eight recordings of other people, each with four kinds of sound, F1
    rises from 0.84 to 0.86, with half as many false positives. The parameters are those of `learn`.
    """
    once = _fit_kernel(labelled, unlabelled, prevalence)
    return _fit_kernel(labelled, unlabelled[once.logits_of(unlabelled) <= 0], prevalence)


def _fit_kernel(labelled: Labelled, unlabelled: np.ndarray, prevalence: float) -> Kernel:
    """Fit kernel regression to the same moments as `learn`."""
    return kernel.fit(
        np.concatenate([labelled.contexts, unlabelled]),
        np.concatenate([labelled.labels.astype(int), np.zeros(len(unlabelled), int)]),
        np.concatenate([labelled.weights, np.full(len(unlabelled), _weight(labelled, unlabelled, prevalence))]),
    )


def score_sound(labelled: Labelled, values: np.ndarray, fps: float, prevalence: float) -> np.ndarray:
    """Score every moment of a VOD by its sound alone, with kernel regression that is fitted to the VOD.

    Parameters
    ----------
    labelled : Labelled
        The labelled moments, from `acoustics.with_copies`.
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
    unlabelled = context.windows(values, fps, evenly_spaced(len(values), KERNEL_MOMENTS))
    labelled = with_gaps(labelled, unlabelled, unlabelled)
    return learn_kernel(labelled, unlabelled, prevalence).logits(values, fps)


def with_gaps(labelled: Labelled, looked_at: np.ndarray, unlabelled: np.ndarray) -> Labelled:
    """Hide signals of labelled moments as often as they are missing in a VOD.

    Otherwise a missing signal would tell the VOD from the clips, and so count as calm. In recordings of other people
    that show no face camera in their first half, 4 of 20 highlights there are found without this, and 16 with it.

    Parameters
    ----------
    labelled : Labelled
        The labelled moments.
    looked_at : ndarray of float32, shape (moments, windows, columns)
        The surroundings of moments that the scan looked at, from `context.windows`; NaN where a signal is missing.
        Signals of the picture are hidden as often as here, because everywhere else they are missing.
    unlabelled : ndarray of float32, shape (moments, windows, columns)
        The moments of the VOD to learn from as well. Signals of the sound are hidden as often as here.

    Returns
    -------
    Labelled
        The labelled moments. Each also has the gaps of two moments of the VOD, chosen at random. The face network has
        no score where the picture is hidden, as in the VOD.
    """
    hidden = np.zeros(labelled.contexts.shape, bool)
    for columns, moments in ((features.VISUAL_COLUMNS, looked_at), (features.AUDIO_COLUMNS, unlabelled)):
        gaps = np.isnan(moments[:, :, columns])
        hidden[:, :, columns] = gaps[np.random.default_rng(0).integers(len(gaps), size=len(hidden))]
    contexts = np.where(hidden, np.float16(np.nan), labelled.contexts)
    faces = np.where(features.has_picture(contexts[:, context.PRESENT]), labelled.faces, np.float32(0))
    return replace(labelled, contexts=contexts, faces=faces)


def _weight(labelled: Labelled, unlabelled: np.ndarray, prevalence: float) -> float:
    """Compute the weight of an unlabelled moment. The parameters are those of `learn`."""
    highlights, calm = (float(labelled.weights[labelled.labels == label].sum()) for label in (1, 0))
    missing = max(0.0, highlights * (1 - prevalence) / prevalence - calm)
    # An unlabelled moment weighs at most as much as a labelled one, so that a short VOD has little influence.
    return min(1.0, missing / max(1, len(unlabelled)))


def score_out_of_fold(labelled: Labelled, unlabelled: np.ndarray, prevalence: float, penalty: float) -> np.ndarray:
    """Score labelled highlights out-of-fold, each by a model that is fitted to the VOD.

    The parameters are those of `learn`.

    Returns
    -------
    ndarray of float64, shape (highlights,)
        The logits of the highlights in `labelled.measured`, and of their copies.
    """
    logits = []
    for fold in np.unique(labelled.fold):
        held_out = labelled.at((labelled.fold == fold) & labelled.measured & (labelled.labels == 1))
        if len(held_out.labels):
            fitted = learn(labelled.at(labelled.fold != fold), unlabelled, prevalence, penalty)
            logits.append(fitted.logits_of(held_out.contexts) + held_out.faces)
    return np.concatenate(logits)


def score(
    labelled: Labelled,
    values: np.ndarray,
    seen: np.ndarray,
    network_logits: np.ndarray,
    chat_logits: np.ndarray,
    fps: float,
    card: Card,
) -> np.ndarray:
    """Compute the probability of a highlight at each moment of a VOD.

    Logits are scaled by SLOPE and shifted, so that at the threshold of the VOD, the probability is that of
    LIKELIHOOD_RATIO by Bayes' rule: 0.4 for a prevalence of 0.05. So the same decision threshold is right for all VODs.

    Parameters
    ----------
    labelled : Labelled
        The labelled moments, from `acoustics.with_copies`.
    values : ndarray of float32, shape (moments, features.COLUMNS)
        The signals of the whole VOD, from `context.relative`.
    seen : ndarray of bool, shape (moments,)
        Whether the scan looked at each moment.
    network_logits : ndarray of float32, shape (seen moments,)
        The logits of the face network at the seen moments; 0 without a network.
    chat_logits : ndarray of float64, shape (moments,)
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
    values = np.where(labelled.unknown_signals, np.float32(np.nan), values)
    places = np.flatnonzero(seen)
    looked_at = context.windows(values, fps, places[evenly_spaced(len(places))])
    unlabelled, half_seen = context.windows(values, fps, evenly_spaced(len(values))), _half_seen(values, seen, fps)
    for_linear, for_kernel = (with_gaps(labelled, looked_at, moments) for moments in (unlabelled, half_seen))
    linear_logits = learn(for_linear, unlabelled, card.prevalence, card.l2).logits(values, fps)
    kernel_logits = learn_kernel(for_kernel, half_seen, card.prevalence).logits(values, fps)
    logits = (1 - KERNEL_SHARE) * linear_logits + KERNEL_SHARE * kernel_logits
    logits += chat_logits + _everywhere(network_logits, seen)
    highlights = score_out_of_fold(for_linear, unlabelled, card.prevalence, card.l2)
    threshold = np.clip(np.median(highlights), LOWEST_THRESHOLD, HIGHEST_THRESHOLD)
    offset = calibration.log_odds(card.prevalence) + math.log(LIKELIHOOD_RATIO) - SLOPE * float(threshold)
    return Calibration(SLOPE, offset).probabilities(logits)


def _half_seen(values: np.ndarray, seen: np.ndarray, fps: float) -> np.ndarray:
    """Return the surroundings of the seen moments and of as many others: with more, the picture would hardly count."""
    looked_at, others = np.flatnonzero(seen), np.flatnonzero(~seen)
    places = np.sort(np.concatenate([looked_at, others[evenly_spaced(len(others), len(looked_at))]]))
    return context.windows(values, fps, places[evenly_spaced(len(places), KERNEL_MOMENTS)])


def _everywhere(logits: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Extend the logits of the seen moments to all moments: the others are most likely calm, and get the lowest."""
    everywhere = np.full(len(seen), logits.min(), np.float64)
    everywhere[seen] = logits
    return everywhere
