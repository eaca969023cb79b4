"""A reel in frames, as editors count it.

Editors count frames at a steady rate. Where a VOD's varies, its nominal rate is counted, so that times stay right and
frames do not. Of a VOD in parts, each part is a file of its own, and a segment across a seam is two ranges.
"""

import itertools
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import quote

from autotosis.reel import reel
from autotosis.reel.reel import ReelSegment, Vod
from autotosis.video import timecode
from autotosis.video.recording import Recording

# The rates that timecode has a name for (SMPTE ST 12-1), up to what `recording.probe` gives.
RATES = [Fraction(24_000, 1001), *map(Fraction, (24, 25)), Fraction(30_000, 1001), *map(Fraction, (30, 48, 50))]
RATES += [Fraction(60_000, 1001), Fraction(60)]


@dataclass(frozen=True)
class File:
    """A file of a VOD, in frames.

    Attributes
    ----------
    name, url : str
        Its name, and the way to it from the reel's folder, as a relative URL (RFC 3986, section 4.2).
    first, length : int
        Its first frame in the VOD, and how many it has.
    clock : int
        What its own time code counts its first frame as.
    """

    name: str
    url: str
    first: int
    length: int
    clock: int


@dataclass(frozen=True)
class FrameRange:
    """A segment, or what of it is in one file, in frames.

    Attributes
    ----------
    name : str
        Its title.
    file : File
        The file that it is in.
    source, place, length : int
        Its first frame in that file, its first frame in the reel, and how many it has.
    """

    name: str
    file: File
    source: int
    place: int
    length: int


@dataclass(frozen=True)
class Edit:
    """A reel in frames.

    Attributes
    ----------
    name : str
        The VOD's name.
    recording : Recording
    rate : Fraction
        Frames per second.
    drops : bool
        Whether timecode drops frames, so that it is the time on a clock; at 29.97 and 59.94 frames a second.
    ranges : list of FrameRange
        One after the other.
    segments : sequence of ReelSegment
        The same in seconds.
    """

    name: str
    recording: Recording
    rate: Fraction
    drops: bool
    ranges: list[FrameRange]
    segments: Sequence[ReelSegment]

    @property
    def files(self) -> list[File]:
        """The files that the ranges are in."""
        return list(dict.fromkeys(each.file for each in self.ranges))


def in_frames(placed: Sequence[ReelSegment]) -> Edit:
    """A reel in frames, at the rate of the VOD or, where timecode has no name for that, at the nearest one."""
    vod, recording = placed[0].vod, placed[0].vod.recording
    rate = min(RATES, key=lambda known: abs(known - recording.rate))
    # Sound encoders begin a little early. To an editor a picture that is thereby less than a frame late is not late.
    late = recording.start % (1 / rate)
    # As many frames as the reel shows of each part, from the same one on: the nearest to its start.
    starts = [_nearest((part.start - late) * rate) for part in placed]
    lengths = [max(1, round((part.reel_end - part.reel_start) * rate)) for part in placed]
    end = max(round((recording.duration - late) * rate), *map(sum, zip(starts, lengths, strict=True)))
    clocks = [timecode.at_the_beginning(file, rate) for file, _ in recording.files]
    drops = rate.denominator != 1 and rate > 24 and clocks[0][1] is not False
    ranges, place, found = [], 0, _files(vod, rate, late, end, [clock for clock, _ in clocks])
    for part, start, length in zip(placed, starts, lengths, strict=True):
        for file in found:
            first, last = max(start, file.first), min(start + length, file.first + file.length)
            if first < last:
                ranges.append(FrameRange(reel.title(part), file, first - file.first, place, last - first))
                place += last - first
    return Edit(vod.name, recording, rate, drops, ranges, placed)


def _files(vod: Vod, rate: Fraction, late: float, end: int, clocks: Sequence[int]) -> list[File]:
    """The files of a VOD, whose clocks are known, whose first frame is so late (seconds), and that ends with `end`."""
    folder = reel.FOLDER / vod.name
    begins = [(part, _nearest((begin - late) * rate)) for part, begin in vod.recording.files]
    return [
        File(part.name, quote(Path(os.path.relpath(part, folder)).as_posix()), first, last - first, clock)
        for ((part, first), (_, last)), clock in zip(
            itertools.pairwise([*begins, (vod.recording.path, end)]), clocks, strict=True
        )
    ]


def _nearest(frames: float) -> int:
    """The nearest frame; the earlier one of two, as FFmpeg's filter does that gives the reel its frames."""
    return max(0, math.ceil(frames - 0.5 - 1e-6))
