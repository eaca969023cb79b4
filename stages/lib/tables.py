"""The user's small CSV files; what is wrong in one is a sentence that names the file and the row."""

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stages.lib.errors import UserError


@dataclass(frozen=True)
class Row:
    """A row of a table, and where it stands.

    Attributes
    ----------
    path : Path
        The file.
    number : int
        The line of the file, as an editor counts it: the header is 1.
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
        return UserError(f"{self.path} row {self.number}: {cause}")

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
            raise self.error(f"{column} is {self[column]!r}, not a number")
        return value


def read(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Read a table with a header.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8. One that does not exist counts as empty.
    columns : sequence of str
        What the header must be, in this order.

    Yields
    ------
    Row
        Each row that is not blank.

    Raises
    ------
    UserError
        Another header, a row with too many or too few fields, or text that is not UTF-8.
    """
    if not path.exists():
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file)
        try:
            header = [name.strip() for name in next(lines, [])]
            if header != list(columns):
                raise UserError(f"{path} row 1: the header must be {','.join(columns)}")
            for fields in lines:
                if not any(field.strip() for field in fields):
                    continue
                row = Row(path, lines.line_num, dict(zip(columns, map(str.strip, fields), strict=False)))
                if len(fields) != len(columns):
                    raise row.error(f"{len(fields)} fields where {len(columns)} belong ({','.join(columns)})")
                yield row
        except UnicodeDecodeError:
            raise UserError(f"{path}: not text in UTF-8; save it as CSV UTF-8") from None
        except csv.Error as error:
            raise UserError(f"{path} row {lines.line_num}: {error}") from None
