"""What a reel is made of: segments of VODs, each in its place."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autotosis.cuts.segments import Segment
from autotosis.project import files
from autotosis.reel.layouts import FrameFormat, Pane
from autotosis.video.recording import Recording

FOLDER = Path("reels")
TABLE = "segments.csv"
COLUMNS = ("segment", "vod", "start", "end", "reel_start", "reel_end", "score", "keep")
# The reel of all VODs.
COMPILATION = "best"


@dataclass(frozen=True)
class Vod:
    """A recording, and how it is shown.

    Attributes
    ----------
    name : str
        What it is called.
    recording : Recording
        Its file or folder, and what that says of itself.
    url : str or None
        Where it is published, if it is.
    frame, panes : FrameFormat, tuple of Pane
        What the reel's frames are like, and what of its picture is in them (`layouts.panes`).
    """

    name: str
    recording: Recording
    url: str | None
    frame: FrameFormat
    panes: tuple[Pane, ...]


@dataclass(frozen=True)
class ReelSegment:
    """A segment in its place in the reel.

    Attributes
    ----------
    vod : Vod
        What it is of.
    start, end : float
        Seconds in the VOD.
    reel_start, reel_end : float
        Seconds in the reel, with the crossfades on both sides.
    score : float
        As in `Segment`.
    peak : float
        When its probability is highest, seconds in the VOD.
    """

    vod: Vod
    start: float
    end: float
    reel_start: float
    reel_end: float
    score: float
    peak: float


def clock(seconds: float) -> str:
    """A time as players show it, such as 2:15 or 1:02:15."""
    hour, minute, second = units(seconds)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


def units(seconds: float) -> tuple[int, int, int]:
    """Whole hours, minutes and seconds of a time."""
    minutes, second = divmod(int(seconds + 1e-6), 60)
    return *divmod(minutes, 60), second


def title(part: ReelSegment) -> str:
    """What a part is called wherever it is listed: where it is in its VOD, and its score."""
    return clock(part.start) + percentage(part)


def percentage(part: ReelSegment) -> str:
    """The score of a part, to be put behind something else; nothing where a person has added it without one."""
    return "" if part.score == 1 else f", {100 * part.score:.0f} %"


def titles(placed: Sequence[ReelSegment]) -> list[str]:
    """What the parts of a reel are called; where it is of several VODs, their names come first."""
    several = len({part.vod.name for part in placed}) > 1
    return [f"{part.vod.name} {title(part)}" if several else title(part) for part in placed]


def place(
    shown: Sequence[tuple[Vod, Segment]], lengths: Sequence[float], peaks: Sequence[float], shared: Sequence[float]
) -> list[ReelSegment]:
    """Segments one after the other.

    Parameters
    ----------
    shown : sequence of (Vod, Segment)
        In the order of the reel.
    lengths : sequence of float
        How long each is in the reel, seconds.
    peaks : sequence of float
        The best moment of each, seconds in its VOD.
    shared : sequence of float
        How long each crossfades into the next one, seconds.
    """
    placed, end = [], 0.0
    for (vod, segment), length, moment, crossfade in zip(shown, lengths, peaks, [0.0, *shared], strict=False):
        start = end - crossfade
        end = start + length
        placed.append(ReelSegment(vod, segment.start, segment.end, start, end, segment.score, moment))
    return placed


def peak(segment: Segment, times: np.ndarray, probabilities: np.ndarray) -> float:
    """When the probability of a segment is highest, seconds in the VOD of this timeline."""
    first = max(0, int(np.searchsorted(times, segment.start, side="right")) - 1)
    last = max(first + 1, int(np.searchsorted(times, segment.end)))
    return float(np.clip(times[first + np.argmax(probabilities[first:last])], segment.start, segment.end))


def crossfades(lengths: Sequence[int], wanted: int) -> list[int]:
    """How many frames each segment, so many frames long, shares with the next: as wanted, or less where one is short.

    At least a frame of each is left that is its own.
    """
    most = [(length - 1) // 2 for length in lengths]
    return [min(wanted, one, other) for one, other in itertools.pairwise(most)]


def moments(part: ReelSegment, times: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The moments of a part, by the timeline of its VOD.

    Returns
    -------
    ndarray of float64, shape (moments, 2)
        For each its time, seconds from the part's start, and its probability, which holds until the next one; the first
        is at 0 or before.
    """
    first = max(0, np.searchsorted(times, part.start, side="right") - 1)
    last = np.searchsorted(times, part.end)
    return np.stack([times[first:last] - part.start, probabilities[first:last]], axis=1)


def write_table(path: Path, placed: Sequence[ReelSegment]) -> None:
    """Write where each segment is in its VOD and in the reel (seconds), its score, and that it is kept.

    It may be changed and given back as edits (`cut_list.read_table`).
    """
    rows = []
    for number, part in enumerate(placed, 1):
        numbers = (part.start, part.end, part.reel_start, part.reel_end, part.score)
        rows.append((number, part.vod.name, *(f"{value:.3f}" for value in numbers), "yes"))
    files.write_csv(path, COLUMNS, rows)
