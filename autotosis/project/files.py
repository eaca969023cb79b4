"""Writing outputs so that they are never incomplete: each is written beside its target and then renamed."""

import csv
import errno
import hashlib
import io
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from autotosis.project.errors import UserError

# How git marks a conflict.
CONFLICT = re.compile("^<<<<<<< ", re.MULTILINE)


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a temporary path to write to; it replaces the target when the block ends without an error.

    The path is a hidden one beside the target, with the same suffix. It is the same in every run, so that the next run
    removes what a killed run left there.

    Parameters
    ----------
    target : Path
        The file or folder to replace. Its parent folders are created.

    Yields
    ------
    Path
        The path to write to. Nothing exists there yet.

    Raises
    ------
    OSError
        If it cannot be written, such as on a full disk; `filename` is the target.
    UserError
        If what an earlier run has left cannot be removed.
    """
    with replacing_all(target) as (partial,):
        yield partial


@contextmanager
def replacing_all(*targets: Path) -> Iterator[list[Path]]:
    """Replace several files and folders at the end of the block, as `replacing` does: all, or none after an exception.

    They are renamed one after the other. No target may be inside another. The temporary paths are in the order of the
    targets.
    """
    places: list[_Place] = []
    try:
        places += map(_Place, targets)
        yield [place.partial for place in places]
        for place in places:
            place.check()
        for place in places:
            place.commit()
    except OSError as error:
        for place in places:
            # An error in copying names the source first.
            if error.filename is None or str(place.partial) in (error.filename, error.filename2):
                raise OSError(error.errno, error.strerror, str(place.target)) from error
        raise
    finally:
        for place in places:
            remove(place.partial)


class _Place:
    """A target, the path beside it for its new content (`partial`), and the one for its old content (`old`)."""

    def __init__(self, target: Path):
        target.parent.mkdir(parents=True, exist_ok=True)
        self.target = target
        self.partial, self.old = (target.with_name(f".{state}-{target.name}") for state in ("partial", "old"))
        if self.old.exists() and not target.exists():
            # An earlier run was killed between the two renames in `commit`, so restore the old folder.
            self.old.rename(target)
        try:
            remove(self.old)
        except OSError as error:
            raise UserError(
                f"{target}: its former content, {self.old.name} beside it, cannot be removed "
                f"({error.strerror}); close the programs that use it, or remove it yourself"
            ) from None
        remove(self.partial)

    def check(self) -> None:
        """Raise an OSError if a folder is where a file belongs, or the other way round."""
        if self.target.is_dir() and not self.partial.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(self.target))
        if self.partial.is_dir() and self.target.exists() and not self.target.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(self.target))

    def commit(self) -> None:
        """Replace the target by the new content."""
        if self.partial.is_dir() and self.target.is_dir():
            self.target.rename(self.old)
            self.partial.rename(self.target)
            # On a network share, what a player still shows cannot be removed. The next run does it.
            with suppress(OSError):
                remove(self.old)
        else:
            os.replace(self.partial, self.target)


def write_durably(path: Path, content: bytes) -> None:
    """Write a file that is on the disk before it is renamed, so that a power cut leaves no empty table."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def replacing_table(target: Path, content: bytes) -> Iterator[Path]:
    """Replace a table of the user durably, if the block, which may check the new one, ends without an error.

    Its permissions stay as they are. If it is a link, such as into a folder that is synchronized, the link stays, and
    what it leads to is replaced.

    Parameters
    ----------
    target : Path
        The table to replace. Its parent folders are created.
    content : bytes
        The new content.

    Yields
    ------
    Path
        A file beside the table that has the new content.
    """
    with replacing(target) as partial:
        write_durably(partial, content)
        if target.exists():
            # Some file systems, such as those of Windows, have no permissions.
            with suppress(OSError):
                shutil.copymode(target, partial)
        yield partial
        if target.is_symlink():
            with replacing_table(Path(os.path.realpath(target)), content):
                pass
            partial.unlink()
            partial.symlink_to(os.readlink(target))


def write_bytes(target: Path, content: bytes) -> None:
    """Write a file; it is complete or not there at all."""
    with replacing(target) as partial:
        partial.write_bytes(content)


def write_csv(target: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV table that fits into memory, with Unix line endings; it is complete or not there at all."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_bytes(target, text.getvalue().encode())


def check_regular(path: Path) -> None:
    """Raise a UserError if a path is a pipe, a device or a folder, or a link that leads nowhere.

    Reading from a pipe might never end, and what such a link should name would count as missing.
    """
    if path.is_symlink() and not path.exists():
        raise UserError(f"{path}: a link that leads nowhere; remove it or put a file in its place")
    if path.exists() and not path.is_file():
        raise UserError(f"{path}: not a regular file; remove it or put one in its place")


def read_text(path: Path, at_most: int) -> str:
    """Read a UTF-8 text; UserError if it is not one, not a regular file, or over `at_most` bytes."""
    check_regular(path)
    if path.stat().st_size > at_most:
        raise UserError(f"{path}: larger than {at_most} bytes, so it is probably the wrong file")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path}: not text in UTF-8; save it as UTF-8") from None


def check_merged(place: str, text: str) -> None:
    """Raise a UserError that names the place of a text, if git has left a merge conflict in the text."""
    if CONFLICT.search(text):
        raise UserError(
            f"{place}: has a merge conflict; keep the right lines, and remove the lines that begin with <<<<<<<, "
            "======= or >>>>>>>"
        )


@contextmanager
def named_in_errors(path: Path) -> Iterator[None]:
    """Add a file's name to any OSError of the block; errors in reading an open file have none."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def digest(path: Path) -> str:
    """Compute the SHA-256 of a file's content, as hexadecimal digits; UserError unless it is a regular file."""
    check_regular(path)
    with named_in_errors(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove(path: Path) -> None:
    """Remove a file or folder if it exists."""
    if path.is_dir() and not path.is_symlink():
        try:
            shutil.rmtree(path)
        except OSError as error:
            # Its own `filename` may be relative to a folder inside.
            raise OSError(error.errno, error.strerror, str(path)) from None
    else:
        path.unlink(missing_ok=True)
