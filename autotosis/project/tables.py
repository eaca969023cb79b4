"""The user's small CSV files; what is wrong in one is a sentence that names the file and the row."""

import csv
import math
import reprlib
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Generic, TypeVar

from autotosis.project import files
from autotosis.project.errors import UserError

Value = TypeVar("Value")

# What is wrong in a row is told in so many characters at most.
LONGEST = 300


@dataclass(frozen=True)
class Row:
    """A row of a table, and where it stands.

    Attributes
    ----------
    path : Path
        The file.
    number : int
        The line of the file that it begins on, as an editor counts: the header is 1.
    fields : dict
        Text of each column, without white space around it.
    """

    path: Path
    number: int
    fields: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.fields[column]

    def error(self, cause: str) -> UserError:
        """The sentence that says what is wrong in this row."""
        # A field may be of any length.
        return UserError(f"{self.path} row {self.number}: {textwrap.shorten(cause, LONGEST)}")

    def video(self) -> str:
        """The column `video`; UserError unless it is written in the one way that names it inside the folder."""
        name = self["video"]
        path = PurePosixPath(name)
        if str(path) != name or path.is_absolute() or ".." in path.parts or not name.isprintable():
            raise self.error(f"video is {reprlib.repr(name)}; write it as it is inside the folder, such as clips/a.mp4")
        return name

    def seconds(self, column: str) -> float:
        """The column as a number of seconds; UserError if it is not one or is negative."""
        value = self.number_in(column)
        if value < 0:
            raise self.error(f"{column} is {self[column]}, before the video begins")
        return value

    def number_in(self, column: str) -> float:
        """The column as a finite number; UserError if it is none."""
        try:
            value = float(self[column])
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.error(f"{column} is {reprlib.repr(self[column])}, not a number such as 62.5")
        return value


def read_rows(path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> Iterator[Row]:
    """Read a table with a header.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8. One that does not exist counts as empty.
    columns : sequence of str
        What the header must be, in this order.
    optional : sequence of str
        What it may name as well; then the order is free.

    Yields
    ------
    Row
        Each row that is not blank.

    Raises
    ------
    UserError
        Another header, a row with too many or too few fields, or text that is not UTF-8.
    """
    files.check_regular(path)
    if not path.exists():
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, strict=True)
        try:
            header = [name.strip() for name in next(lines, [])]
            if optional:
                _check_header(path, header, columns, optional)
                columns = header
            elif header != list(columns):
                raise UserError(f"{path} row 1: the header must be {','.join(columns)}, with commas between")
            number = lines.line_num + 1
            for fields in lines:
                row = Row(path, number, dict(zip(columns, [field.strip() for field in fields], strict=False)))
                number = lines.line_num + 1
                if not any(row.fields.values()):
                    continue
                if len(fields) != len(columns):
                    raise row.error(f"{len(fields)} fields where {len(columns)} belong ({','.join(columns)})")
                yield row
        except UnicodeDecodeError:
            raise UserError(f"{path}: not text in UTF-8; save it as CSV UTF-8") from None
        except csv.Error as error:
            raise UserError(f"{path} row {lines.line_num}: {error}") from None


def _check_header(path: Path, header: Sequence[str], columns: Sequence[str], optional: Sequence[str]) -> None:
    named = set(header)
    if len(named) < len(header) or not set(columns) <= named or not named <= {*columns, *optional}:
        others = ",".join(name for name in optional if name not in columns)
        raise UserError(f"{path} row 1: the header must name {','.join(columns)}, and may name {others}, each once")


class Patterns(Generic[Value]):
    """A table of globs on videos' names, in which the last row that fits a video counts.

    Parameters
    ----------
    path : Path
        A table whose first column is `video`: a name inside the streamer's folder, with * and ? for any text or
        letter and [ab] for one of some, or exactly a video's name, whatever it is made of.
    columns : sequence of str
        The other columns.
    value : function
        What a row says of the videos that it fits.
    """

    def __init__(self, path: Path, columns: Sequence[str], value: Callable[[Row], Value]):
        self.rows = [(row, value(row)) for row in read_rows(path, ("video", *columns))]

    def of(self, video: str) -> Value | None:
        """What the last row that fits this video says; None if no row does."""
        return next((value for row, value in reversed(self.rows) if _fits(row["video"], video)), None)

    def idle(self, videos: Sequence[str]) -> Iterator[Row]:
        """The rows that fit none of these videos, which are most likely misspelt."""
        for row, _ in self.rows:
            if not any(_fits(row["video"], video) for video in videos):
                yield row


def _fits(pattern: str, video: str) -> bool:
    return pattern == video or fnmatchcase(video, pattern)
