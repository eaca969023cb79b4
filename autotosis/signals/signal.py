"""What a signal is, and how the level that is normal around a moment is measured."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

# What is normal is measured over this long, at anchors so far apart (seconds); a clip that is shorter has only itself.
NORMAL = 60.0
ANCHORS = 10.0
# So many glances at a VOD within so long say as much of its normal motion: on the demo, the same events are found as by
# all of its moments, and with half as many or within half as long, sometimes one too many.
NORMAL_BY_GLANCES, GLANCES = 240.0, 12

# At which moments something was measured beforehand, ascending, and what it was there.
Glances = tuple[np.ndarray, np.ndarray]
Average = Callable[[np.ndarray], np.floating]


@dataclass(frozen=True)
class Signal:
    """Something that is measured at each moment.

    Attributes
    ----------
    name : str
    width : int
        How many columns it has.
    read : callable
        From a stretch of consecutive moments to an iterator over its values there, float32 of shape (width,). What is
        seen takes (frames, first, fps, aspect): the face box at each moment, uint8 of shape (size, size, 3); the number
        of the first moment; moments per second (Hz); and how wide the face box is for its height, which the frames,
        being square, do not tell. What is heard takes (recording, times), the latter ndarray of float64 in seconds.
    relative : callable
        From the values of consecutive moments, float32 of shape (moments, width), and `fps` (Hz) to the same, partly
        relative to what is normal around them. That of what is seen also takes `Glances`, from which to know what is
        normal, or None.
    reach : float
        How far from a moment it is seen (seconds): so much is read before and after, so that no seam shows.
    """

    name: str
    width: int
    read: Callable[..., Iterator[np.ndarray]]
    relative: Callable[..., np.ndarray]
    reach: float = 0.0


def in_moments(seconds: float, fps: float) -> int:
    """A time in moments, of which there are `fps` per second (Hz): at least one."""
    return max(1, round(seconds * fps))


def normal(values: np.ndarray, fps: float, average: Average, glances: Glances | None = None) -> np.ndarray:
    """The average around each moment: at anchors, and in proportion between them.

    Parameters
    ----------
    values : ndarray of float32, shape (moments,)
        Of consecutive moments; NaN where there is none.
    fps : float
        Moments per second (Hz).
    average : callable
        Such as `np.median`.
    glances : Glances or None
        What to average instead, over the longer NORMAL_BY_GLANCES.

    Returns
    -------
    ndarray of float32, shape (moments,)
        An anchor that has no value within reach takes all; NaN if there is none at all.
    """
    count, seconds = len(values), NORMAL_BY_GLANCES if glances else NORMAL
    places, values = glances or (np.flatnonzero(~np.isnan(values)), values[~np.isnan(values)])
    if not len(values):
        return np.full(count, np.nan, np.float32)
    anchors = np.arange(0, count + ANCHORS * fps, ANCHORS * fps)
    reach = seconds / 2 * fps
    averages = []
    for anchor in np.minimum(anchors, count - 1):
        first, last = np.searchsorted(places, (int(anchor - reach), int(anchor + reach) + 1))
        averages.append(average(values[first:last] if first < last else values))
    return np.asarray(np.interp(np.arange(count), anchors, averages), np.float32)
