"""The face camera's picture at given times."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import av
import numpy as np

from autotosis.annotations.facecams import Box
from autotosis.project.errors import UserError
from autotosis.project.params import Extract
from autotosis.video.clock import TRUNCATED, beginning_of
from autotosis.video.crop import Crop
from autotosis.video.opening import open_video
from autotosis.video.seeking import decode_from

# Where a video has this many frames for each one that is wanted, those that no other needs, or few, are not decoded.
# Encoders put one to three of them in a row, so that enough are left, at half the cost.
SPARE = 5


def faces_at(
    path: Path, stretches: Iterable[Sequence[float]], box: Box, extract: Extract
) -> Iterator[Iterator[np.ndarray]]:
    """The face box of the frame on display at each of the given times, or of one shortly before it (SPARE).

    Parameters
    ----------
    path : Path
        A video.
    stretches : iterable of sequences of float
        Each of them times, ascending, seconds, inside the video. What is not near one of the stretches is not decoded.
    box : Box
        The part of the picture to take.
    extract : Extract
        How many times there are in a second, what size to scale to, and what decodes.

    Yields
    ------
    iterator of ndarray of uint8, shape (size, size, 3)
        Of each stretch: red, green, blue; to be used up before the next one. The array of a frame that is on display at
        several times is yielded several times.

    Raises
    ------
    UserError
        The file ends before the last of the times: it was cut off.
    """
    crop = Crop(box, extract.size, extract.size)
    with open_video(path, extract.decoder) as (container, stream):
        decode_what_is_wanted(stream, extract.fps)
        for times in stretches:
            decoded = decode_from(container, stream, times[0])
            yield crop.each(on_display(path, decoded, times, beginning_of(container)))


def glances_at(
    path: Path, times: Iterable[float], lags: Sequence[float], box: Box, extract: Extract
) -> Iterator[tuple[float, list[np.ndarray]]]:
    """The face box at a few moments that cost little to decode, where there are keyframes enough.

    Parameters
    ----------
    path : Path
        A video.
    times : iterable of float
        Ascending, seconds: a glance begins at the last keyframe before each of them, or, if the one before it began
        there, at the time itself.
    lags : sequence of float
        Ascending, seconds from its beginning.
    box, extract
        As in `faces_at`.

    Yields
    ------
    float
        Where the glance begins, seconds.
    list of ndarray of uint8, shape (size, size, 3)
        The frame on display after each of the lags.
    """
    crop, last = Crop(box, extract.size, extract.size), None
    with open_video(path, extract.decoder) as (container, stream):
        decode_what_is_wanted(stream, extract.fps)
        beginning = beginning_of(container)
        for time in times:
            decoded = decode_from(container, stream, time)
            first = next(decoded, None)
            if first is None:
                continue
            start = first.time - beginning if first.time != last else time
            last = first.time
            shown = on_display(path, itertools.chain([first], decoded), (start + lag for lag in lags), beginning)
            yield start, list(crop.each(shown))


def decode_what_is_wanted(stream: av.VideoStream, fps: float) -> None:
    # Videos are read in parallel, a core each.
    stream.codec_context.thread_count = 1
    if (stream.guessed_rate or 0) >= SPARE * fps:
        # In H.264, frames predicted from both sides serve at most each other. In its successors any frame may be one.
        stream.codec_context.skip_frame = "BIDIR" if stream.codec_context.name == "h264" else "NONREF"


def on_display(
    path: Path, decoded: Iterator[av.VideoFrame], times: Iterable[float], beginning: float
) -> Iterator[av.VideoFrame]:
    """The frame on display at each of the times; UserError where the file ends before them."""
    shown, shown_until = None, 0.0
    upcoming = next(decoded, None)
    for time in times:
        while upcoming is not None and (shown is None or upcoming.time - beginning <= time + 1e-6):
            shown = upcoming
            shown_until = shown.time - beginning + float((shown.duration or 0) * shown.time_base)
            upcoming = next(decoded, None)
        if shown is None or (upcoming is None and time > shown_until + TRUNCATED):
            raise UserError(f"{path}: cut off or damaged: its picture ends at {shown_until:.1f} s")
        yield shown
