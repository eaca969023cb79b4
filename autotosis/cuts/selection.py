"""From a timeline to what a reel shows. Pure functions; all times are in seconds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autotosis.annotations.configuration import SelectConfig
from autotosis.cuts import events
from autotosis.cuts.segments import Segment, best_that_fit, overlap, pad, seconds, subtract
from autotosis.model.model_file import Card
from autotosis.project.params import Select
from autotosis.scan.timeline import Timeline


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


def for_vod(config: SelectConfig, card: Card, timeline: Timeline, duration: float) -> Choice:
    """Choose what the reel of a VOD shows, from its configuration and the model's card. The rest is as in `choose`."""
    labels = labels_of(config, duration)
    return choose(timeline, duration, card.threshold, card.prevalence, config.select, labels)


def labels_of(config: SelectConfig, duration: float) -> list[Segment]:
    """Return the rows of labels.csv about a VOD of this length (seconds); the score of each is its label, 0 or 1."""
    return [
        Segment(start, duration if end is None else end, float(highlight)) for start, end, highlight in config.labels
    ]


def choose(
    timeline: Timeline,
    duration: float,
    threshold: float,
    share: float,
    select: Select,
    labels: Sequence[Segment] = (),
) -> Choice:
    """Choose what a reel shows.

    Parameters
    ----------
    timeline : Timeline
        The timeline of the video.
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
    labels : sequence of Segment
        What the user says of the video, as in labels.csv, which has the last word: 1 as the score is a highlight, 0 is
        calm.
    """
    highlights, calm = ([label for label in labels if label.score == score] for score in (1, 0))
    # Smoothing must not spread a highlight beyond the times that the user gave it.
    smoothed = events.smooth(events.override(timeline, calm), select.smooth)
    smoothed, release = events.override(smoothed, labels), select.release
    if select.invert:
        smoothed = smoothed.inverted()
        threshold = float(np.quantile(smoothed.probabilities, 1 - share))
        # Nearly everything is calm, so with a lower release, events would never end.
        release = 1.0
    # An event has nothing calm within it, unless the calmest moments are what is asked for.
    barriers = [] if select.invert else calm
    threshold = select.threshold or threshold
    if select.max_times_prevalence and not select.threshold and not select.invert:
        # What the user calls a highlight is shown in any case, and must not push out other events.
        most = select.max_times_prevalence * share * duration + seconds(highlights)
        threshold = events.raise_threshold(smoothed, threshold, release, select, most, barriers)
    found_events = events.find(smoothed, threshold, release, select, barriers)
    if not select.invert:
        found_events = events.apply_highlights(found_events, highlights)
    reel = pad(found_events, select.pre_roll, select.post_roll, duration, select.min_gap)
    if not select.invert:
        parts = [
            (part, [event.score for event in found_events if overlap(part, event)]) for part in subtract(reel, calm)
        ]
        reel = [replace(part, score=max(scores)) for part, scores in parts if scores]
    if select.max_length:
        reel = [events.best_stretch(smoothed, segment, select.max_length) for segment in reel]
    if select.max_duration:
        reel = best_that_fit(reel, select.max_duration)
    return Choice(smoothed, threshold, [with_padding(found_events, segment) for segment in reel])


def with_padding(found_events: Sequence[Segment], segment: Segment) -> Segment:
    """Return a segment with the padding around its events in `pre_roll` and `post_roll`."""
    inside = [event for event in found_events if overlap(event, segment)]
    if not inside:
        return segment
    pre_roll, post_roll = inside[0].start - segment.start, segment.end - inside[-1].end
    return replace(segment, pre_roll=max(0.0, pre_roll), post_roll=max(0.0, post_roll))
