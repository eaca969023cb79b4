"""The files of a video: one, or those in a folder, because long VODs are often delivered in parts."""

import re
from pathlib import Path

from autotosis.project import names
from autotosis.project.errors import UserError

# The endings of the names of videos. Recorders and downloaders leave playlists, texts, pictures and unfinished files
# beside the parts of a VOD.
# fmt: off
ENDINGS = frozenset([
    "3g2", "3gp", "amv", "asf", "avi", "divx", "dv", "dvr-ms", "f4v", "flv", "gxf", "h264", "h265", "hevc", "ivf",
    "m1v", "m2t", "m2ts", "m2v", "m4s", "m4v", "mjpeg", "mjpg", "mkv", "mod", "mov", "mp4", "mpe", "mpeg", "mpg",
    "mts", "mxf", "nut", "ogm", "ogv", "qt", "rm", "rmvb", "tod", "tp", "trp", "ts", "vob", "vro", "webm", "wmv",
    "wtv", "y4m",
])
# fmt: on
# The first bytes of playlists. FFmpeg would read the files that they name, wherever they are, and wait for the end of a
# live stream.
PLAYLISTS = (b"#EXTM3U", b"ffconcat")


def video_files(path: Path) -> list[Path]:
    """List the files of a video, in the order of time.

    Parameters
    ----------
    path : Path
        A file, which may be missing, or a folder. The videos in a folder are the parts of one video, in the order of
        their names (part2 before part10). The ending of its name tells whether a file is a video; hidden files are
        ignored.

    Raises
    ------
    UserError
        If a folder has no video, or one whose name cannot be used, as in `check_name`.
    """
    if not path.is_dir():
        return [path]
    parts = sorted((part for part in _visible(path) if is_video(part)), key=_natural)
    if not parts:
        raise UserError(f"{path}: there is no video in this folder; put the parts of a VOD there, or name a file")
    for part in parts:
        check_name(part)
    return parts


def check_name(path: Path) -> None:
    """Raise a UserError if the name of a file is not in UTF-8, or has a character that no line of text can hold."""
    try:
        path.name.encode()
    except UnicodeEncodeError:
        raise UserError(f"{path}: its name is not in UTF-8; rename the file") from None
    if names.UNFIT.search(path.name):
        raise UserError(f"{path}: its name has a line break or another control character; rename the file")


def left_out(path: Path) -> list[Path]:
    """List the files of a folder, except for hidden ones, that are not parts of the video; none if it is a file."""
    return sorted(part for part in _visible(path) if not is_video(part)) if path.is_dir() else []


def check(path: Path) -> None:
    """Raise a UserError if a file is empty, a playlist or a device, which FFmpeg would not say clearly."""
    if path.exists() and not path.is_file():
        raise UserError(f"{path}: neither a file nor a folder of parts; remove or replace it")
    try:
        with path.open("rb") as file:
            start = file.read(16).removeprefix(b"\xef\xbb\xbf")
    except OSError:
        # FFmpeg reports the cause.
        return
    if not start:
        raise UserError(f"{path}: the file is empty; remove it or download it again")
    if start.startswith(PLAYLISTS):
        raise UserError(f"{path}: a playlist, not a video; name the folder that holds its files")


def _visible(folder: Path) -> list[Path]:
    return [part for part in folder.iterdir() if part.is_file() and part.name[0] != "."]


def is_video(path: Path) -> bool:
    """Whether the name of a file ends like that of a video."""
    return path.suffix.lower().removeprefix(".") in ENDINGS


def _natural(path: Path) -> tuple[list[str | int], str]:
    """Return the sort key of a file name in which numbers are compared by value."""
    # Every second piece is a number, so numbers are only compared with numbers.
    pieces = re.split(r"(\d+)", path.name)
    return [int(piece) if number % 2 else piece for number, piece in enumerate(pieces)], path.name
