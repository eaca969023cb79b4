"""What only a reel reads of a VOD: whole pictures."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import numpy as np

from autotosis.annotations.facecams import Box
from autotosis.video.faces import on_display
from autotosis.video.picture import View, without_combs
from autotosis.video.reading import ROUNDING, Track
from autotosis.video.recording import Recording


def pictures(
    recording: Recording, stretches: Iterable[Sequence[float]], width: int, height: int
) -> Iterator[list[np.ndarray]]:
    """The whole frame on display at each of the given times, upright.

    Parameters
    ----------
    recording : Recording
    stretches : iterable of sequences of float
        As in `faces`, but of a few times each.
    width, height : int
        What to scale to, pixels: of the shape that the recording has.

    Yields
    ------
    list of ndarray of uint8, shape (height, width, 3)
        Of each stretch: red, green, blue.

    Raises
    ------
    UserError
        As in `faces`.
    """
    view = View(Box(), width, height)
    with Track(recording, "picture") as track:
        for times in stretches:
            yield list(view.each(on_display(recording, without_combs(track.frames(times[0])), times)))


def film(recording: Recording, start: float, frames: int, rate: Fraction) -> Iterator[memoryview]:
    """The picture at a steady rate, each frame the nearest in time, as an encoder reads it.

    Parameters
    ----------
    recording : Recording
    start : float
        When it begins, seconds.
    frames : int
        How many; behind the picture's end its last one stays.
    rate : Fraction
        How many of them a second has, Hz.

    Yields
    ------
    memoryview
        A frame as large as the recording's, upright, in yuv420p and the colours of BT.709 with the levels of
        television.
    """
    view = View(Box(), recording.width, recording.height, "yuv420p", "bicubic+accurate_rnd+bitexact")
    # Of two that are equally near, the earlier one.
    times = [start + (number + 0.5) / float(rate) - 2 * ROUNDING for number in range(frames)]
    with Track(recording, "picture") as track:
        shown = on_display(recording, without_combs(track.frames(start)), times)
        for pixels in view.each(shown):
            yield np.ascontiguousarray(pixels).data
