"""facecams.csv: where the face is in each video."""

from dataclasses import dataclass
from pathlib import Path

from autotosis.project.tables import Patterns, Row

SIDES = ("x0", "y0", "x1", "y1")


@dataclass(frozen=True)
class Box:
    """A part of the picture, in fractions of its width and height, from the left and the top."""

    x0: float = 0.0
    y0: float = 0.0
    x1: float = 1.0
    y1: float = 1.0

    def aspect(self, width: float, height: float) -> float:
        """How wide it is for its height, in a picture of this width and height."""
        return (self.x1 - self.x0) * width / ((self.y1 - self.y0) * height)


class Facecams:
    """The face box of every video of a streamer's folder.

    Parameters
    ----------
    folder : Path
        Holds facecams.csv (`video,x0,y0,x1,y1`: a glob on the video's name and a box), or none.

    Raises
    ------
    UserError
        A malformed row, or a box that is empty or leaves the picture.
    """

    def __init__(self, folder: Path):
        self.patterns = Patterns(folder / "facecams.csv", SIDES, _box)

    def box(self, video: str) -> Box:
        """The box of a video by its name inside the folder (`clips/a.mp4`): the last match, else all of it."""
        return self.patterns.of(video) or Box()


def _box(row: Row) -> Box:
    box = Box(*(row.number_in(side) for side in SIDES))
    if not (0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1):
        raise row.error(
            "the box must lie inside the frame, 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1, "
            f"but is {box.x0:g},{box.y0:g},{box.x1:g},{box.y1:g}"
        )
    return box
