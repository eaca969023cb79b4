"""What only a reel reads of a VOD: whole pictures, and where to begin to read for a cut."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import av
import numpy as np

from autotosis.annotations.facecams import Box
from autotosis.video.clock import beginning_of, time_of
from autotosis.video.crop import Crop
from autotosis.video.faces import on_display
from autotosis.video.opening import open_video
from autotosis.video.seeking import decode_from, keyframe_before, packets_from_keyframe, seek

# Times are rounded on their way from one program to the other (seconds).
JUST_BEFORE = 0.001


def pictures(path: Path, stretches: Iterable[Sequence[float]], width: int, height: int) -> Iterator[list[np.ndarray]]:
    """The whole frame on display at each of the given times, upright.

    Parameters
    ----------
    path : Path
        A video.
    stretches : iterable of sequences of float
        As in `faces`, but of a few times each.
    width, height : int
        What to scale to, pixels: of the shape that `probe` gives.

    Yields
    ------
    list of ndarray of uint8, shape (height, width, 3)
        Of each stretch: red, green, blue.

    Raises
    ------
    UserError
        As in `faces`.
    """
    crop = Crop(Box(), width, height)
    with open_video(path) as (container, stream):
        stream.thread_type = "AUTO"
        for times in stretches:
            decoded = decode_from(container, stream, times[0])
            yield list(crop.each(on_display(path, decoded, times, beginning_of(container))))


def read_from(path: Path, times: Iterable[float]) -> list[float]:
    """Where to begin to read a video, so that the frame on display at each of the times is decoded.

    Parameters
    ----------
    path : Path
        A video.
    times : iterable of float
        Seconds.

    Returns
    -------
    list of float
        For each time, seconds, at most that time: just before that frame or, where a search for it would land behind
        its keyframe, as much earlier as it takes.
    """
    with open_video(path) as (container, stream):
        return [_read_from(container, stream, time) for time in times]


def _read_from(container: av.container.InputContainer, stream: av.VideoStream, time: float) -> float:
    beginning, shown = beginning_of(container), 0.0
    begin = keyframe_before(container, stream, time)
    seek(container, begin)
    for packet in packets_from_keyframe(container, stream):
        at = time_of(packet) - beginning
        if at <= time + 1e-6:
            shown = max(shown, at)
        # A packet is decoded before it is shown, so none of those that follow is shown before the time.
        if (at if packet.dts is None else float(packet.dts * packet.time_base) - beginning) > time:
            break
    return max(0.0, min(begin, shown - JUST_BEFORE))
