"""One picture of many frames with their labels: all that is labelled, or all that a reel shows, in one look."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from autotosis.pictures import fonts
from autotosis.project import files

CELL = 96
BORDER = 4
CAPTION = 14
FRAMES_PER_CLIP = 6
MOST_CLIPS = 400
GAP = 10


@dataclass(frozen=True)
class Strip:
    """A clip, or a segment, on the contact sheet.

    Attributes
    ----------
    caption : str
        What stands above it.
    frames : list of ndarray of uint8, shape (height, width, 3)
        Pictures, in the order of time.
    notes : list of str
        What is written on each.
    colours : list of str
        The border of each.
    """

    caption: str
    frames: Sequence[np.ndarray]
    notes: Sequence[str]
    colours: Sequence[str]


def write(
    path: Path, strips: Sequence[Strip], frames: int = FRAMES_PER_CLIP, cell: tuple[int, int] = (CELL, CELL)
) -> None:
    """Draw strips side by side and below one another into a JPEG of about the shape of a screen.

    Parameters
    ----------
    path : Path
        The JPEG.
    strips : sequence of Strip
        At least one.
    frames : int
        How many frames a strip has at most.
    cell : tuple of int
        Width and height of each, with its border (pixels).
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
            draw.text(
                (x + BORDER + 2, y + down - BORDER - 15),
                note,
                "white",
                font,
                stroke_width=2,
                stroke_fill="black",
            )
    content = io.BytesIO()
    sheet.save(content, "JPEG", quality=85)
    files.write_bytes(path, content.getvalue())
