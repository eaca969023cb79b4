"""From logits to probabilities that mean something, in clips and in streams. Pure functions."""

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

# A model that is worse than chance on clips that it did not see would otherwise turn the order of moments round.
LEAST_SLOPE = 0.01
# A threshold that finds less of the highlights than this was set by a few frames.
LEAST_RECALL = 0.1


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
        return Calibration(self.slope, self.offset + _odds(share) - _odds(base_rate))


def _odds(share: float) -> float:
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
        return Calibration(LEAST_SLOPE, _odds(labels.mean()) - LEAST_SLOPE * float(logits.mean()))
    return Calibration(slope, offset)


def threshold(probabilities: np.ndarray, labels: np.ndarray, share: float, target_precision: float) -> float:
    """What the best moment of an event in a stream must reach.

    The probability of a typical frame of a highlight, since an event that has no such frame is none; or the next
    higher at which enough of what is chosen is a highlight.

    Parameters
    ----------
    probabilities : ndarray of float, shape (frames,)
        For streams.
    labels : ndarray of 0 and 1, shape (frames,)
        Both of them.
    share : float
        Of highlights in a stream: the frames count as if they were of both labels in this proportion.
    target_precision : float
        Which share of the chosen frames, before any smoothing, must be highlights. Where no threshold reaches it,
        the one that comes nearest is taken.

    Returns
    -------
    float
        0 to 1, in the middle between the lowest that is chosen and the next.
    """
    order = np.argsort(-probabilities, kind="stable")
    ranked = probabilities[order]
    recall = np.cumsum(labels[order]) / labels.sum()
    fallout = np.cumsum(1 - labels[order]) / (1 - labels).sum()
    precision = share * recall / (share * recall + (1 - share) * fallout)
    last_of_equals = np.append(ranked[:-1] > ranked[1:], True)
    typical = ranked >= np.median(probabilities[labels == 1])
    possible = np.flatnonzero(last_of_equals & typical & (recall >= LEAST_RECALL))
    enough = possible[precision[possible] >= target_precision]
    best = enough[-1] if len(enough) else possible[np.argmax(precision[possible])]
    below = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    return float((ranked[best] + below) / 2)


def precision_and_recall(
    probabilities: np.ndarray, labels: np.ndarray, share: float, threshold: float
) -> tuple[float, float]:
    """What a threshold gives in a stream of which a share is highlights, 0 to 1 each."""
    chosen = probabilities >= threshold
    recall, fallout = chosen[labels == 1].mean(), chosen[labels == 0].mean()
    found = share * recall + (1 - share) * fallout
    return float(share * recall / found if found else 0.0), float(recall)
