"""Reading whole frames of a VOD for a reel."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import numpy as np

from autotosis.annotations.facecams import Box
from autotosis.video.faces import on_display
from autotosis.video.picture import View, deinterlaced
from autotosis.video.reading import ROUNDING, Track
from autotosis.video.recording import Recording


def pictures(
    recording: Recording, stretches: Iterable[Sequence[float]], width: int, height: int
) -> Iterator[list[np.ndarray]]:
    """Read the frame that is on display at each of the given times, whole and upright.

    Parameters
    ----------
    recording : Recording
        The VOD.
    stretches : iterable of sequence of float
        The times, seconds, in groups of a few that are close to each other, ascending.
    width, height : int
        The size to scale frames to, pixels, in the aspect ratio of the recording.

    Yields
    ------
    list of ndarray of uint8, shape (height, width, 3)
        The frames of each group, as red, green and blue.

    Raises
    ------
    UserError
        If the VOD cannot be read.
    """
    view = View(Box(), width, height)
    with Track(recording, "picture") as track:
        for times in stretches:
            yield list(view.each(on_display(recording, deinterlaced(track.frames(times[0])), times)))


def film(recording: Recording, start: float, end: float, frames: int, rate: Fraction) -> Iterator[memoryview]:
    """Read the picture at a constant frame rate, for an encoder. Each frame is the nearest one in time.

    Parameters
    ----------
    recording : Recording
        The VOD.
    start, end : float
        The time of the first frame, and a time from which on no frame is shown, seconds.
    frames : int
        The number of frames. After the end, or that of the picture, the last frame is repeated.
    rate : Fraction
        Frames per second, Hz.

    Yields
    ------
    memoryview
        A frame in the size of the recording, upright, in yuv420p with the colours of BT.709 in limited range.
    """
    view = View(Box(), recording.width, recording.height, "yuv420p", "bicubic+accurate_rnd+bitexact")
    # If two frames are equally near, take the earlier one.
    times = [min(start + (number + 0.5) / float(rate), end) - 2 * ROUNDING for number in range(frames)]
    with Track(recording, "picture") as track:
        shown = on_display(recording, deinterlaced(track.frames(start)), times)
        for pixels in view.each(shown):
            yield np.ascontiguousarray(pixels).data
