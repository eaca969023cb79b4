"""Outputs that are whole or absent: written beside the target and renamed."""

import csv
import hashlib
import io
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from autotosis.project.errors import UserError


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path to write a file or folder at, which takes the target's place when the block ends well.

    The path is beside the target, hidden, with the target's suffix, and the same in every run, so that what a
    killed run left is replaced by the next.

    Parameters
    ----------
    target : Path
        The file or folder to replace; its parent folders are made.

    Yields
    ------
    Path
        Where to write; nothing is there yet.

    Raises
    ------
    OSError
        It cannot be written, for want of space or of permission; `filename` is the target.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial, old = (target.with_name(f".{state}-{target.name}") for state in ("partial", "old"))
    if old.exists() and not target.exists():
        # Killed between the two renames below: nothing has taken the place of the old folder.
        old.rename(target)
    remove(old)
    remove(partial)
    try:
        yield partial
        if partial.is_dir() and target.is_dir():
            target.rename(old)
            partial.rename(target)
            remove(old)
        else:
            os.replace(partial, target)
    except OSError as error:
        if error.filename in (None, str(partial)):
            raise OSError(error.errno, error.strerror, str(target)) from error
        raise
    finally:
        remove(partial)


def write_bytes(target: Path, content: bytes) -> None:
    """Write a file whole."""
    with replacing(target) as partial:
        partial.write_bytes(content)


def write_csv(target: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table that fits into memory whole, lines ended by a newline."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_bytes(target, text.getvalue().encode())


def check_regular(path: Path) -> None:
    """UserError if something that is no file stands at a path: to read a pipe or a device may take for ever."""
    if path.exists() and not path.is_file():
        raise UserError(f"{path}: not a regular file; remove it or put one in its place")


def read_text(path: Path) -> str:
    """The text of a regular file in UTF-8; UserError if something else stands there."""
    check_regular(path)
    return path.read_text(encoding="utf-8")


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove(path: Path) -> None:
    """Remove a file or folder, if there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
