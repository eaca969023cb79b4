"""The events of a timeline: where the probability of a highlight is high. Pure functions; all times are in seconds."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from autotosis.cuts.segments import ROUNDING, Segment, join, overlap, seconds
from autotosis.project.params import Select
from autotosis.scan.timeline import Timeline

# Smoothing, and the second around each moment that the model sees, blur the edges of a highlight by up to this much
# (seconds).
BLUR = 1.0
# Edges are where the probability is this share of the maximum. A blurred step is half as high at its edge; but in
# recordings of other people, F1 at an IoU of 0.5 is 0.70 to 0.76 with 0.5, and 0.72 to 0.79 with 0.6.
EDGE = 0.6


def smooth(timeline: Timeline, length: float) -> Timeline:
    """Smooth a timeline with a centred moving average over `length` seconds, which is shorter at the ends."""
    reach = int(length / 2 / timeline.step + 1e-6)
    sums = np.concatenate([[0.0], np.cumsum(timeline.probabilities)])
    positions = np.arange(len(timeline.times))
    first, last = np.maximum(positions - reach, 0), np.minimum(positions + reach + 1, len(positions))
    return replace(timeline, probabilities=(sums[last] - sums[first]) / (last - first))


def override(timeline: Timeline, labels: Sequence[Segment]) -> Timeline:
    """Return a timeline with the score of the label where there is one."""
    times, probabilities = timeline.times, timeline.probabilities.copy()
    for label in labels:
        probabilities[(times >= label.start - ROUNDING) & (times < label.end - ROUNDING)] = label.score
    return replace(timeline, probabilities=probabilities)


def find(smoothed: Timeline, threshold: float, select: Select, barriers: Sequence[Segment]) -> list[Segment]:
    """Find the events of a timeline, without padding.

    An event is where the smoothed probability is above `select.release` times the threshold, provided that it reaches
    the threshold somewhere in between (hysteresis, as in Canny's edge detector, 1986). Edges below EDGE of the event's
    maximum are cut off, up to BLUR on each side. Events that are close to each other are joined, and events that are
    too short even then are dropped.

    Parameters
    ----------
    smoothed : Timeline
        A timeline, from `smooth`.
    threshold : float
        The decision threshold, 0 to 1.
    select : Select
        The parameters of selection, of which release, min_gap and min_length are used.
    barriers : sequence of Segment
        Stretches across which events are not joined.

    Returns
    -------
    list of Segment
        The events, in the order of time.
    """
    times, probabilities, step = smoothed.times, smoothed.probabilities, smoothed.step
    blur = round(BLUR / step)
    edges = np.flatnonzero(np.diff(probabilities >= threshold * select.release, prepend=False, append=False))
    runs: list[list[int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        maximum = probabilities[start:end].max()
        if maximum < threshold:
            continue
        high = start + np.flatnonzero(probabilities[start:end] >= EDGE * maximum)
        start, end = min(int(high[0]), start + blur), max(int(high[-1]) + 1, end - blur)
        near = bool(runs) and (start - runs[-1][1]) * step < select.min_gap
        if near and not any(overlap(Segment(times[runs[-1][1]], times[start]), barrier) for barrier in barriers):
            runs[-1][1] = end
        else:
            runs.append([start, end])
    return [
        Segment(float(times[start]), float(times[end - 1] + step), float(probabilities[start:end].mean()))
        for start, end in runs
        if (end - start) * step >= select.min_length - 1e-6
    ]


def raise_threshold(
    smoothed: Timeline, threshold: float, select: Select, most: float, barriers: Sequence[Segment]
) -> float:
    """Raise the threshold until the events last at most `most` seconds in all.

    The other parameters are those of `find`.

    Returns
    -------
    float
        The lowest such threshold, at least the given one. If all moments are alike, it may be above all of them.
    """
    steps = np.quantile(smoothed.probabilities, np.linspace(0, 1, 1001))
    for candidate in [threshold, *steps[steps > threshold].tolist()]:
        if seconds(find(smoothed, candidate, select, barriers)) <= most:
            return float(candidate)
    return float(np.nextafter(smoothed.probabilities.max(), 2))


def apply_highlights(found: Sequence[Segment], highlights: Sequence[Segment]) -> list[Segment]:
    """Give events the times of the user's highlights, and add the highlights without an event.

    The times are the user's where highlights are at least half of an event. Where they are less, they may be only the
    best part of it, so the event keeps its times.

    Parameters
    ----------
    found : sequence of Segment
        The events, in the order of time.
    highlights : sequence of Segment
        What the user says is a highlight.

    Returns
    -------
    list of Segment
        The events, in the order of time.
    """
    events = [highlight for highlight in highlights if not any(overlap(highlight, event) for event in found)]
    for event in found:
        inside = [highlight for highlight in highlights if overlap(highlight, event)]
        if sum(overlap(highlight, event) for highlight in inside) >= event.duration / 2:
            first, last = min(highlight.start for highlight in inside), max(highlight.end for highlight in inside)
            event = replace(event, start=first, end=last)
        events.append(event)
    return join(sorted(events, key=lambda event: event.start))


def best_stretch(smoothed: Timeline, segment: Segment, length: float) -> Segment:
    """Cut a segment down to the stretch with the highest mean probability; of equals, the one nearest the centre.

    Parameters
    ----------
    smoothed : Timeline
        A timeline, from `smooth`.
    segment : Segment
        The segment, which is returned unchanged if it is no longer than `length`.
    length : float
        Length of the stretch, seconds.
    """
    latest = segment.end - length
    if latest <= segment.start:
        return segment
    edges = np.append(smoothed.times, smoothed.end)
    sums = np.concatenate([[0.0], np.cumsum(smoothed.probabilities) * smoothed.step])
    # Between these starts, the sum over a stretch is a linear function of its start, so one of them is the best.
    centre = (segment.start + latest) / 2
    starts = np.concatenate([edges, edges - length, [segment.start, centre, latest]])
    starts = starts[(segment.start <= starts) & (starts <= latest)]
    inside = np.interp(starts + length, edges, sums) - np.interp(starts, edges, sums)
    best = starts[inside >= inside.max() - ROUNDING]
    start = float(best[np.argmin(np.abs(best - centre))])
    return replace(segment, start=start, end=start + length)
