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
    with replacing_all(target) as (partial,):
        yield partial


@contextmanager
def replacing_all(*targets: Path) -> Iterator[list[Path]]:
    """The same for several files and folders: all take their targets' places when the block ends well, or none does.

    The targets are not inside each other, and have a path each, in their order.
    """
    places = [_Place(target) for target in targets]
    try:
        yield [place.partial for place in places]
        for place in places:
            place.fill()
    except OSError as error:
        for place in places:
            if error.filename in (None, str(place.partial)):
                raise OSError(error.errno, error.strerror, str(place.target)) from error
        raise
    finally:
        for place in places:
            remove(place.partial)


class _Place:
    """A target, and the paths beside it at which what will take its place is made and what was there is put aside."""

    def __init__(self, target: Path):
        target.parent.mkdir(parents=True, exist_ok=True)
        self.target = target
        self.partial, self.old = (target.with_name(f".{state}-{target.name}") for state in ("partial", "old"))
        if self.old.exists() and not target.exists():
            # Killed between the two renames below: nothing has taken the place of the old folder.
            self.old.rename(target)
        remove(self.old)
        remove(self.partial)

    def fill(self) -> None:
        """Put what was made in the target's place."""
        if self.partial.is_dir() and self.target.is_dir():
            self.target.rename(self.old)
            self.partial.rename(self.target)
            remove(self.old)
        else:
            os.replace(self.partial, self.target)


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


def read_text(path: Path, at_most: int) -> str:
    """The text of a regular file in UTF-8; UserError if something else stands there, or more than so many bytes."""
    check_regular(path)
    if path.stat().st_size > at_most:
        raise UserError(f"{path}: larger than {at_most} bytes, so that it is hardly what belongs there")
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
