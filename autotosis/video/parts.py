"""Which files a video is made of: one, or those of a folder, since long VODs are often delivered in parts."""

import re
from pathlib import Path

from autotosis.project.errors import UserError

# How the names of videos end. Beside the parts of a VOD, recorders and downloaders leave playlists, texts, pictures and
# unfinished files.
ENDINGS = frozenset(
    [
        "3g2",
        "3gp",
        "amv",
        "asf",
        "avi",
        "divx",
        "dv",
        "dvr-ms",
        "f4v",
        "flv",
        "gxf",
        "h264",
        "h265",
        "hevc",
        "ivf",
        "m1v",
        "m2t",
        "m2ts",
        "m2v",
        "m4s",
        "m4v",
        "mjpeg",
        "mjpg",
        "mkv",
        "mov",
        "mp4",
        "mpe",
        "mpeg",
        "mpg",
        "mts",
        "mxf",
        "nut",
        "ogm",
        "ogv",
        "qt",
        "rm",
        "rmvb",
        "tod",
        "ts",
        "vob",
        "webm",
        "wmv",
        "wtv",
        "y4m",
    ]
)
# How playlists begin: FFmpeg would read the files that they name, wherever these are, and wait for a live stream's end.
PLAYLISTS = (b"#EXTM3U", b"ffconcat")


def video_files(path: Path) -> list[Path]:
    """The files of a video, in the order of time.

    Parameters
    ----------
    path : Path
        A file, which may be missing; or a folder, whose videos are the parts of one video in the order of their names
        (part2 before part10). What is a video is told by the ending of its name; hidden files are none.

    Raises
    ------
    UserError
        A folder without a video, or with one whose name has several lines.
    """
    if not path.is_dir():
        return [path]
    parts = sorted((part for part in _visible(path) if _is_video(part)), key=_natural)
    if not parts:
        raise UserError(f"{path}: there is no video in this folder; put the parts of a VOD there, or name a file")
    for part in parts:
        if "\n" in part.name:
            raise UserError(f"{path}: the name of {part.name!r} in it has several lines; rename it")
    return parts


def left_out(path: Path) -> list[Path]:
    """The files of a folder, but for hidden ones, that are no part of the video; none where it is a file."""
    return sorted(part for part in _visible(path) if not _is_video(part)) if path.is_dir() else []


def check(path: Path) -> None:
    """UserError if a file is empty, a playlist or a device, of which FFmpeg would not say so."""
    if path.exists() and not path.is_file():
        raise UserError(f"{path}: neither a file nor a folder of parts; remove or replace it")
    try:
        with path.open("rb") as file:
            start = file.read(16).removeprefix(b"\xef\xbb\xbf")
    except OSError:
        # FFmpeg says why.
        return
    if not start:
        raise UserError(f"{path}: the file is empty; remove it or download it again")
    if start.startswith(PLAYLISTS):
        raise UserError(f"{path}: a playlist, not a video; name the folder of the files in it")


def _visible(folder: Path) -> list[Path]:
    return [part for part in folder.iterdir() if part.is_file() and part.name[0] != "."]


def _is_video(path: Path) -> bool:
    return path.suffix.lower().removeprefix(".") in ENDINGS


def _natural(path: Path) -> tuple[list[str | int], str]:
    # Every other piece is a number, so that like is compared with like.
    pieces = re.split(r"(\d+)", path.name)
    return [int(piece) if number % 2 else piece for number, piece in enumerate(pieces)], path.name
