"""data/dataset/index.csv: which frame of which clip has which label."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from autotosis.project import files, tables

PATH = Path("data/dataset/index.csv")


@dataclass(frozen=True)
class Entry:
    """A frame to learn from or be measured on.

    Attributes
    ----------
    clip : str
        File name of the clip, or the excerpt of a VOD as `shards.excerpt` names it.
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


def write(entries: Iterable[Entry]) -> None:
    """Write the index."""
    files.write_csv(PATH, COLUMNS, map(astuple, entries))


def read_index() -> list[Entry]:
    """The entries, those of a clip together."""
    return [
        Entry(row["clip"], int(row["frame"]), float(row["time"]), int(row["label"]), row["group"])
        for row in tables.read_rows(PATH, COLUMNS)
    ]
