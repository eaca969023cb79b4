"""data/<name>/edits/<vod>.csv: what a person wants the reel to show, instead of what the model chose."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from stages.lib import reel, tables
from stages.lib.labels import ROUNDING
from stages.lib.segments import Segment

FOLDER = "edits"
NEEDED = ("start", "end")
KEPT = {"yes": True, "": True, "no": False}


def read(folder: Path, vod: str, duration: float) -> list[Segment] | None:
    """What a person chose of a VOD.

    Parameters
    ----------
    folder : Path
        The streamer's folder.
    vod : str
        The VOD's name.
    duration : float
        Of the VOD, seconds.

    Returns
    -------
    list of Segment or None
        The rows that are to be kept, in the order of time; None if there is no such table.

    Raises
    ------
    UserError
        A malformed row, one that is of another VOD or not inside this one, kept rows that overlap.
    """
    path = folder / FOLDER / f"{vod}.csv"
    if not path.exists():
        return None
    kept = sorted(
        (pair for row in tables.read(path, NEEDED, reel.COLUMNS) for pair in _marked(row, vod, duration)),
        key=lambda pair: pair[0].start,
    )
    for (earlier, row), (later, other) in zip(kept, kept[1:], strict=False):
        if later.start < earlier.end:
            raise other.error(f"overlaps row {row.number}; what is shown is shown once")
    return [segment for segment, _ in kept]


def idle(folder: Path, vods: Iterable[str]) -> list[Path]:
    """The files that are no table of a VOD of these names, which are most likely misspelt."""
    tables_of_vods = {f"{vod}.csv" for vod in vods}
    return sorted(path for path in (folder / FOLDER).glob("[!.]*") if path.name not in tables_of_vods)


def _marked(row: tables.Row, vod: str, duration: float) -> Sequence[tuple[Segment, tables.Row]]:
    """The segment of a row, if it is to be kept."""
    start, end, keep = row.seconds("start"), row.seconds("end"), row.fields.get("keep", "").lower()
    if row.fields.get("vod") not in (None, "", vod):
        raise row.error(f"is of {row['vod']}, and this is the table of {vod}")
    if keep not in KEPT:
        raise row.error(f"keep is {row['keep']!r}, not yes or no")
    if end <= start:
        raise row.error(f"ends at {end:g} s, not after its start at {start:g} s")
    if end > duration + ROUNDING:
        raise row.error(f"ends at {end:g} s, but the VOD at {duration:.2f} s")
    if start >= duration:
        raise row.error(f"begins at {start:g} s, but the VOD ends at {duration:.2f} s")
    score = row.number_in("score") if row.fields.get("score") else 1.0
    if not 0 <= score <= 1:
        raise row.error(f"score is {score:g}, not between 0 and 1")
    return [(Segment(start, min(end, duration), score), row)] if KEPT[keep] else []
