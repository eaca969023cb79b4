"""The face camera's picture at given times."""

import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from autotosis.annotations.facecams import Box, Facecam
from autotosis.project.params import Extract
from autotosis.video.display import on_display
from autotosis.video.picture import FrameConverter, deinterlaced
from autotosis.video.reading import Track
from autotosis.video.recording import Recording


def faces_at(
    recording: Recording, stretches: Iterable[tuple[Sequence[float], Box]], extract: Extract
) -> Iterator[Iterator[np.ndarray]]:
    """Read the face camera's picture at given times.

    The picture at a time is the frame on display then, or one shortly before it (see `reading.SKIPPING_RATIO`).

    Parameters
    ----------
    recording : Recording
        The video.
    stretches : iterable of (sequence of float, Box)
        The times, in groups: within each group in ascending order, seconds; and the position of the face camera. Only
        what is near one of the groups is decoded.
    extract : Extract
        The parameters of extraction: the number of times per second, the size to scale to, and the decoder.

    Yields
    ------
    iterator of ndarray of uint8, shape (size, size, 3)
        For each group, an iterator over its pictures: red, green, blue. Use up each iterator before asking for the next
        one. If a frame is on display at several times, the same array is yielded several times.

    Raises
    ------
    UserError
        If the picture ends before it should.
    """
    converter_for = functools.cache(lambda box: FrameConverter(box, extract.size, extract.size))
    with Track(recording, "picture", extract.decoder, extract.fps) as track:
        for times, box in stretches:
            yield converter_for(box).convert(on_display(recording, deinterlaced(track.frames(times[0])), times))


def glances_at(
    recording: Recording, times: Iterable[float], lags: Sequence[float], facecam: Facecam, extract: Extract
) -> Iterator[tuple[float, list[np.ndarray]]]:
    """Read the face camera's picture near a few times, at moments that are cheap to decode and show the face camera.

    They are cheap if there are enough keyframes.

    Parameters
    ----------
    recording : Recording
        The video.
    times : iterable of float
        The times, in ascending order, seconds. A glance begins at a keyframe before its time if that is nearer to its
        time than to the one before, and otherwise at its time itself. So glances are spread evenly, even if the
        container can only be searched by guessing, which may end up long before the time.
    lags : sequence of float
        When to read pictures, in ascending order, seconds from the beginning of the glance.
    facecam : Facecam
        The position of the face camera.
    extract : Extract
        As in `faces_at`.

    Yields
    ------
    float
        The beginning of the glance, seconds.
    list of ndarray of uint8, shape (size, size, 3)
        The picture after each lag.

    Raises
    ------
    UserError
        If the picture ends before it should.
    """
    converter_for = functools.cache(lambda box: FrameConverter(box, extract.size, extract.size))
    last = float("-inf")
    with Track(recording, "picture", extract.decoder, extract.fps) as track:
        for time in times:
            frames = deinterlaced(track.frames(time))
            first = next(frames, None)
            if first is None:
                continue
            start = max(0.0, first.time) if first.time > (last + time) / 2 else time
            last = time
            box = facecam.at(start)
            if box is not None and box == facecam.at(start + lags[-1]):
                displayed = on_display(recording, itertools.chain([first], frames), [start + lag for lag in lags])
                yield start, list(converter_for(box).convert(displayed))
