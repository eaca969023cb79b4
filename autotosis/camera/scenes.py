"""Scenes: from when to when a video shows its face camera, and where."""

import itertools
import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from autotosis.annotations.facecams import Box, Scene
from autotosis.camera import layouts, samples
from autotosis.camera.layouts import Layout
from autotosis.camera.rectangle import Rectangle
from autotosis.camera.samples import Sample
from autotosis.project import workers
from autotosis.video.picture import FrameConverter, deinterlaced
from autotosis.video.reading import Track
from autotosis.video.recording import Recording

# Raise it with every change after which other cameras are found in the same clips.
VERSION = 2
# A VOD is sampled this many times, at most once per STEP seconds. A scene shorter than two sampling steps may be
# missed. One process takes SAMPLES_PER_TASK samples at once.
SAMPLES, STEP, SAMPLES_PER_TASK = 120, 0.5, 6
CLIP_SAMPLES = 8
# A layout that is missed in at most this many samples between two that show it counts as shown.
MAX_MISSED = 2
# A video that shows a camera for at most this share of the time has none: only faces in the game were found.
SELDOM = 0.1
# Samples narrow a change of scene down to this (seconds) before all frames in between are searched.
SEARCHED_SPAN = 2.5
# The clearness assumed for a camera without edges.
WITHOUT_EDGES = 0.2
# Frames are compared at this size, pixels.
SIDE = 32

# The layout that is recognised in a sample, or None, and the sample.
Seen = tuple[Layout | None, Sample]


def find(recording: Recording, name: str) -> list[Scene]:
    """Find the scenes of a VOD that show its face camera, in the order of time; `name` is the VOD's in messages."""
    times = spread(recording, SAMPLES)
    groups = [times[first : first + SAMPLES_PER_TASK] for first in range(0, len(times), SAMPLES_PER_TASK)]
    taken = workers.run_parallel(partial(samples.take, recording), groups, f"find the face camera of {name}", "parts")
    # Two groups may begin with the same keyframe.
    by_time = {sample.time: sample for group in taken for sample in group}
    every = [by_time[time] for time in sorted(by_time)]
    known_layouts = layouts.find(every)
    layout_at = _without_gaps([layouts.recognise(sample, known_layouts) for sample in every])
    if not known_layouts or np.mean([layout is not None for layout in layout_at]) <= SELDOM:
        return []
    runs = [list(run) for _, run in itertools.groupby(zip(layout_at, every, strict=True), key=lambda pair: pair[0])]
    changes = [(before[-1], after[0]) for before, after in itertools.pairwise(runs)]
    refine = partial(_time_of_change, recording, known_layouts)
    refined = workers.run_parallel(refine, changes, f"find the scenes of {name}", "scenes")
    # Rounded down to microseconds, as in tables, so that no scene starts after its first frame.
    edges = [0.0, *(math.floor(1e6 * time) / 1e6 for time in refined), _end(recording)]
    return [
        Scene(start, end, _box(layout.camera, every[0]), _confidence(layout, [sample for _, sample in run]))
        for (start, end), run in zip(itertools.pairwise(edges), runs, strict=True)
        if (layout := run[0][0]) is not None
    ]


def find_in_clip(recording: Recording) -> Scene | None:
    """Find the face camera of a clip, which is taken to stay in one place; None if none is found."""
    every = samples.take(recording, spread(recording, CLIP_SAMPLES))
    best = next(iter(layouts.find(every)), None)
    if best is None:
        return None
    return Scene(0.0, _end(recording), _box(best.camera, every[0]), _confidence(best, every))


def whole(recording: Recording, box: Box) -> Scene:
    """Return the scene of a VOD whose face camera is in one place all the time."""
    return Scene(0.0, _end(recording), box)


def _end(recording: Recording) -> float:
    # Rounded up, because tables round, so that the last moment is inside.
    return math.ceil(1000 * recording.duration) / 1000


def spread(recording: Recording, count: int) -> list[float]:
    """Spread `count` times evenly over a recording (seconds): fewer if it is short, but as many as a layout needs."""
    count = max(layouts.MIN_SAMPLES, min(count, int(recording.duration / STEP)))
    times: list[float] = ((np.arange(count) + 0.5) * recording.duration / count).tolist()
    return times


def _without_gaps(layout_at: list[Layout | None]) -> list[Layout | None]:
    """Fill short gaps in which a layout is not recognised, between two samples of it."""
    filled = list(layout_at)
    for first, layout in enumerate(layout_at):
        for last in range(first + 2, min(first + 2 + MAX_MISSED, len(layout_at))):
            if layout_at[last] == layout and not any(layout_at[first + 1 : last]):
                filled[first + 1 : last] = [layout] * (last - first - 1)
    return filled


def _time_of_change(recording: Recording, known_layouts: Sequence[Layout], change: tuple[Seen, Seen]) -> float:
    """Find when the scene changes between two samples (seconds): the first frame of the new scene."""
    (old, before), (new, after) = change
    start, end = before.time, after.time
    while end - start > SEARCHED_SPAN:
        (between,) = samples.take(recording, [(start + end) / 2])
        if not start < between.time < end:
            break
        if layouts.recognise(between, known_layouts) == old:
            start = between.time
        else:
            end = between.time
    # The game may change at any time, so look where the camera is in one scene and not in the other.
    camera = min((layout.camera for layout in (old, new) if layout), key=lambda camera: camera.area)
    return _largest_change(recording, _box(camera, before), start, end)


def _largest_change(recording: Recording, box: Box, start: float, end: float) -> float:
    """Find the frame after `start` and up to `end` (seconds) that differs most from the one before it; its time."""
    view, last, largest = FrameConverter(box, SIDE, SIDE), None, (-1.0, end)
    with Track(recording, "picture") as track:
        for frame in deinterlaced(track.frames(start)):
            if frame.time > end:
                break
            picture = view(frame).astype(np.int16)
            if last is not None and frame.time > start:
                largest = max(largest, (float(np.abs(picture - last).mean()), frame.time), key=lambda pair: pair[0])
            last = picture
    return largest[1]


def _confidence(layout: Layout, taken: Sequence[Sample]) -> float:
    """Rate a scene from 0 to 1: the share of its samples that show the face, times how clear the camera's edges are."""
    seen = np.mean([layout.shows(sample) for sample in taken])
    return float(seen * (1.0 if layout.edge is None else max(layout.edge, WITHOUT_EDGES)))


def _box(camera: Rectangle, sample: Sample) -> Box:
    height, width = sample.picture.shape
    sides = (camera.left / width, camera.top / height, camera.right / width, camera.bottom / height)
    return Box(*(round(side, 6) for side in sides))
