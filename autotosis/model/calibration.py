"""Calibration: from logits to probabilities, in clips and in streams. Pure functions."""

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

# The least slope of a calibration. A model that is worse than chance on unseen clips would get a negative slope, which
# would reverse the ranking of moments.
MIN_SLOPE = 0.01


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
    # Imported here because it takes a second or two, and most modules that import this one do not need it.
    from sklearn.linear_model import LogisticRegression

    # The number of threads would change the order of sums, and thus how they are rounded.
    with threadpool_limits(1):
        regression = LogisticRegression(C=1e6).fit(logits[:, None], labels)
    slope, offset = float(regression.coef_[0, 0]), float(regression.intercept_[0])
    if slope < MIN_SLOPE:
        return Calibration(MIN_SLOPE, log_odds(labels.mean()) - MIN_SLOPE * float(logits.mean()))
    return Calibration(slope, offset)
