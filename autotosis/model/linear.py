"""Logistic regression on the signals around a moment. Three dozen clips are enough to fit it."""

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from autotosis.signals import context

# The least variance of a column over the moments learned from. What varies less, such as digital silence relative to
# its baseline, only shows how float32 rounds; standardised, it would get a weight of any size.
MIN_VARIANCE = 1e-8


@dataclass(frozen=True)
class Linear:
    """A logit that is a weighted sum of the signals around a moment.

    Attributes
    ----------
    mean : ndarray of float32, shape (windows, columns)
        The mean of each signal in each window, over the moments learned from. It replaces NaN (no sound, or no face
        found).
    weights : ndarray of float32, shape (windows, columns)
        The weight of each signal in each window.
    bias : float
        What is added to the weighted sum.
    """

    mean: np.ndarray
    weights: np.ndarray
    bias: float

    def logits(self, values: np.ndarray, fps: float) -> np.ndarray:
        """Compute the logits of consecutive moments.

        Parameters
        ----------
        values : ndarray of float32, shape (moments, columns)
            The signals, from `context.relative`.
        fps : float
            Moments per second, Hz.

        Returns
        -------
        ndarray of float64, shape (moments,)
            The logit of each moment.
        """
        total = np.full(len(values), self.bias)
        # Column by column, so that the windows of a long VOD are never all in memory.
        for number, column in np.ndindex(self.weights.shape):
            averaged = context.window(values[:, [column]], number, fps)[:, 0]
            total += self.weights[number, column] * np.where(np.isnan(averaged), self.mean[number, column], averaged)
        return total

    def logits_of(self, contexts: np.ndarray) -> np.ndarray:
        """Compute the logits of single moments.

        Parameters
        ----------
        contexts : ndarray of float, shape (moments, windows, columns)
            The surroundings of the moments, from `context.windows`.

        Returns
        -------
        ndarray of float64, shape (moments,)
            The logit of each moment.
        """
        return (
            np.where(np.isnan(contexts), self.mean, contexts).astype(np.float64).reshape(len(contexts), -1)
            @ self.weights.ravel().astype(np.float64)
            + self.bias
        )


def fit(
    contexts: np.ndarray,
    labels: np.ndarray,
    penalty: float,
    weights: np.ndarray | None = None,
    unlabelled: np.ndarray | None = None,
    unlabelled_weight: float = 0.0,
) -> Linear:
    """Fit the model to labelled moments.

    Parameters
    ----------
    contexts : ndarray of float, shape (moments, windows, columns)
        The surroundings of the moments, from `context.windows`. NaN, where there is nothing to measure, is replaced by
        the mean of the column.
    labels : ndarray of int, shape (moments,)
        1 for a highlight, 0 for calm. Both must occur.
    penalty : float
        The strength of the L2 regularization, which pulls the weights of standardised columns towards zero. Columns
        with a variance below MIN_VARIANCE get no weight.
    weights : ndarray of float, shape (moments,), optional
        The weight of each moment; None for 1 each.
    unlabelled : ndarray of float32, shape (others, windows, columns), optional
        The surroundings of unlabelled moments, which are learned from as if they were calm. They do not affect how
        columns are standardised.
    unlabelled_weight : float
        The weight of each unlabelled moment.

    Returns
    -------
    Linear
        The model.
    """
    # Imported here because it takes a second or two, and most modules that import this one do not need it.
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    weight = np.ones(len(contexts)) if weights is None else weights
    imputer = SimpleImputer(keep_empty_features=True)
    flat = imputer.fit_transform(contexts.reshape(len(contexts), -1).astype(np.float64))
    # The number of threads would change the order of sums, and thus how they are rounded.
    with threadpool_limits(1):
        scaler = StandardScaler().fit(flat, sample_weight=weight)
        if unlabelled is not None:
            others = imputer.transform(unlabelled.reshape(len(unlabelled), -1).astype(np.float64))
            flat = np.concatenate([flat, others])
            labels = np.concatenate([labels, np.zeros(len(others), labels.dtype)])
            weight = np.concatenate([weight, np.full(len(others), unlabelled_weight)])
        standardised = np.where(scaler.var_ < MIN_VARIANCE, 0.0, scaler.transform(flat))
        regression = LogisticRegression(C=1 / penalty, max_iter=1000)
        regression.fit(standardised, labels, sample_weight=weight)
    coefficients = regression.coef_[0] / scaler.scale_
    bias = float(regression.intercept_[0] - coefficients @ scaler.mean_)
    shape = contexts.shape[1:]
    mean = imputer.statistics_.reshape(shape).astype(np.float32)
    return Linear(mean, coefficients.reshape(shape).astype(np.float32), bias)
