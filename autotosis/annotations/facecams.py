"""facecams.csv: the position of the face camera in each video."""

from dataclasses import dataclass
from pathlib import Path

from autotosis.project.tables import Patterns, Row

SIDES = ("x0", "y0", "x1", "y1")


@dataclass(frozen=True)
class Box:
    """A rectangle in a picture.

    Attributes
    ----------
    x0, y0, x1, y1 : float
        The left, upper, right and lower edge, as fractions of the picture's width and height, counted from the left and
        from the top.
    """

    x0: float = 0.0
    y0: float = 0.0
    x1: float = 1.0
    y1: float = 1.0

    def aspect(self, width: float, height: float) -> float:
        """Compute the aspect ratio of the box, width over height, in a picture of this size (pixels)."""
        return (self.x1 - self.x0) * width / ((self.y1 - self.y0) * height)


class Facecams:
    """The position of the face camera in every video of a streamer's folder.

    Parameters
    ----------
    folder : Path
        The streamer's folder. Its facecams.csv, if there is one, has the columns `video,x0,y0,x1,y1`: a pattern of
        videos' names, and a box.

    Raises
    ------
    UserError
        If a row is malformed, or a box is empty or not inside the picture.
    """

    def __init__(self, folder: Path):
        self.patterns = read_boxes(folder / "facecams.csv")

    def box(self, video: str) -> Box:
        """Return the box of a video, named as in `clips/a.mp4`: that of the last row that fits, or the whole frame."""
        return self.patterns.of(video) or Box()


def read_boxes(path: Path) -> Patterns[Box]:
    """Read the table itself; UserError as in `Facecams`."""
    return Patterns(path, SIDES, _box)


def _box(row: Row) -> Box:
    box = Box(*(row.number_in(side) for side in SIDES))
    if not (0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1):
        raise row.error(
            "the box must be inside the frame, 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1, "
            f"but it is {box.x0:g},{box.y0:g},{box.x1:g},{box.y1:g}"
        )
    return box
