"""data/dataset/index.csv: which frame of which clip has which label."""

import reprlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from autotosis.project import files, tables

PATH = Path("data/dataset/index.csv")
# What to do about an index that is none.
ANEW = "make it anew with `dvc repro -f build_dataset`"


@dataclass(frozen=True)
class Entry:
    """A frame to learn from or be measured on.

    Attributes
    ----------
    clip : str
        File name of the clip, or the excerpt of a VOD as `shards.excerpt_name` names it.
    frame : int
        Its number in the clip's shard.
    time : float
        Seconds from the video's beginning.
    label : int
        1 for a highlight, 0 for none.
    group : str
        Clips of one group are learned from together or measured on together.
    """

    clip: str
    frame: int
    time: float
    label: int
    group: str


COLUMNS = tuple(field.name for field in fields(Entry))


def write(path: Path, entries: Iterable[Entry]) -> None:
    """Write the index."""
    files.write_csv(path, COLUMNS, map(astuple, entries))


def read_index() -> list[Entry]:
    """The entries, those of a clip together and in order; UserError at a row that `write` did not write."""
    entries: list[Entry] = []
    last_of: dict[str, Entry] = {}
    for row in tables.read_rows(PATH, COLUMNS):
        entry = Entry(row["clip"], _whole(row, "frame"), row.seconds("time"), _whole(row, "label"), row["group"])
        before = last_of.get(entry.clip)
        if entry.label not in (0, 1):
            raise row.error(f"label is {entry.label}, not 1 or 0; {ANEW}")
        if before and (before is not entries[-1] or before.frame >= entry.frame or before.group != entry.group):
            raise row.error(f"does not follow the last row of {reprlib.repr(entry.clip)}; {ANEW}")
        last_of[entry.clip] = entry
        entries.append(entry)
    return entries


def _whole(row: tables.Row, column: str) -> int:
    number = row.seconds(column)
    if number % 1:
        raise row.error(f"{column} is {row[column]}, not a whole number; {ANEW}")
    return int(number)
