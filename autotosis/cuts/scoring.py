"""Cut lists measured against what is true of a VOD. Pure functions."""

from collections.abc import Sequence

from autotosis.cuts.segments import Segment, overlap


def temporal_iou(one: Segment, other: Segment) -> float:
    """Time in both over time in either, 0 to 1."""
    shared = overlap(one, other)
    return shared / (one.duration + other.duration - shared)


def matches(found: Sequence[Segment], truth: Sequence[Segment], iou: float) -> int:
    """How many found events are true ones: pairs with at least this temporal IoU, the best first, each used once.

    The way in which event detection is scored in THUMOS and ActivityNet (Heilbron et al., 2015).
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
    """Seconds in a segment of both lists, neither of which overlaps itself."""
    return sum(overlap(one, other) for one in some for other in others)
