"""Logistic regression on the signals around a moment: the model that three dozen clips are enough for."""

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from autotosis.model import model_file
from autotosis.signals import context, features


@dataclass(frozen=True)
class Linear:
    """A logit that is a weighted sum.

    Attributes
    ----------
    mean : ndarray of float32, shape (windows, columns)
        Of the training frames; it stands for what is not there, such as sound or a face.
    weights : ndarray of float32, shape (windows, columns)
    bias : float
    """

    mean: np.ndarray
    weights: np.ndarray
    bias: float

    def logits(self, values: np.ndarray, fps: float) -> np.ndarray:
        """The logit of each of consecutive moments.

        Parameters
        ----------
        values : ndarray of float32, shape (moments, columns)
            From `context.relative`.
        fps : float
            Moments per second (Hz).

        Returns
        -------
        ndarray of float64, shape (moments,)
        """
        total = np.full(len(values), self.bias)
        for number, (means, weights) in enumerate(zip(self.mean, self.weights, strict=True)):
            # Weighted first and column by column, so that a VOD of any length needs no room for its windows.
            weighted = np.zeros((len(values), 1))
            for column, mean, weight in zip(values.T, means, weights, strict=True):
                weighted[:, 0] += weight * np.where(np.isnan(column), mean, column)
            total += context.window(weighted, number, fps)[:, 0]
        return total

    def logits_of(self, examples: np.ndarray) -> np.ndarray:
        """The logit of each of some moments by what is around it, as in `fit`: float64 of shape (moments,)."""
        return (
            np.where(np.isnan(examples), self.mean, examples).astype(np.float64).reshape(len(examples), -1)
            @ self.weights.ravel().astype(np.float64)
            + self.bias
        )

    def tensors(self, prefix: str) -> dict[str, np.ndarray]:
        """As the model file keeps it, under a prefix."""
        return {prefix + "mean": self.mean, prefix + "weights": self.weights, prefix + "bias": np.array([self.bias])}


def from_tensors(tensors: dict[str, np.ndarray]) -> Linear:
    """What `Linear.tensors` gave, without its prefix; UserError if names, types or shapes are others."""
    windowed = (np.dtype(np.float32), (len(context.WINDOWS), features.COLUMNS))
    expected: dict[str, tuple[object, tuple[int, ...]]] = {
        "mean": windowed,
        "weights": windowed,
        "bias": (np.dtype(np.float64), (1,)),
    }
    found: dict[str, tuple[object, tuple[int, ...]]] = {
        name: (tensor.dtype, tensor.shape) for name, tensor in tensors.items()
    }
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            wanted, has = (_described(sort.get(name)) for sort in (expected, found))
            raise model_file.unfit(model_file.PATH, f"{name} is {has} and not {wanted}")
    return Linear(tensors["mean"], tensors["weights"], float(tensors["bias"][0]))


def _described(tensor: tuple[object, tuple[int, ...]] | None) -> str:
    return "absent" if tensor is None else f"{tensor[0]} of shape {tensor[1]}"


def fit(
    examples: np.ndarray,
    labels: np.ndarray,
    penalty: float,
    weights: np.ndarray | None = None,
    background: np.ndarray | None = None,
    background_weight: float = 0.0,
) -> Linear:
    """Learn from labelled moments.

    Parameters
    ----------
    examples : ndarray of float32, shape (moments, windows, columns)
        From `context.windows`. NaN, for no sound or no face, counts as the mean of all others.
    labels : ndarray of 0 and 1, shape (moments,)
        Both of them.
    penalty : float
        Strength of the pull of the weights of standardised columns towards zero (L2).
    weights : ndarray of float, shape (moments,), optional
        How much each moment counts; None for 1 each.
    background : ndarray of float32, shape (others, windows, columns), optional
        Moments that nobody labelled, which count as calm. Columns are standardised without them.
    background_weight : float
        How much each of these counts.
    """
    # Only here, since it takes a second or two and most of what imports this needs none of it.
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    flat = examples.reshape(len(examples), -1).astype(np.float64)
    weight = np.ones(len(flat)) if weights is None else weights
    absent = np.isnan(flat)
    mean = np.where(absent, 0, flat).sum(axis=0) / np.maximum((~absent).sum(axis=0), 1)
    flat = np.where(absent, mean, flat)
    # Sums are rounded in another order with another number of threads.
    with threadpool_limits(1):
        scaler = StandardScaler().fit(flat, sample_weight=weight)
        if background is not None:
            others = background.reshape(len(background), -1).astype(np.float64)
            flat = np.concatenate([flat, np.where(np.isnan(others), mean, others)])
            labels = np.concatenate([labels, np.zeros(len(others), labels.dtype)])
            weight = np.concatenate([weight, np.full(len(others), background_weight)])
        regression = LogisticRegression(C=1 / penalty, max_iter=1000)
        regression.fit(scaler.transform(flat), labels, sample_weight=weight)
    weights = regression.coef_[0] / scaler.scale_
    bias = float(regression.intercept_[0] - weights @ scaler.mean_)
    shape = examples.shape[1:]
    return Linear(mean.reshape(shape).astype(np.float32), weights.reshape(shape).astype(np.float32), bias)
