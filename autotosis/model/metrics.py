"""Measures of how good probabilities are. Pure functions.

scikit-learn is imported where it is used, because that takes two seconds, and `evaluate` needs it only for a holdout.
"""

from collections.abc import Callable

import numpy as np

# The number of bins of the calibration error, of equal width.
BINS = 10


def out_of_fold(labels: np.ndarray, probabilities: np.ndarray, fold: np.ndarray) -> dict[str, float]:
    """Compute the metrics of a binary classifier from out-of-fold probabilities.

    Parameters
    ----------
    labels : ndarray of int, shape (moments,)
        1 for a highlight, 0 for calm.
    probabilities : ndarray of float, shape (moments,)
        The probability of each moment, 0 to 1, by a model that did not learn from its fold.
    fold : ndarray of int, shape (moments,)
        The fold of each moment.

    Returns
    -------
    dict of str to float
        `ap` (average precision) and `auc` (area under the ROC curve) over all moments, and `ap_sd` and `auc_sd`, their
        standard deviations over the folds that have both labels, if at least two have.
    """
    figures = {}
    for name, measure in (("ap", average_precision), ("auc", roc_auc)):
        figures[name] = measure(labels, probabilities)
        parts = per_fold(measure, labels, probabilities, fold)
        # The spread of a single fold would be 0, and make every change look significant.
        if len(parts) >= 2:
            figures[f"{name}_sd"] = float(parts.std())
    return {name: round(figure, 3) for name, figure in figures.items()}


def per_fold(
    measure: Callable[[np.ndarray, np.ndarray], float], labels: np.ndarray, scores: np.ndarray, fold: np.ndarray
) -> np.ndarray:
    """Compute a measure of each fold that has both labels: float64 of shape (folds,)."""
    parts = [fold == number for number in np.unique(fold)]
    return np.array([measure(labels[part], scores[part]) for part in parts if 0 < labels[part].mean() < 1])


def average_precision(labels: np.ndarray, scores: np.ndarray) -> float:
    """Compute the area under the precision-recall curve, as the mean of precision over steps of recall, 0 to 1.

    `labels` are int and `scores` float, both of shape (moments,). Only the order of the scores counts.
    """
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(labels, scores))


def roc_auc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Compute the area under the ROC curve: how often a highlight moment ranks above a calm one, 0 to 1.

    The parameters are those of `average_precision`.
    """
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, scores))


def expected_calibration_error(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Compute how far probabilities are from the observed frequencies on average, 0 to 1.

    It is the mean of |share of highlights - mean probability| over BINS bins of probability, weighted by the number of
    moments in each (Naeini, Cooper and Hauskrecht, 2015).

    Parameters
    ----------
    labels : ndarray of int, shape (moments,)
        1 for a highlight, 0 for calm.
    probabilities : ndarray of float, shape (moments,)
        The probability of each moment, 0 to 1.
    """
    number = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(number, labels - probabilities)).sum() / len(labels))
