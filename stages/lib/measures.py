"""How good probabilities are, as numbers. Pure functions."""

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score


def summary(labels: np.ndarray, probabilities: np.ndarray, threshold: float) -> dict[str, float]:
    """The usual figures of a binary classifier.

    Parameters
    ----------
    labels : ndarray of 0 and 1, shape (n,)
    probabilities : ndarray of float, shape (n,)
    threshold : float
        From which probability on the answer is yes.

    Returns
    -------
    dict
        average_precision, roc_auc, precision, recall, f1, expected_calibration_error, base_rate: 0 to 1 each.
    """
    chosen = probabilities >= threshold
    hits = float((chosen & (labels == 1)).sum())
    precision, recall = hits / max(chosen.sum(), 1), hits / max((labels == 1).sum(), 1)
    figures = {
        "average_precision": average_precision(labels, probabilities),
        "roc_auc": roc_auc_score(labels, probabilities),
        "precision": precision,
        "recall": recall,
        "f1": f1(precision, recall),
        "expected_calibration_error": expected_calibration_error(labels, probabilities),
        "base_rate": float(labels.mean()),
    }
    return {name: round(float(figure), 4) for name, figure in figures.items()}


def average_precision(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Area under the precision-recall curve, as the mean of precision over steps of recall; 0 to 1."""
    return float(average_precision_score(labels, probabilities))


def f1(precision: float, recall: float) -> float:
    """The harmonic mean of precision and recall; 0 where both are."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def best_threshold(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """The threshold with the best F1 on these frames, in the middle between it and the next lower probability."""
    precision, recall, thresholds = precision_recall_curve(labels, probabilities)
    scores = [f1(*pair) for pair in zip(precision[:-1], recall[:-1], strict=True)]
    best = int(np.argmax(scores))
    below = thresholds[best - 1] if best else thresholds[best]
    return round(float(np.clip((thresholds[best] + below) / 2, 0.01, 0.99)), 4)


def expected_calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> float:
    """How far probabilities are from the frequencies that they promise, 0 to 1.

    The mean of |share of highlights - mean probability| over equal bins of probability, weighted by how many
    fall into each (Naeini, Cooper and Hauskrecht, 2015).
    """
    number = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [abs(float((labels - probabilities)[number == each].sum())) for each in range(bins)]
    return sum(gaps) / len(labels)
