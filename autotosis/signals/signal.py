"""The definition of a signal, and how its baseline is computed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

# The baseline of a moment is an average over this much time around it, or over as much of it as a short clip has
# (seconds). It is computed at anchors this far apart (seconds) and interpolated between them.
BASELINE_SECONDS = 60.0
ANCHOR_SPACING = 10.0
# The scan of a VOD computes the baseline of motion from glances instead: 12 of them per 240 seconds. In the sample,
# that finds the same events as a baseline from all moments.
GLANCED_BASELINE_SECONDS, GLANCES_PER_BASELINE = 240.0, 12

# Measurements at a few moments: their numbers, which may have a fraction, in ascending order, and the values there.
Glances = tuple[np.ndarray, np.ndarray]
Average = Callable[[np.ndarray], np.floating]


@dataclass(frozen=True)
class Signal:
    """Something that is measured at each moment.

    Attributes
    ----------
    name : str
        The name of the signal.
    width : int
        The number of its columns.
    read : callable
        Measures the signal at consecutive moments. It returns an iterator over float32 of shape (width,), one for each
        moment. A signal of the picture takes (frames, first, fps, aspect): the face camera's picture at each moment,
        uint8 of shape (size, size, 3); the number of the first moment; moments per second (Hz); and the aspect ratio of
        the face camera, width over height, because frames are scaled to a square. A signal of the sound takes (powers):
        the power around each moment, from `mel.read`.
    relative : callable
        Subtracts part of the baseline. It takes the values of consecutive moments, float32 of shape (moments, width),
        and `fps` (Hz), and returns an array of the same shape. For a signal of the picture, it also takes `Glances`
        from which to compute the baseline, or None.
    reach : float
        How much time before and after a moment affects its value (seconds). As much is read before and after a stretch,
        so that the result does not depend on where stretches begin.
    """

    name: str
    width: int
    read: Callable[..., Iterator[np.ndarray]]
    relative: Callable[..., np.ndarray]
    reach: float = 0.0


def in_moments(seconds: float, fps: float) -> int:
    """Convert seconds to a number of moments, at least 1, at `fps` moments per second (Hz)."""
    return max(1, round(seconds * fps))


def nearest(places: np.ndarray, count: int) -> np.ndarray:
    """Return which of some moments is nearest to each of `count` moments, the earlier one of two.

    Parameters
    ----------
    places : ndarray of int, shape (places,)
        The numbers of some moments, in ascending order. At least one.
    count : int
        The number of all moments.

    Returns
    -------
    ndarray of int, shape (count,)
        The number of the nearest moment.
    """
    return np.asarray(places[np.searchsorted((places[1:] + places[:-1]) / 2, np.arange(count))])


def baseline(values: np.ndarray, fps: float, average: Average, glances: Glances | None = None) -> np.ndarray:
    """Compute the average around each moment, at anchors and linearly interpolated between them.

    Parameters
    ----------
    values : ndarray of float32, shape (moments,)
        The values of consecutive moments; NaN where there is nothing to measure.
    fps : float
        Moments per second, Hz.
    average : callable
        The average to compute, such as `np.median`.
    glances : Glances or None
        Measurements to average instead of `values`, over GLANCED_BASELINE_SECONDS.

    Returns
    -------
    ndarray of float32, shape (moments,)
        The baseline of each moment. An anchor without any value near it gets the average of all values. NaN if there
        are no values at all.
    """
    count, seconds = len(values), GLANCED_BASELINE_SECONDS if glances else BASELINE_SECONDS
    places, values = glances or (np.flatnonzero(~np.isnan(values)), values[~np.isnan(values)])
    if not len(values):
        return np.full(count, np.nan, np.float32)
    anchors = np.arange(0, count + ANCHOR_SPACING * fps, ANCHOR_SPACING * fps)
    reach = seconds / 2 * fps
    averages = []
    for anchor in np.minimum(anchors, count - 1):
        first, last = np.searchsorted(places, (int(anchor - reach), int(anchor + reach) + 1))
        averages.append(average(values[first:last] if first < last else values))
    return np.asarray(np.interp(np.arange(count), anchors, averages), np.float32)
