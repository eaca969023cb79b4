"""Measures of how good probabilities are. Pure functions.

scikit-learn is imported where it is used, because importing it takes two seconds in each process that scans a VOD.
"""

import numpy as np


def cross_validation(labels: np.ndarray, probabilities: np.ndarray, fold: np.ndarray) -> dict[str, float]:
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
    figures: dict[str, float] = {}
    for name, measure in (("ap", average_precision), ("auc", roc_auc)):
        of_folds = [
            measure(labels[fold == each], probabilities[fold == each])
            for each in np.unique(fold)
            if 0 < labels[fold == each].mean() < 1
        ]
        figures |= {name: measure(labels, probabilities)}
        # The spread of a single fold would be 0, and make every change look significant.
        figures |= {f"{name}_sd": float(np.std(of_folds))} if len(of_folds) >= 2 else {}
    return {name: round(float(figure), 3) for name, figure in figures.items()}


def average_precision(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Compute the area under the precision-recall curve, as the mean of precision over steps of recall, 0 to 1."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(labels, probabilities))


def roc_auc(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Compute the area under the ROC curve: how often a highlight moment ranks above a calm one, 0 to 1."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, probabilities))


def expected_calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> float:
    """Compute how far probabilities are from the observed frequencies on average, 0 to 1.

    It is the mean of |share of highlights - mean probability| over bins of probability, weighted by the number of
    moments in each (Naeini, Cooper and Hauskrecht, 2015).

    Parameters
    ----------
    labels : ndarray of int, shape (moments,)
        1 for a highlight, 0 for calm.
    probabilities : ndarray of float, shape (moments,)
        The probability of each moment, 0 to 1.
    bins : int
        The number of bins, of equal width.
    """
    number = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [abs(float((labels - probabilities)[number == each].sum())) for each in range(bins)]
    return sum(gaps) / len(labels)
