"""Reading the picture of a VOD for a reel."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from autotosis.annotations.facecams import Box
from autotosis.video.display import on_display
from autotosis.video.picture import View, deinterlaced
from autotosis.video.reading import ROUNDING, Track
from autotosis.video.recording import Recording


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
