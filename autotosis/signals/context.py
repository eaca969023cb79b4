"""What is around a moment, relative to what is normal in this video: the input of the linear model.

Pure functions of numbers. A row has the motion of a moment and its sound in each band (`features.Moments`).
"""

import numpy as np

from autotosis.signals import features

# Of what a model sees: raise the second number when the functions below give other numbers for the same signals.
VERSION = f"{features.VERSION}.1"

COLUMNS = 1 + features.BANDS
MOTION = 0

# From when to when around a moment (seconds) each mean is taken, finer near it. Measured by cross-validation on 36
# clips of different people: a second on both sides is better than half of one or one and a half.
WINDOWS = ((-1.0, -0.6), (-0.5, -0.3), (-0.2, -0.1), (0.0, 0.0), (0.1, 0.2), (0.3, 0.5), (0.6, 1.0))

# What is normal is measured over this long, at anchors so far apart (seconds); a clip that is shorter has only itself.
NORMAL = 60.0
ANCHORS = 10.0
# So many glances at a VOD within so long say as much of its normal motion: on the demo, the same events are found as by
# all of its moments, and with half as many or within half as long, sometimes one too many.
NORMAL_BY_GLANCES, GLANCES = 240.0, 12
# How much of the normal level is taken away. All of it (1) loses that a shouting streamer is loud in the whole of a
# short clip, none of it that some microphones are quiet; measured as above.
SOUND_SHARE, MOTION_SHARE = 0.3, 0.5


def relative(motion: np.ndarray, sound: np.ndarray, fps: float) -> np.ndarray:
    """Motion and sound of consecutive moments, partly relative to what is normal around them.

    Parameters
    ----------
    motion : ndarray of float32, shape (moments,)
        Logarithms, as in `features.Moments`.
    sound : ndarray of float32, shape (moments, BANDS)
        The same.
    fps : float
        Moments per second (Hz).

    Returns
    -------
    ndarray of float32, shape (moments, COLUMNS)
        NaN where motion is, and in the columns of sound where there is none.
    """
    everywhere, count = np.arange(len(motion)), len(motion)
    usual_level = np.log(_normal(everywhere, np.exp(sound).mean(axis=1), count, fps, NORMAL, np.mean))
    # Written in its place, since the sound of a long VOD is large.
    values = np.empty((count, COLUMNS), np.float32)
    values[:, MOTION] = relative_motion(motion, fps)
    np.subtract(sound, np.float32(SOUND_SHARE) * usual_level[:, None], out=values[:, MOTION + 1 :])
    return values


def relative_motion(motion: np.ndarray, fps: float, glances: tuple[np.ndarray, np.ndarray] | None = None) -> np.ndarray:
    """The column of motion of `relative`: float32 of shape (moments,).

    `glances` are at which moments normal motion is measured, ascending, and the motion there. None, for what is short,
    measures it at all moments.
    """
    if glances:
        usual = _normal(*glances, len(motion), fps, NORMAL_BY_GLANCES, np.median)
    else:
        usual = _normal(np.arange(len(motion)), motion, len(motion), fps, NORMAL, np.median)
    return motion - np.float32(MOTION_SHARE) * usual


def _normal(places: np.ndarray, values: np.ndarray, count: int, fps: float, seconds: float, average) -> np.ndarray:
    """The average of values within half of `seconds` of each moment: at anchors, and in proportion between them.

    `places` are the moments of the values, of which there may be any; one that has none within reach takes all.
    """
    anchors = np.arange(0, count + ANCHORS * fps, ANCHORS * fps)
    reach = seconds / 2 * fps
    averages = []
    for anchor in np.minimum(anchors, count - 1):
        first, last = np.searchsorted(places, (int(anchor - reach), int(anchor + reach) + 1))
        averages.append(average(values[first:last] if first < last else values))
    return np.interp(np.arange(count), anchors, averages).astype(np.float32)


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
    return np.stack([window(values, number, fps) for number in range(len(WINDOWS))], axis=1)


def window(values: np.ndarray, number: int, fps: float) -> np.ndarray:
    """The mean in one of the windows: float32 of shape (moments, columns)."""
    first, last = (round(seconds * fps) for seconds in WINDOWS[number])
    padded = np.pad(values, ((max(0, -first), max(0, last)), (0, 0)), mode="edge")
    start = max(0, first)
    total = sum(padded[start + lag : start + lag + len(values)].astype(np.float64) for lag in range(last - first + 1))
    return (total / (last - first + 1)).astype(np.float32)
