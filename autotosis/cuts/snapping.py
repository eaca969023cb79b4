"""Where the cuts of a reel fall: edges of segments move a little, to where the sound is quiet or the scene changes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from autotosis.annotations.facecams import Box
from autotosis.cuts.scene_changes import scene_changes_between
from autotosis.cuts.segments import ROUNDING, Segment
from autotosis.project import workers
from autotosis.project.params import Select
from autotosis.video.recording import Recording
from autotosis.video.sound import read_stereo

# The sound is measured over so many steps at a time, of so many samples: 50 ms, every 10 ms.
SOUND_RATE = 16_000
STEP_SAMPLES = 160
STEP = STEP_SAMPLES / SOUND_RATE
STRETCH = 5
# What is fainter is as quiet as silence (dB relative to a square wave of full scale).
SILENCE = -70.0


@dataclass(frozen=True)
class EdgeRange:
    """Where an edge is and between what it may move, seconds, and in which video, with the face camera where."""

    recording: Recording
    face: Box
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


def snap(recording: Recording, face: Box, reel: Sequence[Segment], select: Select) -> list[Segment]:
    """Move the edges of segments to where a cut does not jar.

    They never move into an event as far as it is shown, and the segments stay in order, inside the video and within the
    bounds that `select` sets.

    Parameters
    ----------
    recording : Recording
        The video.
    face : Box
        Where the face camera is in its picture.
    reel : sequence of Segment
        In order, within the bounds.
    select : Select
        `snap` is how far an edge may move.
    """
    if not select.snap or not reel:
        return list(reel)
    starts, ends = [], []
    for segment in reel:
        start, end = segment.start, segment.end
        low, high = max(0.0, start - select.snap), start + min(select.snap, segment.lead)
        starts.append(EdgeRange(recording, face, start, low, high))
        low, high = end - min(select.snap, segment.tail), min(recording.duration, end + select.snap)
        ends.append(EdgeRange(recording, face, end, low, max(end, high)))
    places = list(workers.run_parallel(look, starts + ends, f"edges of {recording.path.name}", "edges"))
    return [
        moved(segment, start, end)
        for segment, (start, end) in zip(reel, fit(starts, ends, places, recording.rate, select), strict=True)
    ]


def moved(segment: Segment, start: float, end: float) -> Segment:
    """A segment with other edges, whose event stays where it is."""
    lead, tail = (max(0.0, segment.start + segment.lead - start), max(0.0, end - segment.end + segment.tail))
    return Segment(start, end, segment.score, lead, tail)


def fit(
    starts: Sequence[EdgeRange], ends: Sequence[EdgeRange], places: Sequence[Places], rate: Fraction, select: Select
) -> list[tuple[float, float]]:
    """Where the starts and ends of segments move, one after the other, so that each knows what is left to it.

    Parameters
    ----------
    starts, ends : sequence of EdgeRange
        Of each segment, in order.
    places : sequence of Places
        Of the starts, then of the ends.
    rate : Fraction
        Frames per second of the VOD: a segment lasts a whole number of them.
    select : Select
        min_gap, max_length and max_duration count.
    """
    spare = (select.max_duration or math.inf) - sum(
        end.edge - start.edge for start, end in zip(starts, ends, strict=True)
    )
    limits = [start.edge - select.min_gap for start in starts[1:]] + [math.inf]
    edges, free = [], 0.0
    of_starts, of_ends = places[: len(starts)], places[len(starts) :]
    for start, end, at_start, at_end, limit in zip(starts, ends, of_starts, of_ends, limits, strict=True):
        length = end.edge - start.edge
        longest = min(select.max_length or math.inf, length + spare)
        begin = place(start, at_start, at_start.times, max(free, end.edge - longest), math.inf)
        frames = begin + np.arange(int((end.low - begin) * rate), int((end.high - begin) * rate) + 2) / float(rate)
        finish = place(end, at_end, frames, 0.0, min(limit, begin + longest))
        spare -= finish - begin - length
        free = finish + select.min_gap
        edges.append((begin, finish))
    return edges


def place(reach: EdgeRange, places: Places, candidates: np.ndarray, low: float, high: float) -> float:
    """Where an edge moves: to the nearest change of scene, or else to the quietest of the candidates, the nearest such.

    Parameters
    ----------
    reach : EdgeRange
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
    inside: np.ndarray = np.clip(times[(times > low - ROUNDING) & (times < high + ROUNDING)], low, high)
    return inside


def _nearest(times: np.ndarray, time: float) -> float:
    return float(times[np.argmin(np.abs(times - time).round(6))])


def look(reach: EdgeRange) -> Places:
    """Look at, and listen to, what is around an edge; little more of the video is decoded."""
    nothing = np.zeros(0)
    if reach.high - reach.low < ROUNDING:
        return Places(nothing, nothing, nothing)
    changes = scene_changes_between(reach.recording, reach.low, reach.high, reach.face)
    heard = listen(reach) if reach.recording.sound else (nothing, nothing)
    return Places(changes, *heard)


def listen(reach: EdgeRange) -> tuple[np.ndarray, np.ndarray]:
    """The middles of stretches of sound within a reach, and how loud they are, as in `Places`; one is at the edge."""
    before, after = (int(room / STEP + ROUNDING) for room in (reach.edge - reach.low, reach.high - reach.edge))
    steps = before + after + STRETCH
    begin = reach.edge - (before + STRETCH / 2) * STEP
    heard = np.concatenate(list(read_stereo(reach.recording, SOUND_RATE, begin + steps * STEP, max(0.0, begin))))
    # Before the beginning is silence; times are rounded to samples.
    samples = np.zeros((steps * STEP_SAMPLES, 2))
    first = round(max(0.0, -begin) * SOUND_RATE)
    heard = heard[: len(samples) - first]
    samples[first : first + len(heard)] = heard
    powers = np.square(samples).reshape(steps, -1).mean(axis=1)
    means = np.lib.stride_tricks.sliding_window_view(powers, STRETCH).mean(axis=1)
    levels = np.round(np.maximum(SILENCE, 10 * np.log10(means + 1e-12)))
    return reach.edge + np.arange(-before, after + 1) * STEP, levels
