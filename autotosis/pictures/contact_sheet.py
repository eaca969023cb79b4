"""Contact sheets: one picture of many frames, such as all labelled clips, or all segments of a reel."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from autotosis.pictures import fonts
from autotosis.project import files

# The side of a frame, the width of its border, the height of a caption, and the space between strips (pixels).
SIDE, BORDER, CAPTION, GAP = 88, 4, 14, 10
FRAMES_PER_CLIP, MAX_CLIPS = 6, 400


class Cell(NamedTuple):
    """A frame, as red, green and blue, with the text on it and the colour of its border, as Pillow names it."""

    frame: np.ndarray
    note: str = ""
    colour: str = "black"


@dataclass(frozen=True)
class Strip:
    """The frames of one clip or segment, side by side, in the order of time; `caption` is the text above them."""

    caption: str
    cells: Sequence[Cell]


def write(
    path: Path, strips: Sequence[Strip], frames: int = FRAMES_PER_CLIP, size: tuple[int, int] = (SIDE, SIDE)
) -> None:
    """Draw strips in a grid, into a JPEG of about the shape of a screen.

    Parameters
    ----------
    path : Path
        The JPEG to write.
    strips : sequence of Strip
        The strips to draw, at least one.
    frames : int
        The largest number of frames in a strip.
    size : tuple of int
        Width and height of each frame, pixels.
    """
    font = ImageFont.truetype(fonts.BOLD, 10)
    across, down = (side + 2 * BORDER for side in size)
    width, height = frames * across + GAP, down + CAPTION
    columns = max(1, round(math.sqrt(len(strips) * height * 1.5 / width)))
    rows = math.ceil(len(strips) / columns)
    sheet = Image.new("RGB", (columns * width, rows * height), "white")
    draw = ImageDraw.Draw(sheet)
    for number, strip in enumerate(strips):
        left, top = number % columns * width, number // columns * height
        draw.text((left + 2, top), strip.caption, "black", font)
        for place, (frame, note, colour) in enumerate(strip.cells):
            x, y = left + place * across, top + CAPTION
            draw.rectangle((x, y, x + across - 1, y + down - 1), colour)
            sheet.paste(Image.fromarray(frame).resize(size), (x + BORDER, y + BORDER))
            corner = (x + BORDER + 2, y + down - BORDER - 15)
            draw.text(corner, note, "white", font, stroke_width=2, stroke_fill="black")
    content = io.BytesIO()
    sheet.save(content, "JPEG", quality=85)
    files.write_bytes(path, content.getvalue())
