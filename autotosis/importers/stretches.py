"""Labelled stretches of videos, as labelling programs save them, and how they become rows of labels.csv."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autotosis.annotations import labels
from autotosis.project import files, tables
from autotosis.project.csv_text import Table
from autotosis.project.errors import UserError
from autotosis.video import recording

# A stretch may end this much after its video, and is then shortened (seconds): people round up, and programs count
# frames at another rate. One that ends later is most likely about another video.
ROUNDED_UP = 1.0
# Anything shorter is a point (seconds).
MIN_LENGTH = 0.01


@dataclass(frozen=True)
class Stretch:
    """A labelled stretch of a video.

    Attributes
    ----------
    video : str or None
        The video, by its name in the streamer's folder such as `clips/a.mp4`; by its file name alone, as a program that
        knows nothing of the folder names it; or None if the file does not say.
    start, end : float or None
        Seconds in the video; an `end` of None is the end of the video.
    name : str
        What it was labelled as.
    place : str
        The file, and the place in it, for error messages.
    highlight : bool
        Whether it is a highlight; otherwise it is calm.
    """

    video: str | None
    start: float
    end: float | None
    name: str
    place: str
    highlight: bool = True


def classify_by_name(stretches: Iterable[Stretch], highlights: Sequence[str], calm: Sequence[str]) -> list[Stretch]:
    """Tell which stretches are highlights and which are calm, and print how many are left out.

    Parameters
    ----------
    stretches : iterable of Stretch
    highlights, calm : sequence of str
        The names of either kind. All others are left out; without any name, all stretches are highlights.
    """
    kept, left_out = [], set()
    for stretch in stretches:
        if stretch.name in calm:
            kept.append(replace(stretch, highlight=False))
        elif stretch.name in highlights or not (highlights or calm):
            kept.append(stretch)
        else:
            left_out.add(replace(stretch, name=""))
    # Of the several names that a stretch may have, one is enough.
    left_out -= {replace(stretch, name="", highlight=True) for stretch in kept}
    if left_out:
        print(f"stretches left out, because their labels are neither in --highlight nor in --calm: {len(left_out)}")
    return kept


def find_video(folder: Path, stretch: Stretch) -> str:
    """Find the video of a stretch in clips/ or vods/ of a streamer's folder; UserError unless there is exactly one."""
    if stretch.video is None:
        raise UserError(f"{stretch.place}: the file names no video; name it with --video, such as clips/a.mp4")
    candidates = [stretch.video] if "/" in stretch.video else [f"clips/{stretch.video}", f"vods/{stretch.video}"]
    existing = [name for name in candidates if tables.is_plain(name) and (folder / name).exists()]
    if len(existing) != 1:
        problem = (
            f"both {' and '.join(existing)} exist" if existing else f"there is no {' or '.join(candidates)} in {folder}"
        )
        raise UserError(f"{stretch.place}: {problem}; name the video with --video, such as clips/a.mp4")
    return existing[0]


def add_to_labels(folder: Path, stretches: Iterable[Stretch]) -> None:
    """Add stretches to labels.csv of a streamer's folder; rows that it has already are not added again.

    Parameters
    ----------
    folder : Path
        The streamer's folder.
    stretches : iterable of Stretch
        Those of one kind that overlap become one.

    Raises
    ------
    UserError
        If a video is missing, a stretch is not inside it, or a highlight overlaps a calm stretch or a row that is
        there already. labels.csv is then as it was.
    """
    rows: list[tuple[str, ...]] = []
    by_video: dict[str, list[Stretch]] = {}
    for stretch in stretches:
        by_video.setdefault(find_video(folder, stretch), []).append(stretch)
    for video, of_video in sorted(by_video.items()):
        duration = recording.probe(folder / video).duration
        for stretch in _joined(_shortened(stretch, duration) for stretch in of_video):
            end = "" if stretch.end is None else f"{stretch.end:.3f}"
            rows.append((video, f"{stretch.start:.3f}", end, str(int(stretch.highlight))))
    table = folder / "labels.csv"
    added = append_rows(table, labels.COLUMNS, rows, check=labels.read_labels)
    highlights = sum(label == "1" for *_, label in added)
    print(f"{table}: highlights added: {highlights}; calm stretches added: {len(added) - highlights}")


def append_rows(
    table: Path, columns: Sequence[str], rows: Sequence[tuple[str, ...]], check: Callable[[Path], object]
) -> list[tuple[str, ...]]:
    """Append rows to a table, or create it; those that it has already, exactly so, are not added again.

    All other lines stay as they are.

    Parameters
    ----------
    table : Path
        A CSV table.
    columns : sequence of str
        Its columns.
    rows : sequence of tuples of str
        What to add.
    check : function
        Reads the old table, and the new one before it replaces the old; it raises a UserError if anything is wrong in
        either.

    Returns
    -------
    list of tuples of str
        The rows that were added.

    Raises
    ------
    UserError
        If anything is wrong in the old or in the new table; nothing is written then.
    """
    check(table)
    text = Table(table.read_bytes() if table.exists() else b"", columns)
    there = {tuple(row.fields.values()) for row in text.rows}
    added = [row for row in rows if row not in there]
    for row in added:
        text.insert(dict(zip(columns, row, strict=True)), after=None)
    with files.replacing_table(table, text.content()) as partial:
        try:
            check(partial)
        except UserError as error:
            raise UserError(f"{table}: left unchanged; the new rows would make it invalid: {error}") from None
    return added


def _shortened(stretch: Stretch, duration: float) -> Stretch:
    """Shorten a stretch that ends after its video, which lasts `duration` seconds; UserError if it is not inside it."""
    if stretch.start < 0 or stretch.start >= duration:
        raise UserError(f"{stretch.place}: begins at {stretch.start:g} s, but the video lasts {duration:.2f} s")
    if stretch.end is None:
        return stretch
    if stretch.end < stretch.start:
        raise UserError(f"{stretch.place}: ends at {stretch.end:g} s, before it starts at {stretch.start:g} s")
    if stretch.end - stretch.start < MIN_LENGTH:
        raise UserError(f"{stretch.place}: a point at {stretch.start:g} s, not a stretch; give it an end")
    if stretch.end > duration + ROUNDED_UP:
        raise UserError(f"{stretch.place}: ends at {stretch.end:g} s, but the video lasts {duration:.2f} s")
    return replace(stretch, end=None) if stretch.end > duration - MIN_LENGTH else stretch


def _joined(of_video: Iterable[Stretch]) -> list[Stretch]:
    """Join the stretches of a video that overlap; UserError if one of them is a highlight and the other is calm."""
    joined: list[Stretch] = []
    for stretch in sorted(of_video, key=lambda stretch: stretch.start):
        last = joined[-1] if joined else None
        if last and (last.end is None or stretch.start < last.end):
            if stretch.highlight != joined.pop().highlight:
                raise UserError(f"{stretch.place}: overlaps {last.place}, and only one of the two is a highlight")
            end = None if last.end is None or stretch.end is None else max(last.end, stretch.end)
            stretch = replace(last, end=end)
        joined.append(stretch)
    return joined
