"""Layouts: the size of a reel's picture, and which part of the VOD's picture is shown where. Pure functions."""

from dataclasses import dataclass, replace
from fractions import Fraction

from autotosis.annotations.facecams import Box, Facecam
from autotosis.project.params import Render
from autotosis.video.recording import Recording

# The aspect ratio of each layout: width over height.
SHAPES = {"vertical": Fraction(9, 16), "square": Fraction(1)}
# The least height of a picture with face and game, however small the VOD is (pixels).
MIN_HEIGHT = 16
# The least and the largest share of the height that the face gets; in between, it depends on the shape of its camera.
MIN_FACE, MAX_FACE = 0.3, 0.55
# The height of the eyes in a face camera's picture, which are above its middle (share of its height, from the top).
EYES = 0.42
# The game is cropped without the face camera if that crop is at least this share as wide as one with the camera.
BESIDE = 0.5
# Face cameras often have a border, so the game begins this far from the box (share of the shorter side of the picture).
BORDER = 0.01


@dataclass(frozen=True)
class FrameFormat:
    """The format of a reel's frames: width and height, pixels, both even; and the frame rate, Hz."""

    width: int
    height: int
    rate: Fraction


@dataclass(frozen=True)
class Rectangle:
    """A part of a picture, in pixels from the left and from the top. Width and height are even."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Pane:
    """A part of the VOD's picture (`crop`), and where it is shown in the reel's picture (`target`)."""

    crop: Rectangle
    target: Rectangle


@dataclass(frozen=True)
class Arrangement:
    """How a reel shows a VOD from a time on.

    Attributes
    ----------
    start : float
        Seconds in the VOD.
    panes : tuple of Pane
        The parts of the VOD's picture that are shown.
    """

    start: float
    panes: tuple[Pane, ...]


def frame_format(render: Render, recording: Recording) -> FrameFormat:
    """Choose the frame format of a VOD's reel: as in the VOD, unless `render` says otherwise."""
    if render.layout == "source":
        shape, height = Fraction(recording.width, recording.height), recording.height
    else:
        shape = SHAPES[render.layout]
        height = _even(max(float(min(recording.width, recording.height) / shape), MIN_HEIGHT))
    height = render.height or height
    rate = recording.rate if render.fps is None else Fraction(render.fps).limit_denominator(1001)
    return FrameFormat(_even(float(height * shape)), height, rate)


def arrangements(layout: str, recording: Recording, facecam: Facecam, frame: FrameFormat) -> tuple[Arrangement, ...]:
    """Arrange the picture of a reel over the time of a VOD, as its face camera moves; parameters as in `panes`."""
    changes: list[Arrangement] = []
    for start in [0.0, *facecam.changes(0.0, recording.duration)]:
        arranged = tuple(panes(layout, recording, facecam.at(start) or Box(), frame))
        if not changes or changes[-1].panes != arranged:
            changes.append(Arrangement(start, arranged))
    return tuple(changes)


def panes(layout: str, recording: Recording, box: Box, frame: FrameFormat) -> list[Pane]:
    """Divide a reel's picture into panes.

    Parameters
    ----------
    layout : str
        The parameter `render.layout`.
    recording : Recording
        The VOD.
    box : Box
        The position of the face camera.
    frame : FrameFormat
        The frame format of the reel.

    Returns
    -------
    list of Pane
        Two panes that fill the frame, the face above the game. Or a single pane: with the layout `source`, in which a
        VOD of another shape gets black bars, or if the VOD has no face camera.
    """
    whole = Rectangle(0, 0, recording.width, recording.height)
    full = Rectangle(0, 0, frame.width, frame.height)
    if layout == "source":
        return [Pane(whole, _largest(full, whole, full))]
    if box == Box():
        return [Pane(_largest(whole, full, whole), full)]
    face = _pixels(box, recording)
    wanted = face.height / face.width * frame.width / frame.height
    above = Rectangle(0, 0, frame.width, _even(min(max(wanted, MIN_FACE), MAX_FACE) * frame.height))
    below = Rectangle(0, above.height, frame.width, frame.height - above.height)
    around = replace(face, height=round(2 * EYES * face.height))
    return [Pane(_largest(face, above, around), above), Pane(_game(whole, face, below), below)]


def _game(whole: Rectangle, face: Rectangle, shape: Rectangle) -> Rectangle:
    """Choose the part of the VOD's picture that shows the game: beside the face camera, unless it would be too small.

    Of the parts to the left, to the right, above and below, the one that shows most of the middle is chosen.

    Parameters
    ----------
    whole : Rectangle
        The VOD's picture.
    face : Rectangle
        The face camera in it.
    shape : Rectangle
        The pane of the reel, whose aspect ratio the part must have.
    """
    border = round(BORDER * min(whole.width, whole.height))
    right, bottom = face.x + face.width + border, face.y + face.height + border
    beside = [
        Rectangle(0, 0, face.x - border, whole.height),
        Rectangle(right, 0, whole.width - right, whole.height),
        Rectangle(0, 0, whole.width, face.y - border),
        Rectangle(0, bottom, whole.width, whole.height - bottom),
    ]
    with_face = _largest(whole, shape, whole)
    candidates = [_largest(part, shape, whole) for part in beside if min(part.width, part.height) > 1]
    middle = Rectangle(whole.width // 4, whole.height // 4, whole.width // 2, whole.height // 2)
    best = max(candidates, key=lambda part: _shared(part, middle), default=with_face)
    return best if best.width >= BESIDE * with_face.width else with_face


def _shared(one: Rectangle, other: Rectangle) -> int:
    """Compute the area that two rectangles share, pixels."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(0, across) * max(0, down)


def _largest(region: Rectangle, shape: Rectangle, around: Rectangle) -> Rectangle:
    """Find the largest part of `region` in the aspect ratio of `shape`, closest to the middle of `around`."""
    scale = min(region.width / shape.width, region.height / shape.height)
    x, width = _side(region.x, region.width, scale * shape.width, around.x + around.width / 2)
    y, height = _side(region.y, region.height, scale * shape.height, around.y + around.height / 2)
    return Rectangle(x, y, width, height)


def _side(start: int, room: int, length: float, middle: float) -> tuple[int, int]:
    length = _even(length)
    # Fill the region if only rounding would leave a margin.
    length = room // 2 * 2 if room - length <= 2 else length
    # Begin at an even pixel, because colour has half the resolution.
    return max(start, min(round(middle - length / 2), start + room - length)) // 2 * 2, length


def _pixels(box: Box, recording: Recording) -> Rectangle:
    left, right = round(box.x0 * recording.width), round(box.x1 * recording.width)
    top, bottom = round(box.y0 * recording.height), round(box.y1 * recording.height)
    width, height = max(2, (right - left) // 2 * 2), max(2, (bottom - top) // 2 * 2)
    return Rectangle(min(left, recording.width - width), min(top, recording.height - height), width, height)


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)
