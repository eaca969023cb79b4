"""Pictures of a reel's best moments: a poster, a contact sheet and a short animation, all from the VOD itself."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from stages.lib import contact_sheet, files, media, reel
from stages.lib.contact_sheet import Strip
from stages.lib.media import Probe
from stages.lib.reel import Part

POSTER_WIDTH = 1280
# The best few dozen of hundreds of segments, each so wide.
MOST_CELLS = 48
CELL_WIDTH = 240
# The animation shows so many segments at most, so long, with so many frames a second (seconds, Hz).
MOST_GLIMPSES = 8
GLIMPSE = 0.5
RATE = 10
ANIMATION_WIDTH = 320
# Pillow's scale, 0 to 100, for JPEG and WebP: forty frames of the latter stay below a megabyte.
POSTER_QUALITY = 90
ANIMATION_QUALITY = 60


def write_poster(target: Path, path: Path, probe: Probe, placed: Sequence[Part]) -> None:
    """Write the best moment of the best segment as a JPEG.

    Parameters
    ----------
    target : Path
        The picture to write.
    path, probe : Path, Probe
        The VOD, and what `media.probe` says of it.
    placed : sequence of Part
        The reel, at least one part.
    """
    (best,) = best_of(placed, 1)
    ((picture,),) = _pictures(path, probe, [[best.best]], POSTER_WIDTH)
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "JPEG", quality=POSTER_QUALITY)
    files.write_bytes(target, content.getvalue())


def write_contact_sheet(target: Path, path: Path, probe: Probe, placed: Sequence[Part]) -> None:
    """Write the best moment of each segment, the best few dozen of many, as one JPEG; see `write_poster`."""
    shown = best_of(placed, MOST_CELLS)
    frames = [frame for (frame,) in _pictures(path, probe, [[part.best] for part in shown], CELL_WIDTH)]
    strips = [Strip(reel.title(part), [frame], [""], ["black"]) for part, frame in zip(shown, frames, strict=True)]
    height, width, _ = frames[0].shape
    border = 2 * contact_sheet.BORDER
    contact_sheet.write(target, strips, 1, (width + border, height + border))


def write_animation(target: Path, path: Path, probe: Probe, placed: Sequence[Part]) -> None:
    """Write a glimpse of each of the best segments as one animated WebP, without sound; see `write_poster`."""
    glimpses = [glimpse(part) for part in best_of(placed, MOST_GLIMPSES)]
    first, *others = (
        Image.fromarray(frame) for frames in _pictures(path, probe, glimpses, ANIMATION_WIDTH) for frame in frames
    )
    content = io.BytesIO()
    first.save(
        content,
        "WEBP",
        save_all=True,
        append_images=others,
        duration=round(1000 / RATE),
        loop=0,
        quality=ANIMATION_QUALITY,
    )
    files.write_bytes(target, content.getvalue())


def best_of(placed: Sequence[Part], most: int) -> list[Part]:
    """At most so many parts, those with the best scores, in the order of the reel."""
    return sorted(sorted(placed, key=lambda part: -part.score)[:most], key=lambda part: part.reel_start)


def glimpse(part: Part) -> list[float]:
    """What the animation shows of a part: times around its best moment, inside it (seconds)."""
    begin = max(part.start, min(part.best - GLIMPSE / 2, part.end - GLIMPSE))
    times = begin + np.arange(round(GLIMPSE * RATE)) / RATE
    return [begin, *(time for time in times[1:].tolist() if time < part.end)]


def _pictures(
    path: Path, probe: Probe, stretches: Sequence[Sequence[float]], at_most: int
) -> Iterator[list[np.ndarray]]:
    """Whole frames of a VOD, at most so wide, in its shape; see `media.pictures`."""
    width = min(at_most, probe.width)
    return media.pictures(path, stretches, width, max(1, round(width * probe.height / probe.width)))
