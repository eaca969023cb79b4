"""data/dataset/index.csv: which frame of which clip has which label, and on which side of the split it is."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from stages.lib import files, tables

PATH = Path("data/dataset/index.csv")


@dataclass(frozen=True)
class Entry:
    """A frame to learn from or be measured on.

    Attributes
    ----------
    clip : str
        File name of the clip.
    frame : int
        Its number in the clip's shard.
    time : float
        Seconds from the clip's beginning.
    label : int
        1 for a highlight, 0 for none.
    split : str
        split.TRAIN or split.VALIDATION.
    """

    clip: str
    frame: int
    time: float
    label: int
    split: str


COLUMNS = tuple(field.name for field in fields(Entry))


def write(entries: Iterable[Entry]) -> None:
    """Write the index."""
    files.write_csv(PATH, COLUMNS, map(astuple, entries))


def read(side: str) -> list[Entry]:
    """The entries of one side of the split."""
    return [
        Entry(row["clip"], int(row["frame"]), float(row["time"]), int(row["label"]), row["split"])
        for row in tables.read(PATH, COLUMNS)
        if row["split"] == side
    ]
