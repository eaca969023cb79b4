"""From a timeline to the segments of a reel. Pure functions; all times are in seconds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autotosis.project.params import Select

# Times that differ by less than this count as equal (seconds).
ROUNDING = 1e-6


@dataclass(frozen=True)
class Segment:
    """A stretch of a video.

    Attributes
    ----------
    start, end : float
        Its times in the video, seconds.
    score : float
        The mean smoothed probability of its best event, 0 to 1; 1 for a segment that the user added without a score.
    lead, tail : float
        The padding before its first event and after its last one, seconds.
    """

    start: float
    end: float
    score: float = 1.0
    lead: float = 0.0
    tail: float = 0.0

    @property
    def duration(self) -> float:
        """Length of the segment, seconds."""
        return self.end - self.start


def seconds(shown: Iterable[Segment]) -> float:
    """Add up the lengths of segments."""
    return sum(segment.duration for segment in shown)


def step(times: np.ndarray) -> float:
    """Compute the seconds between moments of a timeline; the mean over all, because each time is rounded."""
    return float(times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 1.0


def smooth(times: np.ndarray, probabilities: np.ndarray, seconds: float) -> np.ndarray:
    """Smooth the probabilities of a timeline with a centred moving average, which is shorter at the ends.

    Parameters
    ----------
    times, probabilities : ndarray of float64, shape (moments,)
        A timeline, evenly spaced.
    seconds : float
        Length of the window, seconds.

    Returns
    -------
    ndarray of float64, shape (moments,)
        The smoothed probabilities, 0 to 1.
    """
    reach = int(seconds / 2 / step(times) + 1e-6)
    sums = np.concatenate([[0.0], np.cumsum(probabilities)])
    positions = np.arange(len(times))
    first, last = np.maximum(positions - reach, 0), np.minimum(positions + reach + 1, len(times))
    means: np.ndarray = (sums[last] - sums[first]) / (last - first)
    return means


@dataclass(frozen=True)
class Choice:
    """The segments chosen from a timeline.

    Attributes
    ----------
    level : ndarray of float64, shape (moments,)
        The smoothed probability of a highlight, or of a calm moment with `select.invert`.
    threshold : float
        The decision threshold that an event's level must reach, 0 to 1.
    events : list of Segment
        The shown part of each event, without padding.
    reel : list of Segment
        The segments, with padding and within the limits of `select`.
    """

    level: np.ndarray
    threshold: float
    events: list[Segment]
    reel: list[Segment]


def choose(
    times: np.ndarray, probabilities: np.ndarray, duration: float, threshold: float, share: float, select: Select
) -> Choice:
    """Choose what a reel shows.

    Parameters
    ----------
    times, probabilities : ndarray of float64, shape (moments,)
        A timeline, evenly spaced.
    duration : float
        Length of the video, seconds.
    threshold : float
        The model's decision threshold, 0 to 1. `select.threshold` takes its place, unless it is None.
    share : float
        The prevalence: the expected share of highlights, 0 to 1. Unless `select.threshold` is set, the threshold is
        raised until events are at most `select.max_times_prevalence` times as much. With `select.invert` most moments
        would qualify, so then only this share of them, the calmest ones, reaches the threshold.
    select : Select
        The parameters of selection.
    """
    level, release = smooth(times, probabilities, select.smooth), select.release
    if select.invert:
        level = 1 - level
        threshold = float(np.quantile(level, 1 - share))
        # Nearly everything is calm, so with a lower release, events would never end.
        release = 1.0
    threshold = select.threshold or threshold
    found = events(times, level, threshold, release, select)
    if select.max_times_prevalence and not select.threshold and not select.invert:
        most = select.max_times_prevalence * share * duration
        threshold, found = stand_out(times, level, threshold, release, select, most)
    shown = pad(found, select.pre_roll, select.post_roll, duration, select.min_gap)
    if select.max_length:
        shown = [best_stretch(times, level, segment, select.max_length) for segment in shown]
    if select.max_duration:
        shown = best_that_fit(shown, select.max_duration)
    return Choice(level, threshold, *as_shown(found, shown))


def events(times: np.ndarray, level: np.ndarray, threshold: float, release: float, select: Select) -> list[Segment]:
    """Find the events of a timeline, without padding.

    An event is where the smoothed probability is above `release` times the threshold, provided that it reaches the
    threshold somewhere in between (hysteresis, as in Canny's edge detector, 1986). Events that are close to each other
    are joined, and events that are too short even then are dropped.

    Parameters
    ----------
    times, level : ndarray of float64, shape (moments,)
        A timeline, evenly spaced, with smoothed probabilities. Each moment stands for the time until the next one.
    threshold : float
        The decision threshold, 0 to 1.
    release : float
        The share of the threshold at which an event begins and ends, 0 to 1.
    select : Select
        The parameters of selection, of which min_gap and min_length are used.

    Returns
    -------
    list of Segment
        The events, in the order of time.
    """
    spacing = step(times)
    above = np.concatenate([[False], level >= threshold * release, [False]])
    starts, ends = np.flatnonzero(~above[:-1] & above[1:]), np.flatnonzero(above[:-1] & ~above[1:])
    runs: list[list[int]] = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if level[start:end].max() < threshold:
            continue
        if runs and (start - runs[-1][1]) * spacing < select.min_gap:
            runs[-1][1] = end
        else:
            runs.append([start, end])
    return [
        Segment(float(times[start]), float(times[end - 1] + spacing), float(level[start:end].mean()))
        for start, end in runs
        if (end - start) * spacing >= select.min_length - 1e-6
    ]


def stand_out(
    times: np.ndarray, level: np.ndarray, threshold: float, release: float, select: Select, most: float
) -> tuple[float, list[Segment]]:
    """Raise the threshold until the events are no longer than `most` seconds in all.

    The other parameters are those of `events`.

    Returns
    -------
    float
        The lowest such threshold, at least the given one. If all moments are alike, it may be above all of them.
    list of Segment
        The events at this threshold.
    """
    steps = np.quantile(level, np.linspace(0, 1, 1001))
    for each in [threshold, *steps[steps > threshold].tolist()]:
        found = events(times, level, each, release, select)
        if seconds(found) <= most:
            return each, found
    return float(np.nextafter(level.max(), 2)), []


def pad(found: Sequence[Segment], before: float, after: float, duration: float, min_gap: float = 0.0) -> list[Segment]:
    """Add padding to events, within the video, and join those that then touch or nearly touch.

    Parameters
    ----------
    found : sequence of Segment
        The events, in the order of time.
    before, after : float
        The padding before and after each event, seconds.
    duration : float
        Length of the video, seconds.
    min_gap : float
        Segments with a shorter gap between them are joined, seconds.

    Returns
    -------
    list of Segment
        The segments, in the order of time.
    """
    padded = (Segment(max(0.0, event.start - before), min(duration, event.end + after), event.score) for event in found)
    return join((segment for segment in padded if segment.duration > 0), min_gap)


def join(found: Iterable[Segment], min_gap: float = 0.0) -> list[Segment]:
    """Join segments, given in the order of time, that touch or have less than `min_gap` seconds between them.

    A joined segment has the best score of its parts.
    """
    joined: list[Segment] = []
    for segment in found:
        if joined and segment.start - joined[-1].end < max(min_gap - ROUNDING, ROUNDING):
            last = joined.pop()
            segment = Segment(last.start, max(last.end, segment.end), max(last.score, segment.score))
        joined.append(segment)
    return joined


def best_stretch(times: np.ndarray, level: np.ndarray, segment: Segment, length: float) -> Segment:
    """Cut a segment down to the stretch with the highest mean probability; of equals, the one nearest the middle.

    Parameters
    ----------
    times, level : ndarray of float64, shape (moments,)
        A timeline, evenly spaced, with smoothed probabilities.
    segment : Segment
        The segment, which is returned unchanged if it is no longer than `length`.
    length : float
        Length of the stretch, seconds.
    """
    latest = segment.end - length
    if latest <= segment.start:
        return segment
    edges = np.append(times, times[-1] + step(times))
    sums = np.concatenate([[0.0], np.cumsum(level) * step(times)])
    # Between these starts, the sum over a stretch is a linear function of its start, so one of them is the best.
    middle = (segment.start + latest) / 2
    starts = np.concatenate([edges, edges - length, [segment.start, middle, latest]])
    starts = starts[(segment.start <= starts) & (starts <= latest)]
    inside = np.interp(starts + length, edges, sums) - np.interp(starts, edges, sums)
    best = starts[inside >= inside.max() - ROUNDING]
    start = float(best[np.argmin(np.abs(best - middle))])
    return replace(segment, start=start, end=start + length)


def best_that_fit(shown: Sequence[Segment], most: float) -> list[Segment]:
    """Take the segments with the best scores, as many as fit into `most` seconds, and return them in the order of time.

    If one does not fit, shorter ones with lower scores may still be taken.
    """
    taken, left = [], most
    for segment in sorted(shown, key=lambda segment: (-segment.score, segment.start)):
        if segment.duration <= left + ROUNDING:
            taken.append(segment)
            left -= segment.duration
    return sorted(taken, key=lambda segment: segment.start)


def as_shown(found: Sequence[Segment], shown: Sequence[Segment]) -> tuple[list[Segment], list[Segment]]:
    """Return the shown part of each event, and the segments with their padding in `lead` and `tail`."""
    seen, segments = [], []
    for segment in shown:
        inside = [
            replace(event, start=max(event.start, segment.start), end=min(event.end, segment.end))
            for event in found
            if overlap(event, segment) > 0
        ]
        if inside:
            segment = replace(segment, lead=inside[0].start - segment.start, tail=segment.end - inside[-1].end)
        seen += inside
        segments.append(segment)
    return seen, segments


def overlap(one: Segment, other: Segment) -> float:
    """Compute how much time two segments share, seconds."""
    return max(0.0, min(one.end, other.end) - max(one.start, other.start))
