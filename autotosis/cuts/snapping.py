"""Snapping: moving the edges of segments a little, to a scene change or to where the sound is quiet."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from autotosis.annotations.facecams import Box, Facecam
from autotosis.cuts.scene_changes import scene_changes_between
from autotosis.cuts.segments import ROUNDING, Segment
from autotosis.project import workers
from autotosis.project.params import Select
from autotosis.video.recording import Recording
from autotosis.video.sound import read_stereo

# Loudness is measured over STRETCH steps of STEP_SAMPLES samples each: over 50 ms, every 10 ms.
SOUND_RATE = 16_000
STEP_SAMPLES = 160
STEP = STEP_SAMPLES / SOUND_RATE
STRETCH = 5
# Sound below this level counts as silence (dB relative to a full-scale square wave).
SILENCE = -70.0


@dataclass(frozen=True)
class EdgeRange:
    """An edge of a segment, and how far it may move.

    Attributes
    ----------
    recording : Recording
        The video.
    face : Box
        The position of the face camera.
    time : float
        The time of the edge, seconds in the video.
    low, high : float
        The earliest and the latest time that it may move to, seconds in the video.
    """

    recording: Recording
    face: Box
    time: float
    low: float
    high: float


@dataclass(frozen=True)
class Places:
    """The places that an edge may move to.

    Attributes
    ----------
    changes : ndarray of float64, shape (changes,)
        The times of scene changes, seconds.
    times : ndarray of float64, shape (stretches,)
        The centres of the stretches over which loudness was measured, seconds, evenly spaced.
    levels : ndarray of float64, shape (stretches,)
        The loudness of these stretches, rounded to whole dB, so that small differences do not count.
    """

    changes: np.ndarray
    times: np.ndarray
    levels: np.ndarray


def snap(
    recording: Recording, facecam: Facecam, reel: Sequence[Segment], select: Select, calm: Sequence[Segment]
) -> list[Segment]:
    """Move the edges of segments to places where a cut is not noticed.

    Edges never move into the shown part of an event, nor into what the user calls calm. The segments stay in order,
    inside the video and within the limits of `select`. If they exceed these already, as kept marks may, they get no
    longer.

    Parameters
    ----------
    recording : Recording
        The video.
    facecam : Facecam
        The position of the face camera.
    reel : sequence of Segment
        The segments, in the order of time.
    select : Select
        The parameters of selection; `snap` is how far an edge may move, seconds.
    calm : sequence of Segment
        What the user calls calm. No segment overlaps it.

    Returns
    -------
    list of Segment
        The same segments with moved edges.
    """
    if not select.snap or not reel:
        return list(reel)
    starts, ends = [], []
    for segment in reel:
        start, end = segment.start, segment.end
        low = max([0.0, start - select.snap, *(stretch.end for stretch in calm if stretch.end <= start)])
        high = start + min(select.snap, segment.pre_roll)
        starts.append(EdgeRange(recording, facecam.at(start) or Box(), start, low, high))
        low = end - min(select.snap, segment.post_roll)
        high = min(
            [recording.duration, end + select.snap, *(stretch.start for stretch in calm if stretch.start >= end)]
        )
        ends.append(EdgeRange(recording, facecam.at(end) or Box(), end, low, max(end, high)))
    places = list(workers.run_parallel(measure, starts + ends, f"edges of {recording.path.name}", "edges"))
    edges = fit(starts, ends, places, recording.rate, select)
    return [
        replace(segment, start=start, end=end).with_event(segment.event.start, segment.event.end)
        for segment, (start, end) in zip(reel, edges, strict=True)
    ]


def fit(
    starts: Sequence[EdgeRange], ends: Sequence[EdgeRange], places: Sequence[Places], rate: Fraction, select: Select
) -> list[tuple[float, float]]:
    """Choose the new start and end of each segment, one after the other, because each limits those that follow.

    No edge comes nearer than min_gap to the neighbour, no segment exceeds max_length, nor the reel max_duration, unless
    it did already.

    Parameters
    ----------
    starts, ends : sequence of EdgeRange
        The edges of the segments, in the order of time.
    places : sequence of Places
        The places for the starts, followed by those for the ends.
    rate : Fraction
        Frames per second of the VOD; a segment lasts a whole number of frames.
    select : Select
        The parameters of selection, of which min_gap, max_length and max_duration are used.

    Returns
    -------
    list of (float, float)
        Start and end of each segment, seconds in the video.
    """
    total = sum(end.time - start.time for start, end in zip(starts, ends, strict=True))
    spare = max(0.0, (select.max_duration or math.inf) - total)
    latest_ends = [start.time - select.min_gap for start in starts[1:]] + [math.inf]
    edges, earliest = [], 0.0
    of_starts, of_ends = places[: len(starts)], places[len(starts) :]
    for start, end, at_start, at_end, latest in zip(starts, ends, of_starts, of_ends, latest_ends, strict=True):
        length = end.time - start.time
        longest = min(max(select.max_length or math.inf, length), length + spare)
        begin = place(start, at_start, at_start.times, max(earliest, end.time - longest), math.inf)
        frames = begin + np.arange(int((end.low - begin) * rate), int((end.high - begin) * rate) + 2) / float(rate)
        finish = place(end, at_end, frames, 0.0, min(latest, begin + longest))
        spare -= finish - begin - length
        earliest = finish + select.min_gap
        edges.append((begin, finish))
    return edges


def place(edge: EdgeRange, places: Places, candidates: np.ndarray, low: float, high: float) -> float:
    """Choose the new time of an edge: the nearest scene change, or else the quietest candidate.

    Parameters
    ----------
    edge : EdgeRange
        The edge.
    places : Places
        The scene changes and the loudness around it.
    candidates : ndarray of float64, shape (candidates,)
        The times to choose from if there is no scene change, seconds. Of equally quiet ones, the nearest is taken.
    low, high : float
        Further limits for the edge, seconds.

    Returns
    -------
    float
        The new time of the edge, seconds in the video.
    """
    low, high = max(low, edge.low), min(high, edge.high)
    changes = _between(places.changes, low, high)
    if len(changes):
        return _nearest(changes, edge.time)
    candidates = _between(candidates, low, high)
    if not len(candidates) or not len(places.times):
        return edge.time
    levels = np.round(np.interp(candidates, places.times, places.levels))
    return _nearest(candidates[levels == levels.min()], edge.time)


def _between(times: np.ndarray, low: float, high: float) -> np.ndarray:
    inside: np.ndarray = np.clip(times[(times > low - ROUNDING) & (times < high + ROUNDING)], low, high)
    return inside


def _nearest(times: np.ndarray, time: float) -> float:
    return float(times[np.argmin(np.abs(times - time).round(6))])


def measure(edge: EdgeRange) -> Places:
    """Find scene changes and measure loudness around an edge. Hardly more than that is decoded."""
    nothing = np.zeros(0)
    if edge.high - edge.low < ROUNDING:
        return Places(nothing, nothing, nothing)
    changes = scene_changes_between(edge.recording, edge.low, edge.high, edge.face)
    heard = loudness_around(edge) if edge.recording.sound else (nothing, nothing)
    return Places(changes, *heard)


def loudness_around(edge: EdgeRange) -> tuple[np.ndarray, np.ndarray]:
    """Measure the loudness around an edge: `times`, of which one is the edge itself, and `levels` of `Places`."""
    before, after = (int(room / STEP + ROUNDING) for room in (edge.time - edge.low, edge.high - edge.time))
    steps = before + after + STRETCH
    begin = edge.time - (before + STRETCH / 2) * STEP
    heard = np.concatenate(list(read_stereo(edge.recording, SOUND_RATE, begin + steps * STEP, max(0.0, begin))))
    # Before the beginning of the video there is silence. Times are rounded to whole samples.
    samples = np.zeros((steps * STEP_SAMPLES, 2))
    first = round(max(0.0, -begin) * SOUND_RATE)
    heard = heard[: len(samples) - first]
    samples[first : first + len(heard)] = heard
    powers = np.square(samples).reshape(steps, -1).mean(axis=1)
    means = np.lib.stride_tricks.sliding_window_view(powers, STRETCH).mean(axis=1)
    levels = np.round(np.maximum(SILENCE, 10 * np.log10(means + 1e-12)))
    return edge.time + np.arange(-before, after + 1) * STEP, levels
