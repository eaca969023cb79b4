"""From a timeline to what a reel shows. Pure functions; all times are in seconds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autotosis.annotations.configuration import SelectConfig
from autotosis.cuts import events
from autotosis.cuts.segments import Segment, best_that_fit, overlap, pad, seconds, subtract
from autotosis.scan.timeline import Timeline

# The decision threshold. If the prevalence is 0.05, moments above it are more like highlights than like calm.
THRESHOLD = 0.4


@dataclass(frozen=True)
class Choice:
    """The segments chosen from a timeline.

    Attributes
    ----------
    smoothed : Timeline
        The smoothed timeline, inverted with `select.invert`.
    threshold : float
        The decision threshold that the smoothed probability of an event must reach, 0 to 1.
    reel : list of Segment
        The segments, with padding and within the limits of `select`.
    """

    smoothed: Timeline
    threshold: float
    reel: list[Segment]


def labels_of(config: SelectConfig, duration: float) -> list[Segment]:
    """Return the rows of labels.csv about a VOD of this length (seconds); the score of each is its label, 0 or 1."""
    return [
        Segment(start, duration if end is None else end, float(highlight)) for start, end, highlight in config.labels
    ]


def choose(config: SelectConfig, timeline: Timeline, duration: float) -> Choice:
    """Choose what the reel of a VOD shows.

    The user has the last word: what a row of labels.csv calls a highlight is shown, and what one calls calm is not,
    unless `select.invert` is set.

    Parameters
    ----------
    config : SelectConfig
        The parameters of selection, the rows of labels.csv, and the prevalence. Without a `select.threshold`, the
        decision threshold is THRESHOLD, or higher, so that events are at most `select.max_times_prevalence` times the
        prevalence. With `select.invert` most moments would qualify, so then only the calmest ones reach the threshold,
        a share as large as the prevalence.
    timeline : Timeline
        The timeline of the VOD.
    duration : float
        Length of the VOD, seconds.
    """
    select, labels = config.select, labels_of(config, duration)
    highlights, calm = ([label for label in labels if label.score == score] for score in (1, 0))
    # Smoothing must not spread a highlight beyond the times that the user gave it.
    smoothed = events.smooth(events.override(timeline, calm), select.smooth)
    smoothed = events.override(smoothed, labels)
    threshold = select.threshold or THRESHOLD
    if select.invert:
        # The calmest moments are what is asked for, so rows only count as probabilities of 0 and 1.
        smoothed, highlights, calm = smoothed.inverted(), [], []
        threshold = select.threshold or float(np.quantile(smoothed.probabilities, 1 - config.prevalence))
        # Nearly everything is calm, so with a lower release, events would never end.
        select = select.model_copy(update={"release": 1.0})
    elif select.max_times_prevalence and not select.threshold:
        # What the user calls a highlight is shown in any case, and must not push out other events.
        most = select.max_times_prevalence * config.prevalence * duration + seconds(highlights)
        threshold = events.raise_threshold(smoothed, threshold, select, most, calm)
    # An event has nothing calm within it.
    found_events = events.apply_highlights(events.find(smoothed, threshold, select, calm), highlights)
    reel = pad(found_events, select.pre_roll, select.post_roll, duration, select.min_gap)
    parts = [(part, [event.score for event in found_events if overlap(part, event)]) for part in subtract(reel, calm)]
    reel = [replace(part, score=max(scores)) for part, scores in parts if scores]
    if select.max_length:
        reel = [events.best_stretch(smoothed, segment, select.max_length) for segment in reel]
    if select.max_duration:
        reel = best_that_fit(reel, select.max_duration)
    return Choice(smoothed, threshold, [with_padding(found_events, segment) for segment in reel])


def with_padding(found_events: Sequence[Segment], segment: Segment) -> Segment:
    """Return a segment with the padding around its events in `pre_roll` and `post_roll`."""
    inside = [event for event in found_events if overlap(event, segment)]
    return segment.with_event(inside[0].start, inside[-1].end) if inside else segment
