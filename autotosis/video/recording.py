"""What a recording is: its size, frame rate, length, and whether it has sound."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from autotosis.project.errors import UserError
from autotosis.video.clock import beginning_of, end_of_picture, time_of
from autotosis.video.opening import open_video
from autotosis.video.seeking import decode

# How much of a video is read to know how far apart its keyframes are (seconds).
FIRST_MINUTE = 60.0


@dataclass(frozen=True)
class Recording:
    """A video, and what it says of itself.

    Attributes
    ----------
    path : Path
        Its file, or the folder of its parts.
    start, duration : float
        When the picture starts, since sound may start before it; and when it ends. Seconds.
    width, height : int
        As displayed: pixels that are not square stretched, a phone's picture upright. Even.
    rate : Fraction
        Frames per second: what it has wherever none is missing, 10 to 60.
    sound : bool
        Whether it has a sound track.
    """

    path: Path
    start: float
    duration: float
    width: int
    height: int
    rate: Fraction
    sound: bool


def probe(path: Path) -> Recording:
    """Read what a video holds; UserError if FFmpeg cannot read it as a video."""
    with open_video(path) as (container, video):
        first = next(decode(container, video), None)
        if first is None:
            raise UserError(f"{path}: no frame of it has a time; remove it or convert it to MP4")
        width, height = first.width * float(video.sample_aspect_ratio or 1), first.height
        if first.rotation % 180:
            width, height = height, width
        duration = end_of_picture(container, video)
        if duration <= 0:
            raise UserError(f"{path}: lasts no time, as a picture does; remove it or convert it to MP4")
        return Recording(
            path,
            max(0.0, first.time - beginning_of(container)),
            duration,
            max(2, round(width / 2) * 2),
            max(2, round(height / 2) * 2),
            _steady_rate(video),
            bool(container.streams.audio),
        )


def _steady_rate(video: av.VideoStream) -> Fraction:
    # The average rate is pulled down by every frame that is missing, the guessed one is not.
    for rate in (video.guessed_rate, video.average_rate):
        if rate and rate >= 10:
            return min(rate, Fraction(60)).limit_denominator(1001)
    return Fraction(30)


def keyframe_distance(path: Path) -> float:
    """The longest time from one keyframe to the next in the first minute of a video, seconds."""
    with open_video(path) as (container, stream):
        keyframes, last = [], 0.0
        for packet in container.demux(stream):
            if packet.pts is not None:
                last = max(last, time_of(packet) - beginning_of(container))
                keyframes += [last] if packet.is_keyframe else []
                if last > FIRST_MINUTE:
                    break
    return max(np.diff([*keyframes, last]), default=last)
