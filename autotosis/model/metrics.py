"""How good probabilities are, as numbers. Pure functions."""

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score


def cross_validation(labels: np.ndarray, probabilities: np.ndarray, fold: np.ndarray) -> dict[str, float]:
    """The usual figures of a binary classifier that was measured by cross-validation.

    Parameters
    ----------
    labels : ndarray of 0 and 1, shape (n,)
    probabilities : ndarray of float, shape (n,)
        Each by a model that did not learn from its fold.
    fold : ndarray of int, shape (n,)

    Returns
    -------
    dict
        ap (average precision) and auc (area under the ROC curve) over all, and with `_sd` their standard deviation over
        the folds that have both labels.
    """
    figures: dict[str, float] = {}
    for name, measure in (("ap", average_precision), ("auc", roc_auc)):
        of_folds = [
            measure(labels[fold == each], probabilities[fold == each])
            for each in np.unique(fold)
            if 0 < labels[fold == each].mean() < 1
        ]
        figures |= {name: measure(labels, probabilities), f"{name}_sd": float(np.std(of_folds)) if of_folds else 0.0}
    return {name: round(float(figure), 3) for name, figure in figures.items()}


def average_precision(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Area under the precision-recall curve, as the mean of precision over steps of recall; 0 to 1."""
    return float(average_precision_score(labels, probabilities))


def roc_auc(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Area under the ROC curve: how often a highlight is ranked above a calm frame; 0 to 1."""
    return float(roc_auc_score(labels, probabilities))


def f1(precision: float, recall: float) -> float:
    """The harmonic mean of precision and recall; 0 where both are."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def expected_calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> float:
    """How far probabilities are from the frequencies that they promise, 0 to 1.

    The mean of |share of highlights - mean probability| over equal bins of probability, weighted by how many
    fall into each (Naeini, Cooper and Hauskrecht, 2015).
    """
    number = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [abs(float((labels - probabilities)[number == each].sum())) for each in range(bins)]
    return sum(gaps) / len(labels)
