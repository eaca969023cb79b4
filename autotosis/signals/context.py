"""What is around a moment, relative to what is normal in this video: the input of the linear model.

Pure functions of numbers. A row has the signals of a moment, as in `features.Moments`.
"""

import numpy as np

from autotosis.signals import features

# Of what a model sees: raise the second number when the functions below give other numbers for the same signals.
VERSION = f"{features.VERSION}.1"

# From when to when around a moment (seconds) each mean is taken, finer near it. Measured by cross-validation on 36
# clips of different people: a second on both sides is better than half of one or one and a half.
WINDOWS = ((-1.0, -0.6), (-0.5, -0.3), (-0.2, -0.1), (0.0, 0.0), (0.1, 0.2), (0.3, 0.5), (0.6, 1.0))


def relative(signals: np.ndarray, fps: float) -> np.ndarray:
    """The signals of consecutive moments, each partly relative to what is normal around them.

    Parameters
    ----------
    signals : ndarray of float32, shape (moments, features.COLUMNS)
        As in `features.Moments`.
    fps : float
        Moments per second (Hz).

    Returns
    -------
    ndarray of float32, shape (moments, features.COLUMNS)
        NaN where there is nothing to measure.
    """
    return np.column_stack([signal.relative(signals[:, features.columns(signal)], fps) for signal in features.SIGNALS])


def windows(values: np.ndarray, fps: float) -> np.ndarray:
    """The mean of each column in each window around every moment.

    Parameters
    ----------
    values : ndarray of float32, shape (moments, columns)
        Consecutive moments; before the first and after the last, these go on.
    fps : float
        Moments per second (Hz).

    Returns
    -------
    ndarray of float32, shape (moments, len(WINDOWS), columns)
    """
    return windows_at(values, np.arange(len(values)), fps)


def windows_at(values: np.ndarray, places: np.ndarray, fps: float) -> np.ndarray:
    """`windows` at some of the moments only, by their numbers: float32 of shape (places, windows, columns)."""
    return np.stack([window(values, number, fps)[places] for number in range(len(WINDOWS))], axis=1)


def window(values: np.ndarray, number: int, fps: float) -> np.ndarray:
    """The mean in one of the windows: float32 of shape (moments, columns)."""
    first, last = (round(seconds * fps) for seconds in WINDOWS[number])
    padded = np.pad(values, ((max(0, -first), max(0, last)), (0, 0)), mode="edge")
    start = max(0, first)
    total = np.zeros(values.shape)
    for lag in range(last - first + 1):
        total += padded[start + lag : start + lag + len(values)]
    return (total / (last - first + 1)).astype(np.float32)
