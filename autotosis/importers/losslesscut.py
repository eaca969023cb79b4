"""Segments of LosslessCut, exported as CSV with times in seconds."""

import csv
from pathlib import Path

from autotosis.importers.reading import number, read_text
from autotosis.importers.stretches import Stretch
from autotosis.project.errors import UserError

NAME = "losslesscut"


def read(path: Path, fps: float | None) -> list[Stretch]:
    """Read a row per segment, without a header: start and end (seconds) and label. An empty start is that of the video,
    and an empty end is its end. `fps` is not used.

    https://github.com/mifi/lossless-cut/blob/master/import-export.md
    """
    stretches = []
    lines = csv.reader(read_text(path).splitlines(), strict=True)
    try:
        for fields in lines:
            place = f"{path} line {lines.line_num}"
            if not any(fields):
                continue
            if len(fields) not in (2, 3):
                raise UserError(f"{place}: {len(fields)} fields where a segment has start, end and label")
            start = number(fields[0], place) if fields[0].strip() else 0.0
            end = number(fields[1], place) if fields[1].strip() else None
            stretches.append(Stretch(None, start, end, fields[2].strip() if len(fields) > 2 else "", place))
    except csv.Error as error:
        raise UserError(f"{path} line {lines.line_num}: {error}") from None
    return stretches
