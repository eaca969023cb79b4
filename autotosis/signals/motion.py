"""Motion: how much the face camera's picture changes."""

import math
from collections import deque
from collections.abc import Iterator

import numpy as np
from PIL import Image

from autotosis.annotations.facecams import Facecam
from autotosis.project.params import Extract
from autotosis.signals.signal import Glances, Signal, baseline, in_moments
from autotosis.video.faces import glances_at
from autotosis.video.recording import Recording

# Motion is the change of the picture over LAG seconds, before and after the moment, relative to its contrast; a change
# of its mean brightness does not count. The picture is grey and scaled to SIZE x SIZE pixels. Of lags of 0.1, 0.2, 0.3
# and 0.5 s, with and without the contrast, 0.2 s with it separates outbursts best, by cross-validation on 36 clips of
# different people.
SIZE = 32
LAG = 0.2
# Two consecutive pictures whose correlation is lower than this are of different scenes. This holds for 89 % of 264 cuts
# in recordings of other people, and for 3 of 16,431 other moments. From 0.2 to 0.7, their reels are alike.
CUT = 0.4
# The least contrast, for pictures that are almost of one colour, and what is added to the change before its logarithm
# is taken, because a still picture has a change of 0. Grey values are from 0 to 1.
MIN_CONTRAST = 0.05
CHANGE_OFFSET = 0.005
# How much of the baseline is subtracted, 0 to 1. Subtracting all of it would hide that a streamer is wild during the
# whole of a short clip. Subtracting none of it would ignore that some pictures always move. Measured in the same way.
BASELINE_SHARE = 0.5


def read(frames: Iterator[np.ndarray], first: int, fps: float, aspect: float) -> Iterator[np.ndarray]:
    """Measure the motion at consecutive moments.

    Parameters
    ----------
    frames : iterator of ndarray of uint8, shape (size, size, 3)
        The face camera's picture at each moment.
    first : int
        The number of the first moment in the video; not used.
    fps : float
        Moments per second, Hz.
    aspect : float
        The aspect ratio of the face camera; not used.

    Yields
    ------
    ndarray of float32, shape (1,)
        The natural logarithm of the change relative to the contrast. The change is the mean of that since LAG seconds
        before the moment and that until LAG seconds after it; near the ends of the video, it is the one that exists.
        If there is a cut to another scene in this time, it is the smaller one, because a cut is not motion.
    """
    reach = in_moments(LAG, fps)
    # The pictures since LAG seconds before, each with the number of cuts before it.
    pictures: deque[tuple[np.ndarray, int]] = deque()
    # The change until LAG seconds after each earlier moment, and whether there is a cut in this time.
    earlier_changes: deque[tuple[float, bool]] = deque()
    last, grey, cuts = None, np.empty(0, np.float32), 0
    for frame in frames:
        # Where a video has few frames per second, moments share them.
        if frame is not last:
            before, grey = grey, _grey(frame)
            cuts += last is not None and _correlation(before, grey) < CUT
            last = frame
        pictures.append((grey, cuts))
        if len(pictures) > reach:
            picture, cuts_before = pictures.popleft()
            after = _change(picture, grey), cuts > cuts_before
            earlier_changes.append(after)
            earlier = earlier_changes.popleft() if len(earlier_changes) > reach else after
            yield _motion(_both(earlier, after), picture)
    # The last change is that until the last frame. In a video that is shorter than twice the reach, more frames than
    # changes are left; then the first frames get the nearest change.
    missing = len(pictures) - len(earlier_changes)
    earlier_changes.extendleft([earlier_changes[0] if earlier_changes else (0.0, False)] * missing)
    for (picture, _), (change, _) in zip(pictures, earlier_changes, strict=True):
        yield _motion(change, picture)


def glances(
    recording: Recording, times: np.ndarray, facecam: Facecam, extract: Extract
) -> Iterator[tuple[float, np.ndarray]]:
    """Measure the motion near a few times, at moments that are cheap to decode.

    A glance measures only the change until LAG seconds after the moment. Its median is the same as that of `read`.

    Parameters
    ----------
    recording : Recording
        The video.
    times : ndarray of float64, shape (glances,)
        The times near which to measure, in ascending order, seconds.
    facecam : Facecam
        The position of the face camera.
    extract : Extract
        The parameters of extraction.

    Yields
    ------
    float
        The time of the moment, seconds.
    ndarray of float32, shape (1,)
        The motion there, as in `read`.

    Raises
    ------
    UserError
        If the video is cut off or damaged.
    """
    reach = in_moments(LAG, extract.fps) / extract.fps
    inside = times[times < recording.duration - reach].tolist()
    for start, frames in glances_at(recording, inside, (0.0, reach), facecam, extract):
        grey, after = map(_grey, frames)
        yield start, _motion(_change(grey, after), grey)


def relative(values: np.ndarray, fps: float, glances: Glances | None = None) -> np.ndarray:
    """Subtract part of the baseline, the median motion around each moment.

    Parameters
    ----------
    values : ndarray of float32, shape (moments, 1)
        The motion at consecutive moments, from `read`.
    fps : float
        Moments per second, Hz.
    glances : Glances or None
        The motion at a few moments, from which to compute the baseline; None computes it from `values`.

    Returns
    -------
    ndarray of float32, shape (moments, 1)
        The motion relative to its baseline.
    """
    return values - np.float32(BASELINE_SHARE) * baseline(values[:, 0], fps, np.median, glances)[:, None]


def _change(grey: np.ndarray, after: np.ndarray) -> float:
    """Compute the mean absolute difference of two grey pictures that are equally bright on average, 0 to 1."""
    # Lamps and screens that flicker light up the face, which is not motion. In recordings of other people with such
    # light, reels show 31 of 36 highlights like this, and 26 if brightness counts.
    difference = after - grey
    return float(np.abs(difference - difference.mean()).mean())


def _both(earlier: tuple[float, bool], after: tuple[float, bool]) -> float:
    """Combine the changes before and after a moment, each with whether a cut is part of it, to one change."""
    (change, cut), (other, also_cut) = earlier, after
    return min(change, other) if cut or also_cut else (change + other) / 2


def _correlation(grey: np.ndarray, after: np.ndarray) -> float:
    """Compute the correlation of two grey pictures, -1 to 1; 1 if one of them has hardly any contrast but noise."""
    if min(grey.std(), after.std()) < MIN_CONTRAST:
        return 1.0
    return float(((grey - grey.mean()) * (after - after.mean())).mean() / (grey.std() * after.std()))


def _motion(change: float, grey: np.ndarray) -> np.ndarray:
    """Compute the logarithm of a change relative to the contrast, the standard deviation of the grey picture."""
    return np.array([math.log(change / max(float(grey.std()), MIN_CONTRAST) + CHANGE_OFFSET)], np.float32)


def _grey(frame: np.ndarray) -> np.ndarray:
    """Convert a frame to a small grey picture: float32 of shape (SIZE, SIZE), 0 to 1."""
    small = Image.fromarray(frame).convert("L").resize((SIZE, SIZE), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / 255


MOTION = Signal("motion", 1, read, relative, LAG)
