"""data/dataset/index.csv: the label of each labelled moment of each clip."""

import reprlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from autotosis.project import files, tables

PATH = Path("data/dataset/index.csv")
# The index names clips as labels.csv does, because a row that begins with # is a comment.
CLIPS = "clips/"
# What to do if the index is malformed.
REBUILD = "make it again with `dvc repro -f build_dataset`"


@dataclass(frozen=True)
class Entry:
    """A labelled moment.

    Attributes
    ----------
    clip : str
        The file name of the clip, or the name of the excerpt as in `shards.excerpt_name`.
    moment : int
        The number of the moment in the shard.
    time : float
        The time of the moment, seconds from the beginning of the video.
    label : int
        1 for a highlight, 0 for calm.
    group : str
        The group of the clip. All clips of a group are in the same fold.
    """

    clip: str
    moment: int
    time: float
    label: int
    group: str


COLUMNS = tuple(field.name for field in fields(Entry))


def write(path: Path, entries: Iterable[Entry]) -> None:
    """Write the index."""
    names = ((entry.clip if "/" in entry.clip else CLIPS + entry.clip, entry) for entry in entries)
    files.write_csv(path, COLUMNS, ((name, *astuple(entry)[1:]) for name, entry in names))


def read_index() -> list[Entry]:
    """Read the index.

    Returns
    -------
    list of Entry
        The moments, clip by clip, in the order of time.

    Raises
    ------
    UserError
        If the index is missing, or a row is malformed or out of order.
    """
    entries: list[Entry] = []
    last_of: dict[str, Entry] = {}
    for row in tables.read_rows(PATH, COLUMNS):
        entry = Entry(
            row["clip"].removeprefix(CLIPS),
            _whole(row, "moment"),
            row.seconds("time"),
            _whole(row, "label"),
            row["group"],
        )
        before = last_of.get(entry.clip)
        if entry.label not in (0, 1):
            raise row.error(f"label is {entry.label}, not 1 or 0; {REBUILD}")
        if before and (before is not entries[-1] or before.moment >= entry.moment or before.group != entry.group):
            raise row.error(f"does not follow the last row of {reprlib.repr(entry.clip)}; {REBUILD}")
        last_of[entry.clip] = entry
        entries.append(entry)
    return entries


def _whole(row: tables.Row, column: str) -> int:
    """Read a whole number from a row; UserError if it is none."""
    number = row.seconds(column)
    if number % 1:
        raise row.error(f"{column} is {row[column]}, not a whole number; {REBUILD}")
    return int(number)
