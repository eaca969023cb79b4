"""The segments of a reel: where each is in its VOD and in the reel, what it is called, and its probabilities."""

import csv
import itertools
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autotosis.cuts.segments import Segment
from autotosis.project import files
from autotosis.reel.layouts import Arrangement, FrameFormat, Pane
from autotosis.scan.timeline import Timeline
from autotosis.video.recording import Recording

FOLDER = Path("reels")
TABLE = "segments.csv"
COLUMNS = ("segment", "vod", "start", "end", "reel_start", "reel_end", "score", "keep")
# The name of the reel of all VODs.
COMPILATION = "best"


def has_own_name(folder: Path) -> bool:
    """Return whether a reel is of the VOD that its folder is named after; a copy under another name is not."""
    with (folder / TABLE).open(encoding="utf-8", errors="replace", newline="") as table, suppress(csv.Error):
        return {row.get("vod") for row in csv.DictReader(table)} <= {folder.name}
    return False


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
        following = [*self.arrangements[1:], Arrangement(math.inf, ())]
        pairs = zip(self.arrangements, following, strict=True)
        return [arrangement for arrangement, after in pairs if arrangement.start < end and after.start > start]

    def panes(self, time: float) -> tuple[Pane, ...]:
        """Return the parts of its picture that the reel shows at a time, seconds."""
        return next(arrangement.panes for arrangement in reversed(self.arrangements) if arrangement.start <= time)


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


def titles(placed: Sequence[ReelSegment]) -> list[str]:
    """Name all segments of a reel. If it is made from several VODs, each name begins with that of its VOD."""
    several = len({part.vod.name for part in placed}) > 1
    return [f"{part.vod.name} {title(part)}" if several else title(part) for part in placed]


def place(
    chosen: Sequence[tuple[Vod, Segment]], lengths: Sequence[float], peaks: Sequence[float], shared: Sequence[float]
) -> list[ReelSegment]:
    """Place segments one after the other.

    Parameters
    ----------
    chosen : sequence of (Vod, Segment)
        The segments and their VODs, in the order of the reel.
    lengths : sequence of float
        The length of each segment in the reel, seconds.
    peaks : sequence of float
        The time of the best moment of each segment, seconds in its VOD.
    shared : sequence of float
        The length of the crossfade from each segment to the next, seconds.
    """
    placed, end = [], 0.0
    for (vod, segment), length, moment, crossfade in zip(chosen, lengths, peaks, [0.0, *shared], strict=True):
        start = end - crossfade
        end = start + length
        placed.append(ReelSegment(vod, segment.start, segment.end, start, end, segment.score, moment))
    return placed


def peak(segment: Segment, timeline: Timeline) -> float:
    """Find the time of a segment's highest probability, seconds in the VOD."""
    within = _within(segment.start, segment.end, timeline)
    best = np.argmax(timeline.probabilities[within])
    return float(np.clip(timeline.times[within][best], segment.start, segment.end))


def crossfades(lengths: Sequence[int], wanted: int) -> list[int]:
    """Choose the length of the crossfade from each segment to the next, in frames.

    Crossfades of short segments are shortened, so that every segment has at least one frame outside of them.

    Parameters
    ----------
    lengths : sequence of int
        The length of each segment, frames.
    wanted : int
        The wanted length of a crossfade, frames.
    """
    most = [(length - 1) // 2 for length in lengths]
    return [min(wanted, before, after) for before, after in itertools.pairwise(most)]


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
