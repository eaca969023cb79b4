"""The position of the face camera in each video: what facecams.csv says, and what was found without it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from autotosis.project import files, tables
from autotosis.project.tables import Patterns, Row

SIDES = ("x0", "y0", "x1", "y1")
# A table for each VOD, written by the stage `find_facecams`, and one for all clips, by `extract_frames`.
FOLDER = Path("data/facecams")
CLIPS = Path("data/clip_facecams.csv")
COLUMNS = ("start", "end", *SIDES, "confidence")


@dataclass(frozen=True)
class Box:
    """A rectangle in a picture.

    Attributes
    ----------
    x0, y0, x1, y1 : float
        The left, upper, right and lower edge, as fractions of the picture's width and height, counted from the left and
        from the top.

    Raises
    ------
    ValueError
        If the box is empty or not inside the picture.
    """

    x0: float = 0.0
    y0: float = 0.0
    x1: float = 1.0
    y1: float = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.x0 < self.x1 <= 1 and 0 <= self.y0 < self.y1 <= 1):
            raise ValueError(
                "the box must be inside the frame, 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1, "
                f"but it is {self.x0:g},{self.y0:g},{self.x1:g},{self.y1:g}"
            )

    def aspect(self, width: float, height: float) -> float:
        """Compute the aspect ratio of the box, width over height, in a picture of this size (pixels)."""
        return (self.x1 - self.x0) * width / ((self.y1 - self.y0) * height)


@dataclass(frozen=True)
class Scene:
    """A stretch of a video in which the face camera stays in one place.

    Attributes
    ----------
    start, end : float
        Seconds.
    box : Box
        The place.
    confidence : float
        How sure it is, 0 to 1; 1 if the user says so.
    """

    start: float
    end: float
    box: Box
    confidence: float = 1.0


# What was found in clips: for each by its name, such as clips/a.mp4, a key that says what it was found from, and where
# the face camera is, if any was found.
Found = dict[str, tuple[str, Scene | None]]


@dataclass(frozen=True)
class Facecam:
    """The position of the face camera over the time of a video.

    Attributes
    ----------
    scenes : tuple of Scene
        The scenes that show it, in the order of time. If there are none, the whole picture counts as face camera.
    """

    scenes: tuple[Scene, ...]

    def at(self, time: float) -> Box | None:
        """Return the box at a time (seconds), or None if the face camera is not shown then."""
        if not self.scenes:
            return Box()
        return next((scene.box for scene in self.scenes if scene.start <= time < scene.end), None)

    def changes(self, start: float, end: float) -> list[float]:
        """List the times between two times (seconds) at which the box changes."""
        edges = sorted({edge for scene in self.scenes for edge in (scene.start, scene.end) if start < edge < end})
        return [edge for edge in edges if self.at(edge) != self.at(math.nextafter(edge, start))]


def always(box: Box) -> Facecam:
    """Return a face camera that stays in one place."""
    return Facecam((Scene(0.0, math.inf, box),))


def write(table: Path, scenes: Sequence[Scene]) -> None:
    """Write the table of a VOD."""
    files.write_csv(table, COLUMNS, [row(scene) for scene in scenes])


def row(scene: Scene) -> list[str]:
    """Format a scene as a row of a table: seconds, fractions of the picture and confidence."""
    return [f"{scene.start:.6f}", f"{scene.end:.6f}", *map(str, astuple(scene.box)), f"{scene.confidence:.2f}"]


def for_vod(name: str, given: Box | None) -> Facecam:
    """Return the face camera of the VOD with this name in params.yaml.

    Parameters
    ----------
    name : str
        Its name.
    given : Box or None
        Where facecams.csv says that it is; None if it has no row, and the table of what was found is to be read. If it
        was not looked for, there is no such table, and the whole picture counts as face camera.

    Raises
    ------
    UserError
        If that table is malformed.
    """
    if given is not None:
        return always(given)
    return Facecam(tuple(map(_scene, tables.read_rows(path(name), COLUMNS))))


def path(name: str) -> Path:
    """Return the path of the table of the VOD with this name."""
    return FOLDER / f"{name}.csv"


def write_clips(found: Found) -> None:
    """Write the table of clips."""
    empty = [""] * len(COLUMNS)
    rows = [(video, key, *(row(scene) if scene else empty)) for video, (key, scene) in found.items()]
    files.write_csv(CLIPS, ("video", "key", *COLUMNS), rows)


def read_clips() -> Found:
    """Read the table of clips; empty if there is none."""
    rows = tables.read_rows(CLIPS, ("video", "key", *COLUMNS))
    return {row["video"]: (row["key"], _scene(row) if row["start"] else None) for row in rows}


def found(vods: Mapping[str, str]) -> dict[str, Box]:
    """Return the box that was found in each clip and VOD where one was found; in a VOD, that of its longest scene.

    Parameters
    ----------
    vods : mapping of str to str
        The files of the VODs inside the streamer's folder, by their names in params.yaml.
    """
    boxes = {video: scene.box for video, (_, scene) in read_clips().items() if scene}
    for name, file in vods.items():
        if scenes := for_vod(name, None).scenes:
            boxes[file] = max(scenes, key=lambda scene: scene.end - scene.start).box
    return boxes


def _scene(row: Row) -> Scene:
    return Scene(row.seconds("start"), row.seconds("end"), _box(row), row.number_in("confidence"))


def read_boxes(path: Path) -> Patterns[Box]:
    """Read facecams.csv of a streamer's folder.

    Parameters
    ----------
    path : Path
        A table with the columns `video,x0,y0,x1,y1`: a pattern of videos' names, and a box. It may be missing.

    Raises
    ------
    UserError
        If a row is malformed, or a box is empty or not inside the picture.
    """
    return Patterns(path, SIDES, _box)


def _box(row: Row) -> Box:
    try:
        return Box(*(row.number_in(side) for side in SIDES))
    except ValueError as error:
        raise row.error(str(error)) from None
