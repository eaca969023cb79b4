"""Reading the user's CSV tables. An error in one is a sentence that names the file and the row."""

import csv
import math
import re
import reprlib
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Generic, TypeVar

from autotosis.project import files, names
from autotosis.project.errors import UserError

Value = TypeVar("Value")

# The largest length of an error message about a row (characters).
MAX_MESSAGE_LENGTH = 300


@dataclass(frozen=True)
class Row:
    """A row of a table, and its place in the file.

    Attributes
    ----------
    path : Path
        The CSV file.
    number : int
        The line of the file on which the row begins, counted from 1, as editors do.
    fields : dict of str to str
        The text of each column, without white space around it.
    """

    path: Path
    number: int
    fields: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.fields[column]

    def error(self, cause: str) -> UserError:
        """Make a UserError that names the file and this row."""
        # Shorten the message, because a field may have any length.
        return UserError(f"{self.path} row {self.number}: {textwrap.shorten(cause, MAX_MESSAGE_LENGTH)}")

    def video(self) -> str:
        """Return the column `video`; UserError unless it is a plain path inside the streamer's folder."""
        name = self["video"]
        if not is_plain(name):
            raise self.error(f"video is {reprlib.repr(name)}; write it as it is inside the folder, such as clips/a.mp4")
        return name

    def seconds(self, column: str) -> float:
        """Return a column as seconds; UserError if it is not a number or is negative."""
        value = self.number_in(column)
        if value < 0:
            raise self.error(f"{column} is {self[column]}, before the video begins")
        return value

    def number_in(self, column: str) -> float:
        """Return a column as a number; UserError unless it is finite."""
        try:
            value = float(self[column])
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.error(f"{column} is {reprlib.repr(self[column])}, not a number such as 62.5")
        return value


def is_plain(name: str) -> bool:
    """Return whether a name is a plain path inside the streamer's folder, as tables spell it."""
    return names.is_inside(name) and str(PurePosixPath(name)) == name


def clock(text: str) -> float | None:
    """Return the seconds of a time such as 2:05 or 1:02:05.5, or None if the text is not a time."""
    match = re.fullmatch(r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2}(?:\.\d+)?)", text.strip())
    if not match:
        return None
    hours, minutes, seconds = match.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)


def split_rows(
    path: Path, lines: Iterable[str], delimiter: str = ",", strict: bool = True
) -> Iterator[tuple[int, list[str]]]:
    """Split the lines of a CSV file into rows.

    Parameters
    ----------
    path : Path
        The file, for error messages.
    lines : iterable of str
        Its lines, such as the file itself, opened without translation of line ends.
    delimiter : str
        What separates fields. Several spaces separate as one does.
    strict : bool
        Whether a quotation mark in the wrong place is an error.

    Yields
    ------
    (int, list of str)
        The line on which a row begins, counted from 1, and its fields.

    Raises
    ------
    UserError
        If the text is not CSV in UTF-8.
    """
    reader, number = csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter == " ", strict=strict), 1
    try:
        for fields in reader:
            yield number, fields
            number = reader.line_num + 1
    except UnicodeDecodeError:
        raise UserError(f"{path}: not text in UTF-8; save it as CSV UTF-8") from None
    except csv.Error as error:
        raise UserError(f"{path} row {number}: {error}; check the quotation marks") from None


def read_rows(path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> Iterator[Row]:
    """Read a table with a header.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8. A missing file counts as an empty one. A line that begins with # is a comment.
    columns : sequence of str
        The columns that the header must name, in this order.
    optional : sequence of str
        Columns that the header may name as well. If there are any, the order is free.

    Yields
    ------
    Row
        Each row that is neither blank nor a comment.

    Raises
    ------
    UserError
        If the header differs, a row has too many or too few fields, the text is not UTF-8, or git has left a merge
        conflict in it.
    """
    files.check_regular(path)
    if not path.exists():
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = None
        for number, fields in split_rows(path, file):
            if fields and fields[0].lstrip().startswith("#"):
                continue
            if fields and fields[0].startswith("<"):
                files.check_merged(f"{path} row {number}", fields[0])
            if header is None:
                header = [name.strip() for name in fields]
                columns = _check_header(path, number, header, columns, optional)
                continue
            row = Row(path, number, dict(zip(columns, [field.strip() for field in fields], strict=False)))
            if not any(row.fields.values()):
                continue
            if len(fields) != len(columns):
                raise row.error(f"{len(fields)} fields where {len(columns)} belong: {','.join(columns)}")
            yield row
        if header is None:
            _check_header(path, 1, [], columns, optional)


def _check_header(
    path: Path, number: int, header: Sequence[str], columns: Sequence[str], optional: Sequence[str]
) -> Sequence[str]:
    """Return the columns in the order of the file; UserError if the header in this row does not name them."""
    named = set(header)
    if any(";" in name for name in header):
        raise UserError(
            f"{path} row {number}: the columns are separated by semicolons instead of commas; save the table with "
            "LibreOffice, tick Edit filter settings, and choose , as the field delimiter"
        )
    if optional and (len(named) < len(header) or not set(columns) <= named or not named <= {*columns, *optional}):
        others = ",".join(name for name in optional if name not in columns)
        raise UserError(
            f"{path} row {number}: the header must name {','.join(columns)}, and may name {others}, each once"
        )
    if not optional and header != list(columns):
        raise UserError(f"{path} row {number}: the header must be {','.join(columns)}, separated by commas")
    return header


class Patterns(Generic[Value]):
    """A table about videos, in which a row may name many of them by a pattern. The last matching row counts.

    Parameters
    ----------
    path : Path
        A table whose first column is `video`: a video's name inside the streamer's folder, or a glob pattern (* is any
        text, ? any character, and [ab] a or b). A name that looks like a pattern also matches itself.
    columns : sequence of str
        The other columns of the table.
    value : function
        Turns a row into the value that `of` returns for the videos that the row matches.
    """

    def __init__(self, path: Path, columns: Sequence[str], value: Callable[[Row], Value]):
        self.rows = [(row, value(row)) for row in read_rows(path, ("video", *columns))]

    def of(self, video: str) -> Value | None:
        """Return the value of the last row that matches this video, or None if no row does."""
        return next((value for row, value in reversed(self.rows) if matches(row["video"], video)), None)

    def unmatched(self, videos: Sequence[str]) -> Iterator[Row]:
        """Return the rows that match none of these videos; most likely their names are misspelt."""
        for row, _ in self.rows:
            if not any(matches(row["video"], video) for video in videos):
                yield row


def matches(pattern: str, video: str) -> bool:
    """Return whether a pattern, as in `Patterns`, matches the name of a video."""
    return pattern == video or fnmatchcase(video, pattern)
