"""Segments of a video: padding, joining, and which ones fit. Pure functions; all times are in seconds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

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
        The mean smoothed probability of its best event, or for a mark, the highest smoothed probability within it,
        0 to 1; with `select.invert`, that of a calm moment. For a segment that the user added, the given score, or
        else 1.
    pre_roll, post_roll : float
        The padding before its first event and after its last one, seconds.
    """

    start: float
    end: float
    score: float = 1.0
    pre_roll: float = 0.0
    post_roll: float = 0.0

    @property
    def duration(self) -> float:
        """Length of the segment, seconds."""
        return self.end - self.start

    @property
    def event(self) -> "Segment":
        """The segment without its padding."""
        return Segment(self.start + self.pre_roll, self.end - self.post_roll, self.score)

    def with_event(self, start: float, end: float) -> "Segment":
        """Return the segment with the padding that makes its event last from `start` to `end` (seconds)."""
        return replace(self, pre_roll=max(0.0, start - self.start), post_roll=max(0.0, self.end - end))


def seconds(segments: Iterable[Segment]) -> float:
    """Add up the lengths of segments."""
    return sum(segment.duration for segment in segments)


def overlap(one: Segment, other: Segment) -> float:
    """Compute how much time two segments share, seconds."""
    return max(0.0, min(one.end, other.end) - max(one.start, other.start))


def join(parts: Iterable[Segment], min_gap: float = 0.0, barriers: Sequence[Segment] = ()) -> list[Segment]:
    """Join segments, given in the order of time, that touch or have less than `min_gap` seconds between them.

    They are not joined across any of the stretches in `barriers`. A joined segment has the best score of its parts.
    """
    joined: list[Segment] = []
    for segment in parts:
        gap = Segment(joined[-1].end, segment.start) if joined else None
        is_short = gap and gap.duration < max(min_gap - ROUNDING, ROUNDING)
        if gap and is_short and not any(overlap(gap, barrier) for barrier in barriers):
            last = joined.pop()
            both = Segment(last.start, max(last.end, segment.end), max(last.score, segment.score))
            start, end = min(last.event.start, segment.event.start), max(last.event.end, segment.event.end)
            segment = both.with_event(start, end)
        joined.append(segment)
    return joined


def pad(
    events: Sequence[Segment], pre_roll: float, post_roll: float, duration: float, min_gap: float = 0.0
) -> list[Segment]:
    """Add padding to events, within the video, and join those that then touch or nearly touch.

    Parameters
    ----------
    events : sequence of Segment
        The events, in the order of time.
    pre_roll, post_roll : float
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
    padded = (
        Segment(max(0.0, event.start - pre_roll), min(duration, event.end + post_roll), event.score) for event in events
    )
    return join((segment for segment in padded if segment.duration > 0), min_gap)


def subtract(segments: Sequence[Segment], removed: Sequence[Segment]) -> list[Segment]:
    """Cut stretches out of segments. Both are in the order of time, and so is the result."""
    for stretch in removed:
        parts = (
            part
            for segment in segments
            for part in (
                replace(segment, end=min(segment.end, stretch.start)),
                replace(segment, start=max(segment.start, stretch.end)),
            )
        )
        segments = [part for part in parts if part.duration > ROUNDING]
    return list(segments)


def best_that_fit(segments: Sequence[Segment], most: float) -> list[Segment]:
    """Take the segments with the best scores, as many as fit into `most` seconds, and return them in the order of time.

    If one does not fit, shorter ones with lower scores may still be taken.
    """
    taken, left = [], most
    for segment in sorted(segments, key=lambda segment: (-segment.score, segment.start)):
        if segment.duration <= left + ROUNDING:
            taken.append(segment)
            left -= segment.duration
    return sorted(taken, key=lambda segment: segment.start)
