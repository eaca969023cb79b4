"""Chapters in the description of a video on YouTube."""

import itertools
import re
from pathlib import Path

from autotosis.importers.reading import read_text
from autotosis.importers.stretches import Stretch
from autotosis.project import tables
from autotosis.project.errors import UserError

NAME = "youtube-chapters"


def read(path: Path) -> list[Stretch]:
    """Read the lines of a description that begin with a time. A chapter ends where the next one begins.

    https://support.google.com/youtube/answer/9884579
    """
    chapters = []
    for count, line in enumerate(read_text(path).splitlines(), 1):
        match = re.fullmatch(r"\s*\(?((?:\d+:)?\d{1,2}:\d{2})\)?[\s\-–—:|]*(.*?)\s*", line)
        time = tables.clock(match[1]) if match else None
        if match and time is not None:
            chapters.append((time, match[2], f"{path} line {count}"))
    if not chapters:
        raise UserError(f"{path}: no line begins with a time such as 1:02:05, so there are no chapters")
    for (before, *_), (start, _, place) in itertools.pairwise(chapters):
        if start <= before:
            raise UserError(f"{place}: the chapter does not begin after the one before it")
    ends = [start for start, *_ in chapters[1:]]
    return [
        Stretch(None, start, end, name, place)
        for (start, name, place), end in zip(chapters, [*ends, None], strict=True)
    ]
