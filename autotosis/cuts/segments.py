"""From a timeline to the segments that a reel shows. Pure functions of numbers, in seconds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autotosis.project.params import Select

# Times that differ by less are the same (seconds).
ROUNDING = 1e-6


@dataclass(frozen=True)
class Segment:
    """A stretch of a video.

    Attributes
    ----------
    start, end : float
        Seconds.
    score : float
        The mean of the smoothed probability in it, 0 to 1; 1 for what a person marked without one.
    lead, tail : float
        How much of it comes before its first event and after its last, seconds.
    """

    start: float
    end: float
    score: float = 1.0
    lead: float = 0.0
    tail: float = 0.0

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end - self.start


def seconds(shown: Iterable[Segment]) -> float:
    """How long segments are together."""
    return sum(segment.duration for segment in shown)


def step(times: np.ndarray) -> float:
    """Seconds from one moment of a timeline to the next, all taken together, as each is rounded."""
    return float(times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 1.0


def smooth(times: np.ndarray, probabilities: np.ndarray, seconds: float) -> np.ndarray:
    """The mean probability within half of `seconds` of each moment; fewer moments count at the ends.

    Parameters
    ----------
    times, probabilities : ndarray of float64, shape (moments,)
        A timeline, evenly spaced.
    seconds : float
        Width of the mean.

    Returns
    -------
    ndarray of float64, shape (moments,)
    """
    reach = int(seconds / 2 / step(times) + 1e-6)
    sums = np.concatenate([[0.0], np.cumsum(probabilities)])
    positions = np.arange(len(times))
    first, last = np.maximum(positions - reach, 0), np.minimum(positions + reach + 1, len(times))
    means: np.ndarray = (sums[last] - sums[first]) / (last - first)
    return means


@dataclass(frozen=True)
class Choice:
    """What is chosen of a timeline.

    Attributes
    ----------
    level : ndarray of float64, shape (moments,)
        The smoothed probability of what is wanted.
    threshold : float
        What it must reach.
    events : list of Segment
        Without padding, as far as they are shown.
    reel : list of Segment
        With it: what is shown, within the bounds that `select` sets.
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
        Of the video, seconds.
    threshold : float
        The model's, 0 to 1, where `select.threshold` is None.
    share : float
        The prevalence: how much of a stream is expected to be highlights, 0 to 1. Where `select.threshold` is None and
        events are more than `select.max_times_prevalence` times as much, the threshold is raised. With `select.invert`
        the calmest moments are wanted, which most are, so this share of them is taken where `select.threshold` is None.
    select : Select
        The parameters of selection.
    """
    level, release = smooth(times, probabilities, select.smooth), select.release
    if select.invert:
        level = 1 - level
        threshold = float(np.quantile(level, 1 - share))
        # Nearly everything is calm, so that nothing falls below a share of the threshold.
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
    """The moments worth showing, without padding, in order.

    An event begins where the smoothed probability rises above `release` times the threshold, ends where it falls
    below that, and counts if it reaches the threshold between (hysteresis: Canny, 1986, for edges in pictures).
    Close events become one, and what is then still too short is dropped.

    Parameters
    ----------
    times, level : ndarray of float64, shape (moments,)
        A timeline, evenly spaced, its probabilities smoothed. A moment stands for the time until the next one.
    threshold, release : float
        0 to 1.
    select : Select
        min_gap and min_length count.
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
    """The lowest threshold, from the given one on, whose events last no more than `most` seconds together; and these.

    The others are as in `events`. Where all moments are alike, no threshold has such events but one that has none.
    """
    steps = np.quantile(level, np.linspace(0, 1, 1001))
    for each in [threshold, *steps[steps > threshold].tolist()]:
        found = events(times, level, each, release, select)
        if seconds(found) <= most:
            return each, found
    return float(np.nextafter(level.max(), 2)), []


def pad(found: Sequence[Segment], before: float, after: float, duration: float, min_gap: float = 0.0) -> list[Segment]:
    """Each event with some time around it, inside the video; those that meet, or nearly, become one.

    Parameters
    ----------
    found : sequence of Segment
        In order.
    before, after, duration : float
        Seconds to add on both sides, and the length of the video.
    min_gap : float
        Seconds, as in `join`.

    Returns
    -------
    list of Segment
        As `join` gives them.
    """
    padded = (Segment(max(0.0, event.start - before), min(duration, event.end + after), event.score) for event in found)
    return join((segment for segment in padded if segment.duration > 0), min_gap)


def join(found: Iterable[Segment], min_gap: float = 0.0) -> list[Segment]:
    """Segments in order, those that meet or have less than `min_gap` seconds between them made one.

    It has the best of their scores.
    """
    joined: list[Segment] = []
    for segment in found:
        if joined and segment.start - joined[-1].end < max(min_gap - ROUNDING, ROUNDING):
            last = joined.pop()
            segment = Segment(last.start, max(last.end, segment.end), max(last.score, segment.score))
        joined.append(segment)
    return joined


def best_stretch(times: np.ndarray, level: np.ndarray, segment: Segment, length: float) -> Segment:
    """The stretch of a segment in which the smoothed probability is highest; among equals the one nearest its middle.

    Parameters
    ----------
    times, level : ndarray of float64, shape (moments,)
        A timeline, evenly spaced, its probabilities smoothed.
    segment : Segment
        Returned as it is where it is no longer than the stretch.
    length : float
        Of the stretch, seconds.
    """
    latest = segment.end - length
    if latest <= segment.start:
        return segment
    edges = np.append(times, times[-1] + step(times))
    sums = np.concatenate([[0.0], np.cumsum(level) * step(times)])
    # Between these the sum over a stretch is linear in its start, so that one of them is the best.
    middle = (segment.start + latest) / 2
    starts = np.concatenate([edges, edges - length, [segment.start, middle, latest]])
    starts = starts[(segment.start <= starts) & (starts <= latest)]
    inside = np.interp(starts + length, edges, sums) - np.interp(starts, edges, sums)
    best = starts[inside >= inside.max() - ROUNDING]
    start = float(best[np.argmin(np.abs(best - middle))])
    return replace(segment, start=start, end=start + length)


def best_that_fit(shown: Sequence[Segment], most: float) -> list[Segment]:
    """Of segments those with the best scores, in order of time, as far as they fit into `most` seconds.

    One that does not fit is left out, and shorter ones with lower scores may still be taken.
    """
    taken, left = [], most
    for segment in sorted(shown, key=lambda segment: (-segment.score, segment.start)):
        if segment.duration <= left + ROUNDING:
            taken.append(segment)
            left -= segment.duration
    return sorted(taken, key=lambda segment: segment.start)


def as_shown(found: Sequence[Segment], shown: Sequence[Segment]) -> tuple[list[Segment], list[Segment]]:
    """Events as far as they are shown, and the segments that show them with how much of each is padding."""
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
    """How long both are on, seconds."""
    return max(0.0, min(one.end, other.end) - max(one.start, other.start))
