"""Measuring cut lists against the true highlights of a VOD. Pure functions."""

from collections.abc import Sequence

from autotosis.cuts.segments import Segment, overlap


def temporal_iou(one: Segment, other: Segment) -> float:
    """Compute the intersection over union of two segments: their shared time over the time they cover, 0 to 1."""
    shared = overlap(one, other)
    return shared / (one.duration + other.duration - shared)


def matches(found: Sequence[Segment], truth: Sequence[Segment], iou: float) -> int:
    """Count the found events that match a true one.

    Pairs with at least this temporal IoU are matched, the highest first, and each event is used once. Event detection
    is scored in this way in THUMOS and ActivityNet (Heilbron et al., 2015).

    Parameters
    ----------
    found, truth : sequence of Segment
        The found and the true events.
    iou : float
        The least temporal IoU of a match, 0 to 1.
    """
    pairs = [
        (temporal_iou(event, true), number, other)
        for number, event in enumerate(found)
        for other, true in enumerate(truth)
    ]
    used_found, used_truth = set(), set()
    for value, number, other in sorted(pairs, key=lambda pair: -pair[0]):
        if value >= iou and number not in used_found and other not in used_truth:
            used_found.add(number)
            used_truth.add(other)
    return len(used_found)


def shared_seconds(some: Sequence[Segment], others: Sequence[Segment]) -> float:
    """Compute how many seconds are covered by both lists. Within a list, segments must not overlap."""
    return sum(overlap(one, other) for one in some for other in others)
