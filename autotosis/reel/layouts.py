"""How a reel's picture is laid out: its size, and which part of the VOD's picture is where in it. Only numbers."""

from dataclasses import dataclass, replace
from fractions import Fraction

from autotosis.annotations.facecams import Box
from autotosis.project.params import Render
from autotosis.video.recording import Recording

# Width over height.
SHAPES = {"vertical": Fraction(9, 16), "square": Fraction(1)}
# So high is a picture with room for both at least, however small the VOD's (pixels).
LOWEST = 16
# The face takes as much of the height as its camera's shape wants, between these shares.
LEAST_FACE, MOST_FACE = 0.3, 0.55
# Faces are above the middle of a camera's picture: so far from its top, as a share of its height.
EYES = 0.42
# The game is shown without the face camera in it where it is at least this large a share of what it would be with it.
BESIDE = 0.5
# Face cameras have frames around them: so far from the box, as a share of the shorter side, the game begins.
BORDER = 0.01


@dataclass(frozen=True)
class FrameFormat:
    """What the frames of a reel are like: width and height in pixels, both even, and how many there are per second."""

    width: int
    height: int
    rate: Fraction


@dataclass(frozen=True)
class Rectangle:
    """A part of a picture, in pixels from the left and the top; width and height are even."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Pane:
    """A part of the VOD's picture, and where in the reel's it is shown."""

    seen: Rectangle
    shown: Rectangle


def frame_format(render: Render, recording: Recording) -> FrameFormat:
    """What the frames of a VOD's reel are like: as its own, but for what `render` says."""
    if render.layout == "source":
        shape, height = Fraction(recording.width, recording.height), recording.height
    else:
        shape = SHAPES[render.layout]
        height = _even(max(float(min(recording.width, recording.height) / shape), LOWEST))
    height = render.height or height
    rate = recording.rate if render.fps is None else Fraction(render.fps).limit_denominator(1001)
    return FrameFormat(_even(float(height * shape)), height, rate)


def panes(layout: str, recording: Recording, box: Box, frame: FrameFormat) -> list[Pane]:
    """What is shown in a reel's picture, and where: from top to bottom, the game last.

    Parameters
    ----------
    layout : str
        `render.layout`.
    probe : Recording
        Of the VOD.
    box : Box
        Where the face is in it.
    frame : FrameFormat
        Of the reel.

    Returns
    -------
    list of Pane
        Two that fill the frame, the face above the game; or one, where the face is not known apart from the frame or
        the layout is the source's own. With the latter, a VOD of another shape leaves a margin.
    """
    whole = Rectangle(0, 0, recording.width, recording.height)
    full = Rectangle(0, 0, frame.width, frame.height)
    if layout == "source":
        return [Pane(whole, _largest(full, whole, full))]
    if box == Box():
        return [Pane(_largest(whole, full, whole), full)]
    face = _pixels(box, recording)
    wanted = face.height / face.width * frame.width / frame.height
    above = Rectangle(0, 0, frame.width, _even(min(max(wanted, LEAST_FACE), MOST_FACE) * frame.height))
    below = Rectangle(0, above.height, frame.width, frame.height - above.height)
    around = replace(face, height=round(2 * EYES * face.height))
    return [Pane(_largest(face, above, around), above), Pane(_game(whole, face, below), below)]


def _game(whole: Rectangle, face: Rectangle, shape: Rectangle) -> Rectangle:
    """A part of a picture of the shape of another, beside the face unless it is too small there.

    Of the four sides it is the one that shows most of the picture's middle half, where games happen.
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
    found = [_largest(part, shape, whole) for part in beside if min(part.width, part.height) > 1]
    middle = Rectangle(whole.width // 4, whole.height // 4, whole.width // 2, whole.height // 2)
    best = max(found, key=lambda part: _shared(part, middle), default=with_face)
    return best if best.width >= BESIDE * with_face.width else with_face


def _shared(one: Rectangle, other: Rectangle) -> int:
    """How many pixels both have."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(0, across) * max(0, down)


def _largest(region: Rectangle, shape: Rectangle, around: Rectangle) -> Rectangle:
    """The largest part of a region of the shape of another rectangle, as near as can be to the middle of a third."""
    scale = min(region.width / shape.width, region.height / shape.height)
    x, width = _side(region.x, region.width, scale * shape.width, around.x + around.width / 2)
    y, height = _side(region.y, region.height, scale * shape.height, around.y + around.height / 2)
    return Rectangle(x, y, width, height)


def _side(start: int, room: int, length: float, middle: float) -> tuple[int, int]:
    length = _even(length)
    # No margin for what is only rounded.
    length = room // 2 * 2 if room - length <= 2 else length
    # At a whole pixel of colour, of which there is one for two of light.
    return max(start, min(round(middle - length / 2), start + room - length)) // 2 * 2, length


def _pixels(box: Box, recording: Recording) -> Rectangle:
    left, right = round(box.x0 * recording.width), round(box.x1 * recording.width)
    top, bottom = round(box.y0 * recording.height), round(box.y1 * recording.height)
    width, height = max(2, (right - left) // 2 * 2), max(2, (bottom - top) // 2 * 2)
    return Rectangle(min(left, recording.width - width), min(top, recording.height - height), width, height)


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)
