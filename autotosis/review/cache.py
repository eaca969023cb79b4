"""A cache of derived files, such as proxies of videos; beyond a limit, the least recently used are removed."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from autotosis.project import files
from autotosis.review.videos import Video

FOLDER = Path(".dvc/tmp/review")
# How much is kept (bytes): a few hours of proxies.
LIMIT = 1 << 30
# Encoding uses all cores by itself, so one file is made at a time; whoever wants the same one waits and then has it.
LOCK = Lock()


def get(video: Video, kind: str, number: int, suffix: str, make: Callable[[Path], None]) -> Path:
    """Return a file that is derived from a video, and make it first if it is not there.

    Parameters
    ----------
    video : Video
        The video. A change of its files or of its sound tracks makes other derived files.
    kind, number : str, int
        The kind of file, and its index.
    suffix : str
        The end of its name, such as ".mp4".
    make : function
        Writes the file to the path that it is given.
    """
    key = hashlib.sha256(f"{video} {kind} {number}".encode()).hexdigest()[:32]
    path = FOLDER / f"{key}{suffix}"
    with LOCK:
        if path.exists():
            os.utime(path)
        else:
            with files.replacing(path) as partial:
                make(partial)
            _shrink(path)
    return path


def _shrink(newest: Path) -> None:
    """Remove the least recently used files until the rest fits the limit."""
    there = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in FOLDER.iterdir() if path.is_file())
    excess = sum(size for _, size, _ in there) - LIMIT
    for _, size, path in there:
        if excess <= 0:
            return
        if path != newest:
            path.unlink(missing_ok=True)
            excess -= size
