"""The face camera's picture at given times."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from av.video.frame import VideoFrame

from autotosis.annotations.facecams import Box
from autotosis.project.errors import UserError
from autotosis.project.params import Extract
from autotosis.video.clock import TRUNCATED
from autotosis.video.picture import View, without_combs
from autotosis.video.reading import ROUNDING, Track
from autotosis.video.recording import Recording


def faces_at(
    recording: Recording, stretches: Iterable[Sequence[float]], box: Box, extract: Extract
) -> Iterator[Iterator[np.ndarray]]:
    """The face box of the frame on display at each of the given times, or of one shortly before it (`reading.SPARE`).

    Parameters
    ----------
    recording : Recording
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
        The picture ends before it should.
    """
    view = View(box, extract.size, extract.size)
    with Track(recording, "picture", extract.decoder, extract.fps) as track:
        for times in stretches:
            yield view.each(on_display(recording, without_combs(track.frames(times[0])), times))


def glances_at(
    recording: Recording, times: Iterable[float], lags: Sequence[float], box: Box, extract: Extract
) -> Iterator[tuple[float, list[np.ndarray]]]:
    """The face box at a few moments that cost little to decode, where there are keyframes enough.

    Parameters
    ----------
    recording : Recording
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
    view, last = View(box, extract.size, extract.size), None
    with Track(recording, "picture", extract.decoder, extract.fps) as track:
        for time in times:
            frames = without_combs(track.frames(time))
            first = next(frames, None)
            if first is None:
                continue
            start = max(0.0, first.time) if first.time != last else time
            last = first.time
            shown = on_display(recording, itertools.chain([first], frames), [start + lag for lag in lags])
            yield start, list(view.each(shown))


def on_display(recording: Recording, frames: Iterator[VideoFrame], times: Iterable[float]) -> Iterator[VideoFrame]:
    """The frame on display at each of the times, the last one from the end of the picture on.

    Raises
    ------
    UserError
        The frames end before the picture should.
    """
    end = recording.pieces[-1].end
    shown: VideoFrame | None = None
    upcoming = next(frames, None)
    for time in times:
        while upcoming is not None and (shown is None or upcoming.time <= time + ROUNDING):
            shown, upcoming = upcoming, next(frames, None)
        if shown is None or (upcoming is None and min(time, end) > _until(shown) + TRUNCATED):
            raise UserError(
                f"{recording.path}: cut off or damaged: its picture ends at {_until(shown):.1f} s; download it again "
                "or remove it"
            )
        yield shown


def _until(frame: VideoFrame | None) -> float:
    """When a frame ceases to be shown, as far as it says so; seconds."""
    return 0.0 if frame is None else frame.time + float((frame.duration or 0) * (frame.time_base or 0))
