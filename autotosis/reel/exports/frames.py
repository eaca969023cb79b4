"""The cut of a reel counted in frames, as editors count it.

Editors assume a constant frame rate. If that of a VOD varies, its nominal rate is used: times are right then, but frame
numbers may be off. If a VOD has several files, a segment that spans two of them becomes two ranges.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import quote

from autotosis.reel import reel
from autotosis.reel.reel import ReelSegment
from autotosis.video import timecode
from autotosis.video.recording import Recording

# The frame rates of timecode (SMPTE ST 12-1), up to the highest that `recording.probe` returns.
RATES = [Fraction(24_000, 1001), *map(Fraction, (24, 25)), Fraction(30_000, 1001), *map(Fraction, (30, 48, 50))]
RATES += [Fraction(60_000, 1001), Fraction(60)]
# This much less than a frame still counts as one (frames), because Matroska rounds times to milliseconds.
ROUNDING = 0.1


@dataclass(frozen=True)
class File:
    """A file of a VOD, counted in frames.

    Attributes
    ----------
    name : str
        The file name.
    url : str
        The path from the reel's folder, as a relative URL (RFC 3986, section 4.2).
    first : int
        The number of its first frame in the VOD.
    length : int
        The number of its frames.
    clock : int
        The number of its first frame according to the timecode in the file.
    sound : bool
        Whether it has a sound track that is heard.
    """

    name: str
    url: str
    first: int
    length: int
    clock: int
    sound: bool


@dataclass(frozen=True)
class FrameRange:
    """A segment, or the part of it that is in one file, counted in frames.

    Attributes
    ----------
    name : str
        The title of the segment.
    file : File
        The file that it is in.
    source : int
        The number of its first frame in the file.
    reel_start : int
        The number of its first frame in the reel.
    length : int
        The number of its frames.
    """

    name: str
    file: File
    source: int
    reel_start: int
    length: int


@dataclass(frozen=True)
class Edit:
    """The cut of a reel, counted in frames.

    Attributes
    ----------
    name : str
        The VOD's name in params.yaml.
    recording : Recording
        The VOD.
    rate : Fraction
        Frames per second: the VOD's rate, or the nearest one in RATES.
    drops : bool
        Whether to use drop-frame timecode, which agrees with the clock at 29.97 and 59.94 frames per second.
    ranges : list of FrameRange
        The cut in frames, in the order of the reel.
    segments : sequence of ReelSegment
        The cut in seconds, in the order of the reel.
    """

    name: str
    recording: Recording
    rate: Fraction
    drops: bool
    ranges: list[FrameRange]
    segments: Sequence[ReelSegment]

    @property
    def files(self) -> list[File]:
        """The files that the ranges are in, each once."""
        return list(dict.fromkeys(part.file for part in self.ranges))


def in_frames(placed: Sequence[ReelSegment]) -> Edit:
    """Count the cut of a reel in frames, at the VOD's rate or at the nearest one in RATES."""
    vod, recording = placed[0].vod, placed[0].vod.recording
    rate = min(RATES, key=lambda nominal: abs(nominal - recording.rate))
    # Sound often begins a little before the picture. Editors ignore that if it is less than a frame, so ignore it here.
    offset = max(0.0, recording.start - math.floor(float(recording.start * rate) + ROUNDING) / rate)
    # The same frames as in the reel: each segment begins with the frame nearest to its start, and is as long. Only at a
    # lower rate than the VOD's may the last frame of a segment in the reel be shown for longer.
    starts = [_nearest((part.start - offset) * rate) for part in placed]
    durations = [min(part.reel_end - part.reel_start, part.end - part.start) for part in placed]
    lengths = [max(1, round(length * rate)) for length in durations]
    end = max(round((recording.duration - offset) * rate), *map(sum, zip(starts, lengths, strict=True)))
    clocks = [timecode.at_the_beginning(piece.span, rate) for piece in recording.files]
    drops = rate.denominator != 1 and rate > 24 and clocks[0][1] is not False
    firsts = [_nearest((piece.begin - offset) * rate) for piece in recording.files]
    heard = {piece.span.path for piece in recording.pieces if piece.sounds}
    vod_files = []
    for piece, (clock, _), first, last in zip(recording.files, clocks, firsts, [*firsts[1:], end], strict=True):
        path = piece.span.path
        url = quote(Path(os.path.relpath(path, reel.FOLDER / vod.name)).as_posix())
        vod_files.append(File(path.name, url, first, last - first, clock, path in heard))
    ranges, reel_start = [], 0
    for part, start, length in zip(placed, starts, lengths, strict=True):
        for file in vod_files:
            first, last = max(start, file.first), min(start + length, file.first + file.length)
            if first < last:
                ranges.append(FrameRange(reel.title(part), file, first - file.first, reel_start, last - first))
                reel_start += last - first
    return Edit(vod.name, recording, rate, drops, ranges, placed)


def _nearest(frames: float) -> int:
    """Round to the nearest frame, and halves down, as `source.constant_rate_frames` chooses the frames of the reel."""
    return max(0, math.ceil(frames - 0.5 - 1e-6))
