"""Pictures of a reel's best moments: a poster, a contact sheet and a short animation.

They are laid out as in the reel, but are taken from the VODs, so they have no overlay.
"""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from autotosis.pictures import contact_sheet
from autotosis.pictures.contact_sheet import Cell, Strip
from autotosis.reel import reel
from autotosis.reel.reel import ReelSegment, Vod
from autotosis.video import display

POSTER_WIDTH = 1280
# The contact sheet shows at most this many segments, each this wide (pixels).
MAX_CELLS = 48
CELL_WIDTH = 240
# The animation shows at most MAX_GLIMPSES segments, each for GLIMPSE seconds, at RATE frames per second.
MAX_GLIMPSES = 8
GLIMPSE = 0.5
RATE = 10
ANIMATION_WIDTH = 320
# Quality on Pillow's scale, 0 to 100, for JPEG and WebP. At this one, forty frames of WebP take less than a megabyte.
POSTER_QUALITY = 90
ANIMATION_QUALITY = 60


def write_all(folder: Path, placed: Sequence[ReelSegment]) -> None:
    """Write all pictures of a reel, which has at least one segment, into its folder."""
    write_poster(folder / "poster.jpg", placed)
    write_contact_sheet(folder / "contact_sheet.jpg", placed)
    write_animation(folder / "preview.webp", placed)


def write_poster(target: Path, placed: Sequence[ReelSegment]) -> None:
    """Write the best moment of the best segment as a JPEG.

    Parameters
    ----------
    target : Path
        The picture to write.
    placed : sequence of ReelSegment
        The segments of the reel, at least one.
    """
    (best,) = best_of(placed, 1)
    ((picture,),) = _pictures([(best, [best.peak])], POSTER_WIDTH)
    picture.save(target, quality=POSTER_QUALITY)


def write_contact_sheet(target: Path, placed: Sequence[ReelSegment]) -> None:
    """Write the best moment of each segment, or of the MAX_CELLS best, as one JPEG; see `write_poster`."""
    names, parts = reel.titles(placed), best_of(placed, MAX_CELLS)
    frames = [frame for (frame,) in _pictures([(part, [part.peak]) for part in parts], CELL_WIDTH)]
    strips = [Strip(names[part], [Cell(np.array(frame))]) for part, frame in zip(parts, frames, strict=True)]
    contact_sheet.write(target, strips, 1, frames[0].size)


def write_animation(target: Path, placed: Sequence[ReelSegment]) -> None:
    """Write a glimpse of each of the best segments as one animated WebP, without sound; see `write_poster`."""
    glimpses = [(part, glimpse(part)) for part in best_of(placed, MAX_GLIMPSES)]
    first, *others = (frame for frames in _pictures(glimpses, ANIMATION_WIDTH) for frame in frames)
    pause = round(1000 / RATE)
    first.save(target, save_all=True, append_images=others, duration=pause, loop=0, quality=ANIMATION_QUALITY)


def best_of(placed: Sequence[ReelSegment], most: int) -> list[ReelSegment]:
    """Take at most `most` segments, those with the best scores, in the order of the reel."""
    return sorted(sorted(placed, key=lambda part: -part.score)[:most], key=lambda part: part.reel_start)


def glimpse(part: ReelSegment) -> list[float]:
    """List the times in a VOD that the animation shows of a segment: around its best moment (seconds)."""
    begin = max(part.start, min(part.peak - GLIMPSE / 2, part.end - GLIMPSE))
    times = begin + np.arange(round(GLIMPSE * RATE)) / RATE
    return [begin, *(time for time in times[1:].tolist() if time < part.end)]


def _pictures(moments: Sequence[tuple[ReelSegment, Sequence[float]]], at_most: int) -> Iterator[list[Image.Image]]:
    """Yield pictures of segments as the reel shows them, without overlay.

    Parameters
    ----------
    moments : sequence of (ReelSegment, sequence of float)
        Segments, and the times to show of each, seconds in its VOD.
    at_most : int
        The largest width of the pictures, pixels.
    """
    for vod, stretches in itertools.groupby(moments, key=lambda pair: pair[0].vod):
        scale = min(1.0, at_most / vod.frame.width)
        # Decode at the size that the most enlarged pane needs, and no larger.
        panes = (pane for arrangement in vod.arrangements for pane in arrangement.panes)
        enlarged = min(1.0, scale * max(pane.target.width / pane.crop.width for pane in panes))
        width, height = (max(1, round(enlarged * side)) for side in (vod.recording.width, vod.recording.height))
        of_each = [times for _, times in stretches]
        for times, frames in zip(of_each, display.pictures(vod.recording, of_each, width, height), strict=True):
            pairs = zip(times, frames, strict=True)
            yield [_laid_out(Image.fromarray(frame), vod, time, scale) for time, frame in pairs]


def _laid_out(picture: Image.Image, vod: Vod, time: float, scale: float) -> Image.Image:
    """Lay out a VOD's picture as the reel shows it at a time (seconds); `scale` is the size relative to the reel."""
    canvas = Image.new("RGB", (max(1, round(scale * vod.frame.width)), max(1, round(scale * vod.frame.height))))
    across, down = picture.width / vod.recording.width, picture.height / vod.recording.height
    for pane in vod.panes(time):
        crop, target = pane.crop, pane.target
        box = (crop.x * across, crop.y * down, (crop.x + crop.width) * across, (crop.y + crop.height) * down)
        left, top = round(scale * target.x), round(scale * target.y)
        right, bottom = round(scale * (target.x + target.width)), round(scale * (target.y + target.height))
        size = (max(1, right - left), max(1, bottom - top))
        canvas.paste(picture.resize(size, box=box), (left, top))
    return canvas
