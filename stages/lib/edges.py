"""Where the cuts of a reel fall: edges of segments move a little, to where the sound is quiet or the scene changes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from stages.lib import media, workers
from stages.lib.facecam import Box
from stages.lib.params import Render
from stages.lib.reel import Vod
from stages.lib.segments import ROUNDING, Segment

# The sound is measured over so many steps at a time, of so many samples: 50 ms, every 10 ms.
SOUND_RATE = 16_000
STEP_SAMPLES = 160
STEP = STEP_SAMPLES / SOUND_RATE
STRETCH = 5
# What is fainter is as quiet as silence (dB relative to a square wave of full scale).
SILENCE = -70.0
# Pictures are compared this small (pixels): without noise and small things, a new scene is still another one. The face
# camera's is compared by itself, too: it may have a new scene of its own.
SIZE = (128, 72)
# A scene changes where pictures differ so much on average (grey levels, of 256), and so many times as much as others
# near by (seconds): not in flashes or fast motion. Of 35 joints of clips of real face cameras, at which pictures differ
# by 18 to 53, this finds 32; between them they differ by less than 16, but for one fast motion. Of the demo it finds
# both changes, by 92 and 93; nothing else in it differs by more than 6.
DIFFERENCE = 16.0
TIMES_OTHERS = 2.0
NEAR = 0.2


@dataclass(frozen=True)
class Reach:
    """Where an edge is and between what it may move, seconds, and the video."""

    vod: Vod
    edge: float
    low: float
    high: float


@dataclass(frozen=True)
class Places:
    """What an edge may move to.

    Attributes
    ----------
    changes : ndarray of float64, shape (changes,)
        When the scene changes, seconds.
    times : ndarray of float64, shape (stretches,)
        The middles of stretches of the sound, seconds, evenly spaced.
    levels : ndarray of float64, shape (stretches,)
        How loud they are, in whole dB, so that what differs by less is equal.
    """

    changes: np.ndarray
    times: np.ndarray
    levels: np.ndarray


def move(vod: Vod, reel: Sequence[Segment], render: Render) -> list[Segment]:
    """Move the edges of segments to where a cut does not jar.

    They never move into an event as far as it is shown, and the segments stay in order, inside the video and within the
    bounds that `render` sets.

    Parameters
    ----------
    vod : Vod
        The video.
    reel : sequence of Segment
        In order, within the bounds.
    render : Render
        `snap` is how far an edge may move. Where the picture is copied only ends move, as it begins with a keyframe.
    """
    if not render.snap or not reel:
        return list(reel)
    starts, ends = [], []
    for segment in reel:
        back, on = (0.0, 0.0) if render.encoder == "copy" else (render.snap, min(render.snap, segment.lead))
        start, end = segment.start, segment.end
        starts.append(Reach(vod, start, max(0.0, start - back), start + on))
        low, high = end - min(render.snap, segment.tail), min(vod.probe.duration, end + render.snap)
        ends.append(Reach(vod, end, low, max(end, high)))
    places = list(workers.map(look, starts + ends, f"edges {vod.name}", "edges"))
    return [
        replace(segment, start=start, end=end)
        for segment, (start, end) in zip(reel, fit(starts, ends, places, vod.frame.rate, render), strict=True)
    ]


def fit(
    starts: Sequence[Reach], ends: Sequence[Reach], places: Sequence[Places], rate: float, render: Render
) -> list[tuple[float, float]]:
    """Where the starts and ends of segments move, one after the other, so that each knows what is left to it.

    Parameters
    ----------
    starts, ends : sequence of Reach
        Of each segment, in order.
    places : sequence of Places
        Of the starts, then of the ends.
    rate : float
        Frames per second of the reel: a segment lasts a whole number of them.
    render : Render
        min_gap, max_length and max_duration count.
    """
    spare = (render.max_duration or math.inf) - sum(
        end.edge - start.edge for start, end in zip(starts, ends, strict=True)
    )
    limits = [start.edge - render.min_gap for start in starts[1:]] + [math.inf]
    moved, free = [], 0.0
    of_starts, of_ends = places[: len(starts)], places[len(starts) :]
    for start, end, at_start, at_end, limit in zip(starts, ends, of_starts, of_ends, limits, strict=True):
        length = end.edge - start.edge
        longest = min(render.max_length or math.inf, length + spare)
        begin = place(start, at_start, at_start.times, max(free, end.edge - longest), math.inf)
        frames = begin + np.arange(int((end.low - begin) * rate), int((end.high - begin) * rate) + 2) / float(rate)
        finish = place(end, at_end, frames, 0.0, min(limit, begin + longest))
        spare -= finish - begin - length
        free = finish + render.min_gap
        moved.append((begin, finish))
    return moved


def place(reach: Reach, places: Places, candidates: np.ndarray, low: float, high: float) -> float:
    """Where an edge moves: to the nearest change of scene, or else to the quietest of the candidates, the nearest such.

    Parameters
    ----------
    reach : Reach
        Of the edge.
    places : Places
        In there.
    candidates : ndarray of float64, shape (candidates,)
        Where it may move to, but for changes of scene, seconds.
    low, high : float
        Between which it has to stay, seconds.
    """
    low, high = max(low, reach.low), min(high, reach.high)
    changes = _between(places.changes, low, high)
    if len(changes):
        return _nearest(changes, reach.edge)
    candidates = _between(candidates, low, high)
    if not len(candidates) or not len(places.times):
        return reach.edge
    levels = np.round(np.interp(candidates, places.times, places.levels))
    return _nearest(candidates[levels == levels.min()], reach.edge)


def _between(times: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.clip(times[(times > low - ROUNDING) & (times < high + ROUNDING)], low, high)


def _nearest(times: np.ndarray, time: float) -> float:
    return float(times[np.argmin(np.abs(times - time).round(6))])


def look(reach: Reach) -> Places:
    """Look at, and listen to, what is around an edge; little more of the video is decoded."""
    nothing = np.zeros(0)
    if reach.high - reach.low < ROUNDING:
        return Places(nothing, nothing, nothing)
    seen = list(media.grey_pictures(reach.vod.path, reach.low - NEAR, reach.high + NEAR, SIZE))
    changes = [nothing]
    if seen:
        times, pictures = map(np.array, zip(*seen, strict=True))
        changes = [scene_changes(times, _part(pictures, box)) for box in {Box(), reach.vod.face}]
    heard = listen(reach) if reach.vod.probe.sound else (nothing, nothing)
    return Places(np.unique(np.concatenate(changes)), *heard)


def _part(pictures: np.ndarray, box: Box) -> np.ndarray:
    _, height, width = pictures.shape
    top, left = int(box.y0 * height), int(box.x0 * width)
    return pictures[:, top : max(top + 1, round(box.y1 * height)), left : max(left + 1, round(box.x1 * width))]


def scene_changes(times: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """When the scene changes.

    Parameters
    ----------
    times : ndarray of float64, shape (frames,)
        Seconds.
    pictures : ndarray of uint8, shape (frames, height, width)
        The frames that are first shown then.

    Returns
    -------
    ndarray of float64, shape (changes,)
        When the first frame of a new scene is shown, seconds.
    """
    differences = np.abs(np.diff(pictures.astype(np.int16), axis=0)).mean(axis=(1, 2))
    times = times[1:]
    near = np.abs(times - times[:, None]) <= NEAR
    np.fill_diagonal(near, False)
    others = np.max(np.where(near, differences, 0.0), axis=1, initial=0.0)
    return times[(differences >= DIFFERENCE) & (differences >= TIMES_OTHERS * others)]


def listen(reach: Reach) -> tuple[np.ndarray, np.ndarray]:
    """The middles of stretches of sound within a reach, and how loud they are, as in `Places`; one is at the edge."""
    before, after = (int(room / STEP + ROUNDING) for room in (reach.edge - reach.low, reach.high - reach.edge))
    steps = before + after + STRETCH
    begin = reach.edge - (before + STRETCH / 2) * STEP
    heard = np.concatenate(list(media.sound(reach.vod.path, SOUND_RATE, begin + steps * STEP, max(0.0, begin))))
    # Before the beginning is silence; times are rounded to samples.
    samples = np.zeros(steps * STEP_SAMPLES)
    first = round(max(0.0, -begin) * SOUND_RATE)
    heard = heard[: len(samples) - first]
    samples[first : first + len(heard)] = heard
    powers = np.square(samples).reshape(steps, STEP_SAMPLES).mean(axis=1)
    means = np.lib.stride_tricks.sliding_window_view(powers, STRETCH).mean(axis=1)
    levels = np.round(np.maximum(SILENCE, 10 * np.log10(means + 1e-12)))
    return reach.edge + np.arange(-before, after + 1) * STEP, levels
