"""Names of files, which may have any character that a line of text can hold."""

import re
from pathlib import PurePosixPath

# Control characters, ends of lines and paragraphs, and surrogates, which stand for bytes that are not UTF-8.
UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def printable(text: str) -> str:
    """Return a text as it can be printed: with ? for each character that no line can hold."""
    return UNFIT.sub("?", text)


def is_inside(name: str) -> bool:
    """Return whether a name can be written into tables, and names a file or folder inside the streamer's folder."""
    path = PurePosixPath(name)
    return str(path) != "." and not path.is_absolute() and ".." not in path.parts and not UNFIT.search(name)
