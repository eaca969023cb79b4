"""Label tracks of Audacity, exported as text."""

from pathlib import Path

from autotosis.importers.reading import number, read_text
from autotosis.importers.stretches import Stretch
from autotosis.project.errors import UserError

NAME = "audacity"


def read(path: Path) -> list[Stretch]:
    """Read a line per label: start and end (seconds) and text, separated by tabs. Frequencies, in lines of their own
    that begin with a backslash, are skipped.

    https://manual.audacityteam.org/man/importing_and_exporting_labels.html
    """
    stretches = []
    for count, line in enumerate(read_text(path).splitlines(), 1):
        place = f"{path} line {count}"
        fields = line.split("\t", 2)
        if fields[0] == "\\" or not line.strip():
            continue
        if len(fields) < 2:
            raise UserError(f"{place}: not a label of Audacity, which is a start, an end and a text, separated by tabs")
        name = fields[2].strip() if len(fields) > 2 else ""
        stretches.append(Stretch(None, number(fields[0], place), number(fields[1], place), name, place))
    return stretches
