"""What a recording shows at given times."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from av.video.frame import VideoFrame

from autotosis.annotations.facecams import Box
from autotosis.project.errors import UserError
from autotosis.video.clock import TRUNCATED
from autotosis.video.picture import FrameConverter, deinterlaced
from autotosis.video.reading import ROUNDING, Track
from autotosis.video.recording import Recording


def pictures(
    recording: Recording, stretches: Iterable[Sequence[float]], width: int, height: int
) -> Iterator[list[np.ndarray]]:
    """Read the frame that is on display at each of the given times, whole and upright.

    Parameters
    ----------
    recording : Recording
        The video.
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
        If the video cannot be read.
    """
    converter = FrameConverter(Box(), width, height)
    with Track(recording, "picture") as track:
        for times in stretches:
            yield list(converter.convert(on_display(recording, deinterlaced(track.frames(times[0])), times)))


def on_display(recording: Recording, frames: Iterator[VideoFrame], times: Iterable[float]) -> Iterator[VideoFrame]:
    """Choose the frame that is on display at each time. After the end of the picture, it is the last frame.

    Parameters
    ----------
    recording : Recording
        The video.
    frames : iterator of VideoFrame
        Consecutive frames.
    times : iterable of float
        The times, in ascending order, seconds.

    Yields
    ------
    VideoFrame
        The frame at each time.

    Raises
    ------
    UserError
        If the frames end before the picture should.
    """
    end = recording.pieces[-1].end
    displayed: VideoFrame | None = None
    upcoming = next(frames, None)
    for time in times:
        while upcoming is not None and (displayed is None or upcoming.time <= time + ROUNDING):
            displayed, upcoming = upcoming, next(frames, None)
        if displayed is None or (upcoming is None and min(time, end) > _until(displayed) + TRUNCATED):
            raise UserError(
                f"{recording.path}: cut off or damaged: its picture ends at {_until(displayed):.1f} s; download it "
                "again or remove it"
            )
        yield displayed


def _until(frame: VideoFrame | None) -> float:
    """Compute when a frame stops being displayed, as far as it tells, seconds."""
    return 0.0 if frame is None else frame.time + float((frame.duration or 0) * (frame.time_base or 0))
