"""Turn a table of eqy/autotosis, such as its data.csv, into clips, facecams.csv and labels.csv of a streamer's folder.

Each line names a video, the box of its face camera and the highlights in it:
rawdata/a.mp4 "[0.78, 0.13, 0.97, 0.37]" "(0.0, 9.0)" "(12.5, 14.0)". Paths are relative to the table's folder,
and must not lead out of it.
Run from the project's folder: python -m autotosis.importers.autotosis ../autotosis/data.csv data/you
"""

import re
import reprlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from autotosis.annotations import facecams
from autotosis.annotations.facecams import Box
from autotosis.importers import stretches
from autotosis.importers.reading import number, read_text
from autotosis.importers.stretches import Stretch
from autotosis.project import command_line, files, names, tables
from autotosis.project.errors import UserError
from autotosis.project.progress import ProgressBar


@dataclass(frozen=True)
class TableRow:
    """A line of the table: where the video is, its box, and its highlights (start and end, seconds)."""

    video: Path
    box: Box
    highlights: list[tuple[float, ...]]
    place: str

    @property
    def clip(self) -> str:
        """The name of the clip in the streamer's folder."""
        return f"clips/{self.video.name}"


def main(table: str, folder: str) -> None:
    lines, root = read(Path(table)), Path(folder)
    labelled: list[Stretch] = []
    for line in lines:
        labelled += [Stretch(line.clip, start, end, "", line.place) for start, end in line.highlights]
        if not line.highlights:
            labelled.append(Stretch(line.clip, 0.0, None, "", line.place, highlight=False))
    # A box that is there already may have been corrected since. Read before anything is written.
    with_box = {row["video"] for row, _ in facecams.read_boxes(root / "facecams.csv").rows}
    boxes = [(line.clip, *(f"{edge:g}" for edge in astuple(line.box))) for line in lines if line.clip not in with_box]
    with copied_clips(lines, root):
        stretches.add_to_labels(root, labelled)
    stretches.append_rows(root / "facecams.csv", ("video", *facecams.SIDES), boxes, check=facecams.read_boxes)


def read(table: Path) -> list[TableRow]:
    """Read the table; UserError if a line is malformed, or a video is missing, elsewhere, or named like another."""
    lines: dict[str, TableRow] = {}
    for begin, fields in tables.split_rows(table, read_text(table).split("\n"), delimiter=" ", strict=False):
        place = f"{table} line {begin}"
        if not any(fields):
            continue
        if len(fields) < 2:
            raise UserError(f"{place}: a line has a path, a box and highlights, separated by spaces")
        # Others may have written the table, and the copies are pushed.
        if not names.is_inside(fields[0]):
            raise UserError(f"{place}: {reprlib.repr(fields[0])} is not a path inside the table's folder; correct it")
        video = table.parent / fields[0]
        try:
            box = facecams.Box(*numbers(fields[1], 4, place))
        except ValueError as error:
            raise UserError(f"{place}: {error}") from None
        line = TableRow(video, box, [numbers(field, 2, place) for field in fields[2:] if field], place)
        if not video.is_file():
            raise UserError(f"{place}: there is no video {video}")
        if line.clip in lines:
            raise UserError(f"{place}: {lines[line.clip].place} has another video named {video.name}; rename one")
        lines[line.clip] = line
    if not lines:
        raise UserError(f"{table}: there are no labels in it; it has a line per video")
    return list(lines.values())


def numbers(text: str, count: int, place: str) -> tuple[float, ...]:
    """Return `count` numbers in brackets; UserError if the text is anything else."""
    match = re.fullmatch(r"\s*[\[(]([^\[\]()]*)[\])]\s*", text)
    fields = match[1].split(",") if match else []
    if len(fields) != count:
        raise UserError(f"{place}: {reprlib.repr(text)} is not {count} numbers in brackets")
    return tuple(number(field, place) for field in fields)


@contextmanager
def copied_clips(lines: list[TableRow], root: Path) -> Iterator[None]:
    """Copy the videos into clips/, and remove these copies if the block raises an error.

    UserError if another file has the name of one of them.
    """
    new: list[TableRow] = []
    for line in lines:
        target = root / line.clip
        if not target.exists():
            new.append(line)
        elif files.digest(target) != files.digest(line.video):
            raise UserError(f"{line.place}: {target} is another file of this name; rename one of them")
    try:
        with ProgressBar("copying", len(new), "clips") as bar:
            for line in new:
                with files.replacing(root / line.clip) as partial:
                    shutil.copyfile(line.video, partial)
                bar.advance()
        yield
    except BaseException:
        for line in new:
            files.remove(root / line.clip)
        raise
    print(f"{len(new)} of {len(lines)} clips copied, {len(lines) - len(new)} were there")


if __name__ == "__main__":
    command_line.run(
        main, __doc__, table="the table, such as data.csv", folder="the streamer's folder, such as data/you"
    )
