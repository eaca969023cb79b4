"""Calibration: from logits to probabilities, in clips and in streams; and the decision threshold. Pure functions."""

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

# The least slope of a calibration. A model that is worse than chance on unseen clips would get a negative slope, which
# would reverse the ranking of moments.
MIN_SLOPE = 0.01
# A threshold must find at least this share of the highlights. Otherwise it would depend on only a few moments.
MIN_RECALL = 0.1
# The threshold is lowered for a stream in which little stands out, but not below this quantile of the scores of
# highlights, because streams without highlights would otherwise yield some. The sample and recordings of other people
# are cut alike with 0.15 and 0.25; with 0.05, one of the acts in the sample's `evening` is almost found.
LOWEST_QUANTILE = 0.25
# Streams differ in their share of highlights. Up to this many times the prevalence is assumed to be possible.
MAX_TIMES_PREVALENCE = 3.0
# How far a threshold that no moment reaches is above the best score: so much that rounding does not matter.
OUT_OF_REACH = 0.1


@dataclass(frozen=True)
class Calibration:
    """From logits to probabilities: the sigmoid of slope * logit + offset (Platt, 1999).

    Attributes
    ----------
    slope : float
        The factor of logits, positive.
    offset : float
        What is added to logits after that.
    """

    slope: float
    offset: float

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Compute the probability of each logit: float64 of the same shape, 0 to 1."""
        return 1 / (1 + np.exp(-np.clip(self.slope * logits + self.offset, -500, 500)))

    def for_prevalence(self, base_rate: float, prevalence: float) -> "Calibration":
        """Return the calibration for another share of highlights.

        Bayes' rule with other prior odds and the same likelihood (Elkan, 2001).

        Parameters
        ----------
        base_rate : float
            The share of highlights in what this calibration was fitted on, 0 to 1.
        prevalence : float
            The share of highlights for which the new probabilities hold, 0 to 1.
        """
        return Calibration(self.slope, self.offset + log_odds(prevalence) - log_odds(base_rate))


def log_odds(probability: float) -> float:
    """Compute the logarithm of the odds of a probability between 0 and 1."""
    return float(np.log(probability / (1 - probability)))


def fit(logits: np.ndarray, labels: np.ndarray) -> Calibration:
    """Fit a calibration to moments that the model did not learn from.

    Parameters
    ----------
    logits : ndarray of float, shape (moments,)
        The score of each moment.
    labels : ndarray of int, shape (moments,)
        1 for a highlight, 0 for calm. Both must occur.

    Returns
    -------
    Calibration
        The calibration, with a slope of at least MIN_SLOPE.
    """
    # Imported here because it takes a second or two, and scanning does not need it.
    from sklearn.linear_model import LogisticRegression

    # The number of threads would change the order of sums, and thus how they are rounded.
    with threadpool_limits(1):
        regression = LogisticRegression(C=1e6).fit(logits[:, None], labels)
    slope, offset = float(regression.coef_[0, 0]), float(regression.intercept_[0])
    if slope < MIN_SLOPE:
        return Calibration(MIN_SLOPE, log_odds(labels.mean()) - MIN_SLOPE * float(logits.mean()))
    return Calibration(slope, offset)


def threshold(highlights: np.ndarray, stream: np.ndarray, prevalence: float, target_precision: float) -> float:
    """Choose the score that the best moment of an event in a stream must reach.

    It is the median score of highlight moments, because every event should have at least one like them. The scores of
    the stream tell which share of it would be chosen. If that is less than the expected share of highlights, the
    threshold is lowered, but not below LOWEST_QUANTILE. If it is so much that too few of the chosen moments can be
    highlights, the threshold is raised to the next score at which enough of them can.

    Parameters
    ----------
    highlights : ndarray of float, shape (highlights,)
        The scores of labelled highlights that the model did not learn from, on any scale.
    stream : ndarray of float, shape (moments,)
        The scores of all moments of the stream, on the same scale.
    prevalence : float
        The expected share of highlights in the stream, 0 to 1. Up to MAX_TIMES_PREVALENCE times as much is assumed to
        be possible.
    target_precision : float
        The share of the chosen moments that must be highlights, before any smoothing, 0 to 1. If no threshold reaches
        it, the one that comes nearest is chosen.

    Returns
    -------
    float
        The threshold, on the scale of the scores.
    """
    typical, lowest = np.quantile(highlights, (0.5, LOWEST_QUANTILE))
    floor = min(typical, max(lowest, np.quantile(stream, 1 - prevalence)))
    candidates = np.unique(np.append(stream[stream > floor], floor))
    recall = 1 - np.searchsorted(np.sort(highlights), candidates) / len(highlights)
    chosen = 1 - np.searchsorted(np.sort(stream), candidates) / len(stream)
    precision = MAX_TIMES_PREVALENCE * prevalence * recall / np.maximum(chosen, 1 / len(stream))
    precision[recall < MIN_RECALL] = 0.0
    precise = np.flatnonzero(precision >= target_precision)
    return float(candidates[precise[0] if len(precise) else np.argmax(precision)])


def threshold_for_same_count(threshold: float, scores: np.ndarray, others: np.ndarray) -> float:
    """Choose the threshold at which the other scores select the same number of moments.

    Parameters
    ----------
    threshold : float
        The threshold of `scores`.
    scores : ndarray of float, shape (moments,)
        The scores of all moments.
    others : ndarray of float, shape (moments,)
        Their other scores, on any scale.

    Returns
    -------
    float
        The threshold of the other scores. If no moment reaches the given one, none reaches this one.
    """
    chosen = np.count_nonzero(scores >= threshold)
    return float(np.sort(others)[-chosen] if chosen else others.max() + OUT_OF_REACH)


def precision_and_recall(
    probabilities: np.ndarray, labels: np.ndarray, prevalence: float, threshold: float
) -> tuple[float, float]:
    """Compute precision and recall of a decision threshold in a stream.

    Parameters
    ----------
    probabilities : ndarray of float, shape (moments,)
        The probability of each labelled moment, 0 to 1.
    labels : ndarray of int, shape (moments,)
        1 for a highlight, 0 for calm. Both must occur.
    prevalence : float
        The share of highlights in the stream, 0 to 1.
    threshold : float
        The decision threshold, 0 to 1.

    Returns
    -------
    float
        The precision of single moments, 0 to 1; 0 if none reaches the threshold.
    float
        Their recall, 0 to 1.
    """
    chosen = probabilities >= threshold
    recall, fallout = chosen[labels == 1].mean(), chosen[labels == 0].mean()
    chosen_share = prevalence * recall + (1 - prevalence) * fallout
    return float(prevalence * recall / chosen_share if chosen_share else 0.0), float(recall)
