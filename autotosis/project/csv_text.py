"""The text of a CSV table, in which rows are changed while every other line stays as it is, to the byte."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(eq=False)
class Line:
    """A line of a table: a row, a comment, a blank line or the header.

    Attributes
    ----------
    text : str
        Its text in the file, with the line ending.
    fields : dict of str to str
        The text of each column of a row, without white space around it; empty for other lines.
    """

    text: str
    fields: dict[str, str] = field(default_factory=dict)


class Table:
    """A CSV table as text.

    Parameters
    ----------
    content : bytes
        The file, which the readers in `annotations` and `cuts` accept; empty for a table that is to be created.
    columns : sequence of str
        The columns of a table that is to be created.
    """

    def __init__(self, content: bytes, columns: Sequence[str]):
        text = content.decode() or ",".join(columns) + "\n"
        self.end = "\r\n" if "\r\n" in text else "\n"
        self.columns: list[str] = []
        self.header: Line | None = None
        self.lines: list[Line] = []
        # Lines end as in the readers. A quoted field may span several, so the reader says which belong together.
        raw = list(io.StringIO(text, newline=""))
        reader, done = csv.reader(raw), 0
        for fields in reader:
            line = Line("".join(raw[done : reader.line_num]))
            done = reader.line_num
            fields = [each.removeprefix("\ufeff").strip() for each in fields]
            if any(fields) and not fields[0].startswith("#"):
                if self.header:
                    line.fields = dict(zip(self.columns, fields, strict=False))
                else:
                    self.header, self.columns = line, fields
            self.lines.append(line)

    @property
    def rows(self) -> list[Line]:
        """The lines that are rows, in their order."""
        return [line for line in self.lines if line.fields]

    def change(self, row: Line, values: Mapping[str, str]) -> None:
        """Write other values into a row; it keeps its text if all of them mean the same as before."""
        if any(not same(row.fields.get(column, ""), value) for column, value in values.items()):
            row.fields |= values
            row.text = self._text(row.fields)

    def insert(self, values: Mapping[str, str], after: Line | None) -> Line:
        """Add a row after another line, or at the end of the table if that is None."""
        place = len(self.lines) if after is None else self.lines.index(after) + 1
        if place and not self.lines[place - 1].text.endswith("\n"):
            self.lines[place - 1].text += self.end
        line = Line(self._text(values), dict(values))
        self.lines.insert(place, line)
        return line

    def add_column(self, column: str) -> None:
        """Add a column at the end, in which all rows are empty."""
        self.columns.append(column)
        for line in self.lines:
            if line.fields or line is self.header:
                body = line.text.rstrip("\r\n")
                line.text = body + "," + (column if line is self.header else "") + line.text[len(body) :]

    def remove(self, row: Line) -> None:
        """Take a row out."""
        self.lines.remove(row)

    def content(self) -> bytes:
        """Return the file with all changes."""
        return "".join(line.text for line in self.lines).encode()

    def _text(self, values: Mapping[str, str]) -> str:
        text = io.StringIO()
        csv.writer(text, lineterminator=self.end).writerow([values.get(column, "") for column in self.columns])
        return text.getvalue()


def same(one: str, other: str) -> bool:
    """Return whether two texts are equal, or are equal numbers."""
    try:
        return one == other or float(one) == float(other)
    except ValueError:
        return False
