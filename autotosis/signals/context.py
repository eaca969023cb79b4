"""The surroundings of a moment, relative to the baselines of its video: the input of the model.

Pure functions. Each row holds the signals of one moment, as in `features.Moments`.
"""

import numpy as np

from autotosis.signals import features

# The version of what a model sees. Raise the second number when the functions below give other numbers for the same
# signals.
VERSION = f"{features.VERSION}.3"

# The windows around a moment over which each signal is averaged: their first and last time relative to the moment
# (seconds). They are shorter near the moment. By cross-validation on 36 clips of different people, a reach of one
# second to both sides is better than half a second or one and a half.
WINDOWS = ((-1.0, -0.6), (-0.5, -0.3), (-0.2, -0.1), (0.0, 0.0), (0.1, 0.2), (0.3, 0.5), (0.6, 1.0))
# The number of the window that is the moment itself.
PRESENT = WINDOWS.index((0.0, 0.0))


def relative(signals: np.ndarray, fps: float) -> np.ndarray:
    """Subtract from each signal part of its baseline.

    Parameters
    ----------
    signals : ndarray of float32, shape (moments, features.COLUMNS)
        The signals of consecutive moments, as in `features.Moments`.
    fps : float
        Moments per second, Hz.

    Returns
    -------
    ndarray of float32, shape (moments, features.COLUMNS)
        The signals relative to their baselines; NaN where there is nothing to measure.
    """
    return np.column_stack([signal.relative(signals[:, features.columns(signal)], fps) for signal in features.SIGNALS])


def reach(fps: float) -> int:
    """Return how many moments before and after a moment its windows include, at `fps` moments per second (Hz)."""
    return max(abs(round(seconds * fps)) for window in WINDOWS for seconds in window)


def windows(values: np.ndarray, fps: float, places: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Compute the mean of each column in each window around moments.

    Parameters
    ----------
    values : ndarray of float32, shape (moments, columns)
        The signals of consecutive moments, from `relative`. The first and the last row are repeated beyond the ends.
    fps : float
        Moments per second, Hz.
    places : ndarray of int, shape (places,), or slice
        The numbers of the moments; all of them without it.

    Returns
    -------
    ndarray of float32, shape (places, len(WINDOWS), columns)
        The means; NaN where a window contains NaN.
    """
    return np.stack([window(values, number, fps, places) for number in range(len(WINDOWS))], axis=1)


def window(values: np.ndarray, number: int, fps: float, places: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Compute the mean of each column in one window around moments.

    Parameters
    ----------
    number : int
        The number of the window in WINDOWS. The other parameters are those of `windows`.

    Returns
    -------
    ndarray of float32, shape (places, columns)
        The means.
    """
    first, last = (round(seconds * fps) for seconds in WINDOWS[number])
    moments = np.arange(len(values))[places]
    total = np.zeros((len(moments), values.shape[1]))
    for lag in range(first, last + 1):
        total += values[np.clip(moments + lag, 0, len(values) - 1)]
    return (total / (last - first + 1)).astype(np.float32)
