"""Contact sheets: one picture of many frames, such as all labelled clips, or all segments of a reel."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from autotosis.pictures import fonts
from autotosis.project import files

# The side of a frame with its border, the width of the border, the height of a caption, and the space between strips
# (pixels).
CELL, BORDER, CAPTION, GAP = 96, 4, 14, 10
FRAMES_PER_CLIP, MAX_CLIPS = 6, 400


@dataclass(frozen=True)
class Strip:
    """The frames of one clip or segment, side by side.

    Attributes
    ----------
    caption : str
        The text above the strip.
    frames : sequence of ndarray of uint8, shape (height, width, 3)
        The frames in the order of time, as red, green and blue.
    notes : sequence of str
        The text on each frame.
    colours : sequence of str
        The colour of the border of each frame, as Pillow names it.
    """

    caption: str
    frames: Sequence[np.ndarray]
    notes: Sequence[str]
    colours: Sequence[str]


def write(
    path: Path, strips: Sequence[Strip], frames: int = FRAMES_PER_CLIP, cell: tuple[int, int] = (CELL, CELL)
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
    cell : tuple of int
        Width and height of each frame with its border, pixels.
    """
    font = ImageFont.truetype(fonts.BOLD, 10)
    across, down = cell
    width, height = frames * across + GAP, down + CAPTION
    columns = max(1, round(math.sqrt(len(strips) * height * 1.5 / width)))
    rows = math.ceil(len(strips) / columns)
    sheet = Image.new("RGB", (columns * width, rows * height), "white")
    draw = ImageDraw.Draw(sheet)
    for number, strip in enumerate(strips):
        left, top = number % columns * width, number // columns * height
        draw.text((left + 2, top), strip.caption, "black", font)
        for place, (frame, note, colour) in enumerate(zip(strip.frames, strip.notes, strip.colours, strict=True)):
            x, y = left + place * across, top + CAPTION
            draw.rectangle((x, y, x + across - 1, y + down - 1), colour)
            picture = Image.fromarray(frame).resize((across - 2 * BORDER, down - 2 * BORDER))
            sheet.paste(picture, (x + BORDER, y + BORDER))
            corner = (x + BORDER + 2, y + down - BORDER - 15)
            draw.text(corner, note, "white", font, stroke_width=2, stroke_fill="black")
    content = io.BytesIO()
    sheet.save(content, "JPEG", quality=85)
    files.write_bytes(path, content.getvalue())
