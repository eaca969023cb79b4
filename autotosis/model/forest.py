"""Extremely randomized trees on the signals around a moment (Geurts, Ernst and Wehenkel, 2006).

They see what a weighted sum cannot: that something counts only together with something else, or only up to a limit,
such as the loudness of an explosion.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from autotosis.project import workers
from autotosis.signals import context

if TYPE_CHECKING:
    from sklearn.ensemble import ExtraTreesClassifier

# With 100 trees, a moment's probability depends by up to 0.2 on the seed, with 400 by up to 0.1.
TREES = 400
# Each leaf has at least this share of the weight of all moments. Of 0.002, 0.005, 0.01 and 0.02, this and 0.005 rank
# moments of strangers' recordings best, and larger leaves depend less on chance.
LEAST_WEIGHT = 0.01
# Probabilities closer to 0 or 1 than this count as this far away, because their log-odds say little.
LEAST_PROBABILITY = 0.001
# Score this many moments at a time, so that the surroundings of a long VOD are never all in memory.
CHUNK = 10_000


@dataclass(frozen=True)
class Forest:
    """A logit that many trees vote on.

    Attributes
    ----------
    trees : ExtraTreesClassifier
        The trees, from `fit`.
    """

    trees: "ExtraTreesClassifier"

    def logits(self, values: np.ndarray, places: np.ndarray, fps: float) -> np.ndarray:
        """Compute the logits of some moments of a video.

        Parameters
        ----------
        values : ndarray of float32, shape (moments, columns)
            The signals of all moments, from `context.relative`.
        places : ndarray of int, shape (places,)
            The numbers of the moments to score, in ascending order. At least one.
        fps : float
            Moments per second, Hz.

        Returns
        -------
        ndarray of float64, shape (places,)
            The logits of these moments.
        """
        reach = context.reach(fps)
        chunks = []
        for some in np.array_split(places, -(-len(places) // CHUNK)):
            start = max(0, some[0] - reach)
            chunks.append(self.logits_of(context.windows_at(values[start : some[-1] + reach + 1], some - start, fps)))
        return np.concatenate(chunks)

    def logits_of(self, examples: np.ndarray) -> np.ndarray:
        """Compute the logits of single moments.

        Parameters
        ----------
        examples : ndarray of float, shape (moments, windows, columns)
            The surroundings of the moments, from `context.windows`.

        Returns
        -------
        ndarray of float64, shape (moments,)
            The logit of each moment, for equal shares of highlights and calm.
        """
        probabilities = self.trees.predict_proba(_flat(examples))[:, 1]
        probabilities = np.clip(probabilities, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
        return np.asarray(np.log(probabilities / (1 - probabilities)))


def fit(examples: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> Forest:
    """Fit the trees to labelled moments.

    Parameters
    ----------
    examples : ndarray of float, shape (moments, windows, columns)
        The surroundings of the moments, from `context.windows`. NaN, as of sound or a face that is missing, is a value
        of its own.
    labels : ndarray of int, shape (moments,)
        1 for a highlight, 0 for calm. Both must occur.
    weights : ndarray of float, shape (moments,)
        The weight of each moment. All highlights together count as much as everything calm.
    """
    # Imported here because it takes a second or two, and most modules that import this one do not need it.
    from sklearn.ensemble import ExtraTreesClassifier

    balanced = weights / np.bincount(labels, weights)[labels]
    trees = ExtraTreesClassifier(
        TREES, min_weight_fraction_leaf=LEAST_WEIGHT, n_jobs=workers.cores(), random_state=0
    ).fit(_flat(examples), labels, balanced)
    # With several threads, the order of sums would change, and thus how they are rounded.
    return Forest(trees.set_params(n_jobs=1))


def _flat(examples: np.ndarray) -> np.ndarray:
    return examples.reshape(len(examples), -1).astype(np.float32)
