"""From logits to probabilities that mean something, in clips and in streams. Pure functions."""

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

# A model that is worse than chance on clips that it did not see would otherwise turn the order of moments round.
LEAST_SLOPE = 0.01
# A threshold that finds less of the highlights than this was set by a few frames.
LEAST_RECALL = 0.1
# The threshold is lowered for a stream in which little stands out, but to no less than this quantile of highlights, or
# else streams without any would be searched for some. Of 0.3, 0.4 and 0.45, what finds most in recordings of strangers.
LOWEST = 0.4
# Streams differ in how much of them is highlights.
MOST_SHARES = 3.0


@dataclass(frozen=True)
class Calibration:
    """The probability is the sigmoid of slope * logit + offset (Platt, 1999)."""

    slope: float
    offset: float

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """The probability for each logit: float64 of the same shape."""
        return 1 / (1 + np.exp(-np.clip(self.slope * logits + self.offset, -500, 500)))

    def for_share(self, base_rate: float, share: float) -> "Calibration":
        """For where highlights are another share of the time than the `base_rate` that this was fitted on.

        Bayes' rule with other prior odds and the same likelihood (Elkan, 2001).
        """
        return Calibration(self.slope, self.offset + log_odds(share) - log_odds(base_rate))


def log_odds(share: float) -> float:
    """The logarithm of the odds of a share or probability between 0 and 1."""
    return float(np.log(share / (1 - share)))


def fit(logits: np.ndarray, labels: np.ndarray) -> Calibration:
    """Calibrate on frames that the model did not learn from.

    Parameters
    ----------
    logits : ndarray of float, shape (frames,)
    labels : ndarray of 0 and 1, shape (frames,)
        Both of them.
    """
    # Only here, since it takes a second or two and scanning needs none of it.
    from sklearn.linear_model import LogisticRegression

    # Sums are rounded in another order with another number of threads.
    with threadpool_limits(1):
        regression = LogisticRegression(C=1e6).fit(logits[:, None], labels)
    slope, offset = float(regression.coef_[0, 0]), float(regression.intercept_[0])
    if slope < LEAST_SLOPE:
        return Calibration(LEAST_SLOPE, log_odds(labels.mean()) - LEAST_SLOPE * float(logits.mean()))
    return Calibration(slope, offset)


def threshold(highlights: np.ndarray, stream: np.ndarray, share: float, target_precision: float) -> float:
    """What the best moment of an event in a stream must reach.

    The score of a typical frame of a highlight, since an event that has no such frame is none. The stream's own scores
    tell how much of it would be chosen: where that is less than the expected share of highlights, a somewhat lower
    score is enough; where it is so much that too few of the chosen can be highlights, the next higher one is taken at
    which they can.

    Parameters
    ----------
    highlights : ndarray of float, shape (frames,)
        Scores, on any scale, of frames of highlights that the model did not learn from.
    stream : ndarray of float, shape (moments,)
        Of all moments of the stream.
    share : float
        Of highlights in the stream, as expected; MOST_SHARES times as much is believed.
    target_precision : float
        Which share of the chosen moments, before any smoothing, must be highlights. Where no threshold reaches it,
        the one that comes nearest is taken.
    """
    typical, lowest = np.quantile(highlights, (0.5, LOWEST))
    least = min(typical, max(lowest, np.quantile(stream, 1 - share)))
    possible = np.unique(np.append(stream[stream > least], least))
    recall = 1 - np.searchsorted(np.sort(highlights), possible) / len(highlights)
    chosen = 1 - np.searchsorted(np.sort(stream), possible) / len(stream)
    precision = MOST_SHARES * share * recall / np.maximum(chosen, 1 / len(stream))
    precision[recall < LEAST_RECALL] = 0.0
    enough = np.flatnonzero(precision >= target_precision)
    return float(possible[enough[0] if len(enough) else np.argmax(precision)])


def precision_and_recall(
    probabilities: np.ndarray, labels: np.ndarray, share: float, threshold: float
) -> tuple[float, float]:
    """What a threshold gives in a stream of which a share is highlights, 0 to 1 each."""
    chosen = probabilities >= threshold
    recall, fallout = chosen[labels == 1].mean(), chosen[labels == 0].mean()
    found = share * recall + (1 - share) * fallout
    return float(share * recall / found if found else 0.0), float(recall)
