"""A picture of where the face camera of a VOD is: a frame of each scene, with the box drawn in it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from autotosis.annotations.facecams import Box, Scene
from autotosis.pictures import contact_sheet
from autotosis.pictures.contact_sheet import Cell, Strip
from autotosis.video import display
from autotosis.video.recording import Recording

# At most MAX_SCENES scenes are shown, the longest ones, each WIDTH pixels wide.
MAX_SCENES, WIDTH = 24, 480


def write(path: Path, recording: Recording, scenes: Sequence[Scene]) -> None:
    """Write a JPEG of the scenes that show the face camera and of those that do not."""
    height = recording.height_at(WIDTH)
    longest = sorted(_stretches(recording, scenes), key=lambda stretch: stretch[0] - stretch[1])[:MAX_SCENES]
    stretches = sorted(longest, key=lambda stretch: stretch[0])
    pictures = display.pictures(recording, ([(start + end) / 2] for start, end, _ in stretches), WIDTH, height)
    strips = []
    for (start, end, scene), (frame,) in zip(stretches, pictures, strict=True):
        caption = f"{start:.1f} to {end:.1f} s: "
        caption += f"confidence {scene.confidence:.2f}" if scene else "no face camera"
        strips.append(Strip(caption, [Cell(_drawn(frame, scene.box) if scene else frame)]))
    contact_sheet.write(path, strips, 1, (WIDTH, height))


def _stretches(recording: Recording, scenes: Sequence[Scene]) -> Iterator[tuple[float, float, Scene | None]]:
    """Yield start and end of each scene and of what is between them, and the scene or None."""
    end = 0.0
    for scene in scenes:
        if scene.start > end:
            yield end, scene.start, None
        yield scene.start, min(scene.end, recording.duration), scene
        end = scene.end
    if end < recording.duration:
        yield end, recording.duration, None


def _drawn(frame: np.ndarray, box: Box) -> np.ndarray:
    picture = Image.fromarray(frame)
    across, down = picture.width - 1, picture.height - 1
    corners = (box.x0 * across, box.y0 * down, box.x1 * across, box.y1 * down)
    ImageDraw.Draw(picture).rectangle(corners, outline="red", width=3)
    return np.asarray(picture)
