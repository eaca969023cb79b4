"""Kernel logistic regression on the signals around a moment.

It sees what a weighted sum cannot: that something counts only together with something else, or only up to a limit, such
as the loudness of an explosion. Signals are replaced by their ranks, so that outliers count no more than they should. A
moment is then compared with a few hundred others, the landmarks (Nyström approximation: Williams and Seeger, 2001).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from autotosis.signals import context

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

# The four constants were chosen on recordings of other people. Average precision depends on each by less than 0.01,
# from half to twice its value.
# How fast the likeness of two moments falls with the sum of the differences of their ranks (0 to 1 each).
GAMMA = 0.02
# The strength of the L2 regularization.
PENALTY = 1 / 3
# How many moments all others are compared with.
LANDMARKS = 300
# Ranks are interpolated between this many quantiles.
QUANTILES = 200
# Score this many moments at a time, so that the surroundings of a long VOD are never all in memory.
CHUNK = 2_000


@dataclass(frozen=True)
class Kernel:
    """A logit that is a weighted sum of a moment's similarities to landmarks.

    Attributes
    ----------
    regression : Pipeline
        The regression and what comes before it, from `fit`.
    """

    regression: "Pipeline"

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
        reach = context.reach(fps)
        chunks = []
        for some in np.array_split(np.arange(len(values)), -(-len(values) // CHUNK)):
            start = max(0, some[0] - reach)
            chunks.append(self.logits_of(context.windows(values[start : some[-1] + reach + 1], fps, some - start)))
        return np.concatenate(chunks)

    def logits_of(self, contexts: np.ndarray) -> np.ndarray:
        """Compute the logits of single moments.

        Parameters
        ----------
        contexts : ndarray of float, shape (moments, windows, columns)
            The surroundings of the moments, from `context.windows`.

        Returns
        -------
        ndarray of float64, shape (moments,)
            The logit of each moment, for equal shares of highlights and calm.
        """
        # The number of threads would change the order of sums, and thus how they are rounded.
        with threadpool_limits(1):
            return np.asarray(self.regression.decision_function(_flat(contexts)), np.float64)


def fit(contexts: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> Kernel:
    """Fit the model to labelled moments.

    Parameters
    ----------
    contexts : ndarray of float, shape (moments, windows, columns)
        The surroundings of the moments, from `context.windows`. NaN, where there is nothing to measure, is replaced by
        the median of the column.
    labels : ndarray of int, shape (moments,)
        1 for a highlight, 0 for calm. Both must occur.
    weights : ndarray of float, shape (moments,)
        The weight of each moment. Everything calm counts as much as all highlights.
    """
    # Imported here because it takes a second or two, and most modules that import this one do not need it.
    from sklearn.impute import SimpleImputer
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import QuantileTransformer

    total = np.bincount(labels, weights)
    landmarks, quantiles = min(LANDMARKS, len(labels)), min(QUANTILES, len(labels))
    regression = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        QuantileTransformer(n_quantiles=quantiles, random_state=0),
        Nystroem("laplacian", gamma=GAMMA, n_components=landmarks, random_state=0),
        LogisticRegression(C=1 / PENALTY, max_iter=1000),
    )
    with threadpool_limits(1):
        regression.fit(_flat(contexts), labels, logisticregression__sample_weight=weights * (total[1] / total)[labels])
    return Kernel(regression)


def _flat(contexts: np.ndarray) -> np.ndarray:
    return contexts.reshape(len(contexts), -1).astype(np.float32)
