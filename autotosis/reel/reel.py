"""The segments of a reel: where each is in its VOD and in the reel, what it is called, and its probabilities."""

import csv
import math
import os
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from urllib.parse import unquote

import numpy as np

from autotosis.cuts.segments import Segment
from autotosis.project import files
from autotosis.reel.layouts import Arrangement, FrameFormat, Pane
from autotosis.scan.timeline import Timeline
from autotosis.video.recording import Recording

FOLDER = Path("reels")
TABLE = "segments.csv"
COLUMNS = ("segment", "vod", "start", "end", "reel_start", "reel_end", "score", "keep")
# The cut as OpenTimelineIO.
CUT = "cut.otio"
# The name of the reel of all VODs.
COMPILATION = "best"


def has_own_name(folder: Path) -> bool:
    """Return whether a reel is of the VOD that its folder is named after; a copy under another name is not."""
    with (folder / TABLE).open(encoding="utf-8", errors="replace", newline="") as table, suppress(csv.Error):
        return {row.get("vod") for row in csv.DictReader(table)} <= {folder.name}
    return False


def recording_is_gone(folder: Path) -> bool:
    """Return whether a reel cannot be made again: a file of its VOD, which the cut for editors names, is gone."""
    cut = folder / CUT
    urls = re.findall(r'"target_url": "(.+?)"', cut.read_text(errors="replace")) if cut.exists() else []
    # `exports.frames` counts `..` without looking at links.
    return not all(os.path.exists(os.path.normpath(folder / unquote(url))) for url in urls)


@dataclass(frozen=True)
class Vod:
    """A VOD, and how a reel shows it.

    Attributes
    ----------
    name : str
        Its name in params.yaml.
    recording : Recording
        Its file or folder, size, frame rate and length.
    url : str or None
        The web address where it is published, if it is.
    frame : FrameFormat
        The frame format of the reel.
    arrangements : tuple of Arrangement
        Which parts of its picture the reel shows, from `layouts.arrangements`.
    calm : bool
        Whether the reel shows its calmest moments, so that scores are probabilities of calm.
    """

    name: str
    recording: Recording
    url: str | None
    frame: FrameFormat
    arrangements: tuple[Arrangement, ...]
    calm: bool = False

    def arranged(self, start: float, end: float) -> list[Arrangement]:
        """List the arrangements between two times (seconds); the first one starts at or before `start`."""
        by_start = attrgetter("start")
        first = bisect_right(self.arrangements, start, key=by_start) - 1
        return list(self.arrangements[first : bisect_left(self.arrangements, end, key=by_start)])

    def panes(self, time: float) -> tuple[Pane, ...]:
        """Return the parts of its picture that the reel shows at a time, seconds."""
        return self.arranged(time, math.inf)[0].panes


@dataclass(frozen=True)
class ReelSegment:
    """A segment, and its place in the reel.

    Attributes
    ----------
    vod : Vod
        The VOD that it belongs to.
    start, end : float
        Its times in the VOD, seconds.
    reel_start, reel_end : float
        Its times in the reel, seconds, including the crossfades on both sides.
    score : float
        The score of the segment, 0 to 1; see `Segment`.
    peak : float
        The time of its best moment, seconds in the VOD.
    """

    vod: Vod
    start: float
    end: float
    reel_start: float
    reel_end: float
    score: float
    peak: float


def clock(seconds: float) -> str:
    """Format a time as players do, such as 2:15 or 1:02:15."""
    hour, minute, second = units(seconds)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


def units(seconds: float) -> tuple[int, int, int]:
    """Split a time into whole hours, minutes and seconds."""
    minutes, second = divmod(int(seconds + 1e-6), 60)
    return *divmod(minutes, 60), second


def title(part: ReelSegment) -> str:
    """Name a segment in lists: by its time in the VOD and its probability."""
    return clock(part.start) + percentage(part)


def percentage(part: ReelSegment) -> str:
    """Format a segment's probability of a highlight, to be appended to other text; empty if the user gave no score."""
    return "" if part.score == 1 else f", {100 * (1 - part.score if part.vod.calm else part.score):.0f} %"


def titles(placed: Sequence[ReelSegment]) -> dict[ReelSegment, str]:
    """Name all segments of a reel. If it is made from several VODs, each name begins with that of its VOD."""
    several = len({part.vod.name for part in placed}) > 1
    return {part: f"{part.vod.name} {title(part)}" if several else title(part) for part in placed}


def peak(segment: Segment, timeline: Timeline) -> float:
    """Find the time of a segment's highest probability, seconds in the VOD."""
    within = _within(segment.start, segment.end, timeline)
    best = np.argmax(timeline.probabilities[within])
    return float(np.clip(timeline.times[within][best], segment.start, segment.end))


def moments(part: ReelSegment, timeline: Timeline) -> np.ndarray:
    """Take the moments of a segment from the timeline of its VOD.

    Returns
    -------
    ndarray of float64, shape (moments, 2)
        The time of each moment, seconds from the start of the segment, and its probability, which holds until the next
        one. The first time is 0 or negative.
    """
    within = _within(part.start, part.end, timeline)
    return np.stack([timeline.times[within] - part.start, timeline.probabilities[within]], axis=1)


def _within(start: float, end: float, timeline: Timeline) -> slice:
    """Find the moments of a timeline that hold between two times (seconds), at least one. Each holds until the next."""
    first = max(0, int(np.searchsorted(timeline.times, start, side="right")) - 1)
    return slice(first, max(first + 1, int(np.searchsorted(timeline.times, end))))


def write_table(path: Path, placed: Sequence[ReelSegment]) -> None:
    """Write segments.csv: the times of each segment in its VOD and in the reel (seconds), and its score.

    The table can be copied into edits/ and changed there, because `cut_list.read_kept` reads it.
    """
    rows = []
    for number, part in enumerate(placed, 1):
        numbers = (part.start, part.end, part.reel_start, part.reel_end, part.score)
        rows.append((number, part.vod.name, *(f"{value:.3f}" for value in numbers), "yes"))
    files.write_csv(path, COLUMNS, rows)
