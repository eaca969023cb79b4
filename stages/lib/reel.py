"""What a reel is made of: segments of a VOD, each in its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stages.lib import files
from stages.lib.segments import Segment

FOLDER = Path("reels")
COLUMNS = ("segment", "start", "end", "reel_start", "reel_end", "score", "keep")


@dataclass(frozen=True)
class Part:
    """A segment in its place in the reel.

    Attributes
    ----------
    start, end : float
        Seconds in the VOD.
    reel_start, reel_end : float
        Seconds in the reel.
    score : float
        As in `Segment`.
    best : float
        When its probability is highest, seconds in the VOD.
    """

    start: float
    end: float
    reel_start: float
    reel_end: float
    score: float
    best: float


def parts(
    shown: Sequence[Segment], lengths: Sequence[float], times: np.ndarray, probabilities: np.ndarray
) -> list[Part]:
    """Segments one after the other.

    Parameters
    ----------
    shown : sequence of Segment
        In the order of the reel.
    lengths : sequence of float
        How long each is in the reel, seconds.
    times, probabilities : ndarray of float64, shape (moments,)
        The timeline of their VOD.
    """
    seams = np.cumsum([0, *lengths]).tolist()
    placed = []
    for segment, start, end in zip(shown, seams, seams[1:], strict=False):
        first, last = np.searchsorted(times, (segment.start, segment.end))
        best = first + int(np.argmax(probabilities[first : max(last, first + 1)]))
        placed.append(
            Part(segment.start, segment.end, start, end, segment.score, float(times[min(best, len(times) - 1)]))
        )
    return placed


def write_table(path: Path, placed: Sequence[Part]) -> None:
    """Write where each segment is in the VOD and in the reel (seconds), its score, and that it is kept.

    The table may be changed and given back (`edits.read`).
    """
    rows = []
    for number, part in enumerate(placed, 1):
        numbers = (part.start, part.end, part.reel_start, part.reel_end, part.score)
        rows.append((number, *(f"{value:.3f}" for value in numbers), "yes"))
    files.write_csv(path, COLUMNS, rows)
