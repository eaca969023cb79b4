"""The moments of a VOD that a reviewer should judge next, data/review/<vod>.csv.

A model learns most from examples that it is least sure of (uncertainty sampling: Lewis and Gale, 1994). A few of those
that it is surest of are among them, since an error there is the worst.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from autotosis.cuts.events import EDGE
from autotosis.cuts.segments import Segment, overlap
from autotosis.cuts.selection import Choice
from autotosis.project import files
from autotosis.scan.timeline import Timeline

FOLDER = Path("data/review")
COLUMNS = ("start", "end", "probability", "reason")
UNCERTAIN, SURE, MARKER = "uncertain", "sure", "marker"
# How many moments are listed at most, and how many peaks of the probability they are chosen from.
MAX_MOMENTS, CANDIDATES = 30, 300
# One in this many moments is one that the model is sure of, as long as there are any above the threshold.
SURE_EVERY = 5
# No more than MAX_IN_PART of the moments are taken from each of PARTS equal parts of the VOD.
PARTS, MAX_IN_PART = 10, 6
# How much of the time around a peak is listed at most (seconds), half of it on each side.
MAX_LENGTH = 6.0
# Peaks that are closer than this are one (seconds).
APART = 1.0


def path(vod: str) -> Path:
    """Return the path of the review list of the VOD with this name."""
    return FOLDER / f"{vod}.csv"


def write(target: Path, chosen: Sequence[tuple[Segment, str]]) -> None:
    """Write a review list: the moments from `to_judge`, in the order in which to ask."""
    rows = [
        (f"{segment.start:.2f}", f"{segment.end:.2f}", f"{segment.score:.4g}", reason) for segment, reason in chosen
    ]
    files.write_csv(target, COLUMNS, rows)


def to_judge(
    choice: Choice, invert: bool, labelled: Sequence[Segment], marked: Sequence[Segment], duration: float
) -> list[tuple[Segment, str]]:
    """List the moments to ask a reviewer about: the marks of a VOD that nobody has judged, then those from `choose`.

    Parameters
    ----------
    choice : Choice
        What was chosen from the VOD's timeline.
    invert : bool
        Whether the timeline is inverted, as with `select.invert`.
    labelled, marked : sequence of Segment
        The stretches that the user labelled, and the marks.
    duration : float
        Length of the VOD, seconds.

    Returns
    -------
    list of (Segment, str)
        As from `choose`, but inside the VOD, and the score is a probability of a highlight in any case. The reason for
        a mark is MARKER.
    """
    unjudged = [mark for mark in marked if not any(overlap(mark, label) for label in labelled)]
    moments = [(mark, MARKER) for mark in unjudged]
    moments += choose(choice.smoothed, choice.threshold, [*labelled, *unjudged])
    if invert:
        # Their scores say how calm they are.
        moments = [(replace(moment, score=1 - moment.score), reason) for moment, reason in moments]
    # The last moment also stands for time after the VOD, which no row of labels.csv may name.
    return [(replace(moment, end=min(moment.end, duration)), reason) for moment, reason in moments]


def choose(smoothed: Timeline, threshold: float, judged: Sequence[Segment]) -> list[tuple[Segment, str]]:
    """Choose the moments to ask a reviewer about.

    Parameters
    ----------
    smoothed : Timeline
        A timeline, smoothed.
    threshold : float
        The decision threshold, 0 to 1.
    judged : sequence of Segment
        Stretches of the VOD that are judged or listed already. What is closer to one of them than APART is left out.

    Returns
    -------
    list of (Segment, str)
        At most MAX_MOMENTS of them, in the order in which to ask, each with its peak as its score, and why it was
        chosen: UNCERTAIN or SURE.
    """
    near = max(0.0, APART - smoothed.step / 2)
    around = [Segment(segment.start - near, segment.end + near) for segment in judged]
    left = [peak for peak in peaks(smoothed) if not any(overlap(peak, segment) for segment in around)]
    in_part = [0] * PARTS
    chosen: list[tuple[Segment, str]] = []
    while left and len(chosen) < MAX_MOMENTS:
        # The first one is the highest. Below the threshold, the model is not sure of a highlight.
        sure = len(chosen) % SURE_EVERY == SURE_EVERY - 1 and left[0].score >= threshold
        best = left[0] if sure else min(left, key=lambda peak: _distance_to_threshold(peak.score, threshold))
        left.remove(best)
        part = int(best.start / smoothed.end * PARTS)
        if in_part[part] < MAX_IN_PART:
            in_part[part] += 1
            chosen.append((best, SURE if sure else UNCERTAIN))
    return chosen


def peaks(smoothed: Timeline) -> list[Segment]:
    """Find the highest peaks of a timeline, at most CANDIDATES of them, the highest first.

    Like an event, a peak extends to where the smoothed probability falls below EDGE of its height, but by no more than
    half of MAX_LENGTH to each side. Peaks are at least APART from each other. The parameter is that of `choose`.
    """
    times, heights, step = smoothed.times, smoothed.probabilities, smoothed.step
    reach, gap = max(1, round(MAX_LENGTH / 2 / step)), max(1, round(APART / step))
    beside = np.pad(heights, 1, constant_values=-1.0)
    tops = np.flatnonzero((heights > beside[:-2]) & (heights >= beside[2:]))
    taken = np.zeros(len(heights), bool)
    highest: list[Segment] = []
    for top in tops[np.argsort(-heights[tops], kind="stable")].tolist():
        if len(highest) == CANDIDATES or heights[top] <= 0:
            break
        if taken[top]:
            continue
        first, last = max(0, top - reach), min(len(heights), top + reach + 1)
        outside = taken[first:last] | (heights[first:last] < EDGE * heights[top])
        before, after = np.flatnonzero(outside[: top - first]), np.flatnonzero(outside[top - first :])
        start = first + (int(before[-1]) + 1 if len(before) else 0)
        end = top + int(after[0]) if len(after) else last
        taken[max(0, start - gap) : end + gap] = True
        highest.append(Segment(float(times[start]), float(times[end - 1] + step), float(heights[top])))
    return highest


def _distance_to_threshold(probability: float, threshold: float) -> float:
    """Measure how far a probability is from the threshold, in log odds."""
    near = np.clip([probability, threshold], 1e-6, 1 - 1e-6)
    return float(abs(np.subtract(*np.log(near / (1 - near)))))
