"""The cut list of a VOD, data/cuts/<vod>.csv: what its reel shows. A user's own, in edits/, has the same columns."""

import itertools
from collections.abc import Sequence
from pathlib import Path

from autotosis.annotations.labels import ROUNDING
from autotosis.cuts.segments import Segment
from autotosis.project import files, tables
from autotosis.project.errors import UserError

FOLDER = Path("data/cuts")
COLUMNS = ("segment", "vod", "start", "end", "score", "keep", "event_start", "event_end")
# Columns of segments.csv beside a reel, which are accepted so that it can be copied into edits/ as well.
IGNORED = ("reel_start", "reel_end")
# Segments may overlap by this much, because times in a table are rounded (seconds).
ROUNDING_OF_TABLE = 1e-6
# The least length of a segment (seconds). Anything shorter is only an effect of rounding.
MIN_LENGTH = 0.001
KEEP = {"yes": True, "": True, "no": False}


def path(vod: str) -> Path:
    """Return the path of the cut list of the VOD with this name."""
    return FOLDER / f"{vod}.csv"


def write(target: Path, vod: str, segments: Sequence[Segment]) -> None:
    """Write the cut list of a VOD: for each segment, its times and those of its event, seconds in the VOD."""
    rows = []
    for number, segment in enumerate(segments, 1):
        figures = map(_text, (segment.start, segment.end, segment.score))
        rows.append((number, vod, *figures, "yes", _text(segment.event.start), _text(segment.event.end)))
    files.write_csv(target, COLUMNS, rows)


def read_cut_list(vod: str, duration: float) -> list[Segment]:
    """Read the cut list of a VOD of this duration (seconds); UserError if it is missing or malformed."""
    if not path(vod).exists():
        raise UserError(f"{path(vod)}: no such cut list; make it with `dvc repro select@{vod}`")
    return read_kept(path(vod), vod, duration)


def read_kept(table: Path, vod: str, duration: float) -> list[Segment]:
    """Read the segments of a cut list that the reel shows, in the order of time; UserError as in `read_segments`."""
    return [segment for segment, keep in read_segments(table, vod, duration) if keep]


def read_segments(table: Path, vod: str, duration: float) -> list[tuple[Segment, bool]]:
    """Read a cut list.

    Parameters
    ----------
    table : Path
        A table with the columns `start` and `end`, seconds in the VOD, and any of the other COLUMNS. A segment without
        a score gets the best one, 1.
    vod : str
        The VOD's name. Rows that name another one are errors.
    duration : float
        The length of the VOD, seconds.

    Returns
    -------
    list of (Segment, bool)
        The segment of each row, and whether its `keep` is not "no"; in the order of time.

    Raises
    ------
    UserError
        If a row is malformed, about another VOD or not inside this one, or if kept rows overlap.
    """
    rows = tables.read_rows(table, ("start", "end"), (*COLUMNS, *IGNORED))
    segments = sorted(((*_segment(row, vod, duration), row) for row in rows), key=lambda entry: entry[0].start)
    kept = [(segment, row) for segment, keep, row in segments if keep]
    for (earlier, row), (later, other) in itertools.pairwise(kept):
        if later.start < earlier.end - ROUNDING_OF_TABLE:
            raise other.error(f"overlaps row {row.number}; change the times, or remove one of the rows")
    return [(segment, keep) for segment, keep, _ in segments]


def _segment(row: tables.Row, vod: str, duration: float) -> tuple[Segment, bool]:
    """Read the segment of a row, and whether to keep it."""
    start, end, keep = row.seconds("start"), row.seconds("end"), row.fields.get("keep", "").lower()
    if row.fields.get("vod") not in (None, "", vod):
        raise row.error(f"names the VOD {row['vod']}, but this table is for {vod}")
    if keep not in KEEP:
        raise row.error(f"keep is {row['keep']!r}, not yes or no")
    if end <= start:
        raise row.error(f"ends at {end:g} s, not after its start at {start:g} s")
    if end - start < MIN_LENGTH - ROUNDING_OF_TABLE:
        raise row.error(f"lasts {end - start:g} s; the minimum is {MIN_LENGTH:g} s, which shows one frame")
    if end > duration + ROUNDING:
        raise row.error(f"ends at {end:g} s, but the VOD ends at {duration:.2f} s")
    if start > duration - MIN_LENGTH:
        raise row.error(f"begins at {start:g} s, but the VOD ends at {duration:.2f} s")
    score = row.number_in("score") if row.fields.get("score") else 1.0
    if not 0 <= score <= 1:
        raise row.error(f"score is {score:g}, not between 0 and 1")
    end = min(end, duration)
    event_start = row.seconds("event_start") if row.fields.get("event_start") else start
    event_end = row.seconds("event_end") if row.fields.get("event_end") else end
    # After an edit, the event may be outside the segment; then the whole segment is the event.
    pre_roll, post_roll = max(0.0, min(event_start, end) - start), max(0.0, end - max(event_end, start))
    if pre_roll + post_roll >= end - start:
        pre_roll = post_roll = 0.0
    return Segment(start, end, score, pre_roll, post_roll), KEEP[keep]


def _text(number: float) -> str:
    """Format a number with at most six decimals, without trailing zeros."""
    return f"{number:.6f}".rstrip("0").rstrip(".")
