"""Which files a video is made of: one, or those of a folder, since long VODs are often delivered in parts."""

import re
from pathlib import Path

from autotosis.project.errors import UserError


def video_files(path: Path) -> list[Path]:
    """The files of a video, in the order of time.

    Parameters
    ----------
    path : Path
        A file, which may be missing; or a folder, whose files are the parts of one video in the order of their names
        (part2 before part10). Hidden files are none of them.

    Raises
    ------
    UserError
        A folder without a file, or with one whose name has several lines.
    """
    if not path.is_dir():
        return [path]
    parts = sorted((part for part in path.iterdir() if part.is_file() and part.name[0] != "."), key=_natural)
    if not parts:
        raise UserError(f"{path}: there is no video in this folder; put the parts of a VOD there, or name a file")
    for part in parts:
        if "\n" in part.name:
            raise UserError(f"{path}: the name of {part.name!r} in it has several lines; rename it")
    return parts


def _natural(path: Path) -> tuple[list[str | int], str]:
    # Every other piece is a number, so that like is compared with like.
    pieces = re.split(r"(\d+)", path.name)
    return [int(piece) if number % 2 else piece for number, piece in enumerate(pieces)], path.name
