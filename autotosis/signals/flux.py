"""Spectral flux: how abruptly the sound gets louder. Syllables and shouts do so, music and noise less."""

from collections.abc import Iterator

import numpy as np

from autotosis.signals import mel
from autotosis.signals.signal import Signal, baseline


def read(powers: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Measure the flux at consecutive moments.

    Parameters
    ----------
    powers : iterator of ndarray of float32, shape (steps, mel.BANDS)
        The power around each moment, from `mel.read`.

    Yields
    ------
    ndarray of float32, shape (1,)
        The mean rise of the logarithm of the power from one step to the next, over steps and bands, where a fall counts
        as no rise (Dixon, 2006); NaN if the video has no sound.
    """
    for steps in powers:
        rises = np.maximum(np.diff(mel.logarithm(steps), axis=0), 0)
        # At the ends of the sound, a single step may be left.
        yield np.array([rises.mean() if len(rises) else 0.0], np.float32)


def relative(values: np.ndarray, fps: float) -> np.ndarray:
    """Subtract the baseline, the median around each moment. Loud speech has more flux, but much depends on the noise.

    Parameters
    ----------
    values : ndarray of float32, shape (moments, 1)
        The flux at consecutive moments, from `read`.
    fps : float
        Moments per second, Hz.

    Returns
    -------
    ndarray of float32, shape (moments, 1)
        The flux relative to its baseline; NaN where there is no sound, or it is muted.
    """
    above: np.ndarray = values - baseline(values[:, 0], fps, np.median)[:, None]
    return above


FLUX = Signal("flux", 1, read, relative)
