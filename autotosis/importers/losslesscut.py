"""Segments of LosslessCut, exported as CSV with times in seconds."""

from pathlib import Path

from autotosis.importers.reading import number, read_text
from autotosis.importers.stretches import Stretch
from autotosis.project import tables
from autotosis.project.errors import UserError

NAME = "losslesscut"


def read(path: Path) -> list[Stretch]:
    """Read a row per segment, without a header: start and end (seconds) and label. An empty start is that of the video.
    A row without an end is a marker, which is a point.

    https://github.com/mifi/lossless-cut/blob/master/docs/index.md#csv-files
    """
    stretches = []
    for line, fields in tables.split_rows(path, read_text(path).split("\n")):
        place = f"{path} line {line}"
        if not any(fields):
            continue
        if len(fields) not in (2, 3):
            raise UserError(f"{place}: {len(fields)} fields where a segment has start, end and label")
        start = number(fields[0], place) if fields[0].strip() else 0.0
        end = number(fields[1], place) if fields[1].strip() else start
        stretches.append(Stretch(None, start, end, fields[2].strip() if len(fields) > 2 else "", place))
    return stretches
