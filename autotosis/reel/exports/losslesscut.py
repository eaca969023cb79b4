"""The segments as LosslessCut imports them."""

import csv
import io

from autotosis.reel import reel
from autotosis.reel.exports.frames import Edit

NAME = "losslesscut.csv"


def export(edit: Edit) -> str:
    """Write start, end (seconds in the VOD) and title of each segment, as LosslessCut imports them, without a header.

    https://github.com/mifi/lossless-cut/blob/master/import-export.md
    """
    text = io.StringIO()
    rows = [(f"{part.start:.3f}", f"{part.end:.3f}", reel.title(part)) for part in edit.segments]
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
