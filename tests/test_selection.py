"""From a timeline to what a reel shows: numbers worked out by hand."""

from collections.abc import Sequence

import numpy as np
import pytest

from autotosis.annotations.configuration import SelectConfig
from autotosis.cuts import events, segments, selection
from autotosis.cuts.segments import Segment
from autotosis.project.params import Select
from autotosis.scan.timeline import Timeline
from tests.helpers import select_params

NO_ADJUSTMENTS = {"smooth": 0.0, "release": 0.5, "min_gap": 0.0, "min_length": 0.0}


def choose(
    times: np.ndarray,
    levels: Sequence[float],
    duration: float,
    threshold: float | None,
    prevalence: float,
    select: Select,
    rows: Sequence[Segment] = (),
) -> selection.Choice:
    """Choose from a timeline; the score of each of the rows is its label."""
    labels = [(row.start, row.end, bool(row.score)) for row in rows]
    select = select.model_copy(update={"threshold": threshold})
    config = SelectConfig.model_construct(select=select, labels=labels, prevalence=prevalence)
    return selection.choose(config, Timeline(times, np.array(levels)), duration)


def events_in(choice: selection.Choice) -> list[tuple[float, float]]:
    """List what is shown without its padding."""
    return [(segment.start + segment.pre_roll, segment.end - segment.post_roll) for segment in choice.reel]


def found(levels: list[float], threshold: float = 0.8, **select) -> list[tuple[float, float]]:
    """Find the events of a timeline with one moment per second."""
    times = np.arange(len(levels), dtype=float)
    select = select_params(**NO_ADJUSTMENTS | select)
    choice = choose(times, levels, len(levels), threshold, 0.05, select)
    return events_in(choice)


def test_an_event_reaches_the_threshold_and_lasts_until_the_release():
    assert found([0.1, 0.6, 0.9, 0.6, 0.1, 0.6, 0.7, 0.1]) == [(1, 4)]


def test_blurred_edges_are_cut_off_at_a_share_of_the_maximum_but_by_no_more_than_a_second():
    assert found([0.1, 0.5, 0.9, 0.9, 0.5, 0.1], threshold=0.5) == [(2, 4)]
    assert found([0.1, 0.4, 0.4, 0.9, 0.4, 0.4, 0.4, 0.1], threshold=0.5) == [(2, 6)]
    assert found([0.1, 0.35, 0.5, 0.35, 0.1], threshold=0.5) == [(1, 4)], "nothing is below 60 % of it"


def test_close_events_become_one_and_short_ones_are_dropped_after_that():
    levels = [0.9, 0.1, 0.9, 0.1, 0.1, 0.1, 0.9, 0.1]
    assert found(levels, min_gap=1.5, min_length=2.0) == [(0, 3)]
    assert found(levels, min_length=2.0) == []


def judged(*highlights: tuple[float, float], calm: tuple[float, float] = (0, 0)) -> list[tuple[float, float]]:
    """Find the events of a timeline, with one in seconds 4 to 8, of which the user judged some stretches."""
    times, levels = np.arange(0, 12, 0.5), np.repeat([0.1, 0.9, 0.1], 8)
    rows = [Segment(*highlight, 1.0) for highlight in highlights] + [Segment(*calm, 0.0)]
    choice = choose(times, levels, 12.0, 0.8, 0.5, select_params(**NO_ADJUSTMENTS | {"smooth": 1.0}), rows)
    return events_in(choice)


def test_what_the_user_judged_has_the_last_word():
    assert judged() == [(4, 8)]
    assert judged(calm=(4, 8)) == []
    assert judged(calm=(4.5, 7.5)) == [], "nothing is left around it"
    assert judged((4.5, 7)) == [(4.5, 7)], "the user mended its edges"
    assert judged((3.1, 9.2)) == [(3.1, 9.2)]
    assert judged((5, 6)) == [(4, 8)], "only the best part of it"
    assert judged((1.2, 1.4)) == [(1.2, 1.4), (4, 8)], "however short it is"
    assert judged((4.5, 6), (6.5, 8)) == [(4.5, 8)], "between them is the same event"


def test_highlights_of_the_user_push_no_other_event_out_of_the_reel():
    times, levels = np.arange(300.0), np.full(300, 0.1)
    rows = [Segment(start, start + 9, 1.0) for start in (20, 60, 100, 140, 260)]
    for row in rows:
        levels[int(row.start) : int(row.end)] = 0.9
    levels[200:206] = 0.98
    starts = []
    for labelled in ([], rows):
        select = select_params(**NO_ADJUSTMENTS | {"max_times_prevalence": 3})
        choice = choose(times, levels, 300.0, None, 0.05, select, labelled)
        starts.append([start for start, _ in events_in(choice)])
    assert all(200 in of_choice for of_choice in starts)
    assert starts[1] == [20, 60, 100, 140, 200, 260]


def test_what_the_user_called_calm_is_not_shown_beside_or_between_events():
    times, levels = np.arange(0, 30, 0.5), np.full(60, 0.1)
    levels[20:26] = levels[31:36] = 0.9
    padded = NO_ADJUSTMENTS | {"pre_roll": 1.0, "post_roll": 1.0, "min_gap": 1.0}
    reels = {}
    for calm in (None, (13, 15.5), (8, 9.5), (17.5, 18)):
        rows = [Segment(*calm, 0.0)] if calm else []
        choice = choose(times, levels, 30.0, 0.8, 0.5, select_params(**padded), rows)
        reels[calm] = [(segment.start, segment.end, segment.pre_roll, segment.post_roll) for segment in choice.reel]
    assert reels[None] == [(9, 19, 1, 1)]
    assert reels[13, 15.5] == [(9, 13, 1, 0), (15.5, 19, 0, 1)]
    assert reels[8, 9.5] == [(9.5, 19, 0.5, 1)]
    assert reels[17.5, 18][-1][1] == 17.5


def test_each_part_of_what_is_split_by_calm_has_the_score_of_its_own_events():
    times, levels = np.arange(0, 30, 0.5), np.full(60, 0.1)
    levels[20:26], levels[31:36] = 0.9, 0.7
    select = select_params(**NO_ADJUSTMENTS | {"pre_roll": 1.0, "post_roll": 1.0, "min_gap": 1.0})
    choice = choose(times, levels, 30.0, 0.6, 0.5, select, [Segment(13.5, 15, 0.0)])
    assert [(segment.start, segment.end, segment.score) for segment in choice.reel] == [
        (9, 13.5, 0.9),
        (15, 19, pytest.approx(0.7)),
    ]


def test_a_highlight_takes_no_time_or_score_from_an_event_beyond_what_is_calm():
    times, levels = np.arange(6000) / 10, np.full(6000, 0.01)
    levels[100:180] = 0.97
    select = select_params(pre_roll=1.0, post_roll=1.0, max_times_prevalence=3)
    rows = [Segment(13, 13.8, 0.0), Segment(13.8, 18, 1.0)]
    first, second = choose(times, levels, 600.0, None, 0.05, select, rows).reel
    assert (first.start, first.end) == (pytest.approx(9, abs=0.1), 13)
    assert (second.start, second.end) == (13.8, 19)

    levels[140:170], levels[170:180], levels[300:340] = 0.75, 0.01, 0.85
    select = select_params(pre_roll=1.0, post_roll=1.0, max_duration=6.0)
    (best,) = choose(times, levels, 600.0, 0.5, 0.05, select, [Segment(13.6, 14.4, 0.0)]).reel
    assert (best.start, best.end) == (pytest.approx(9, abs=0.1), 13.6), "the other part of it does not lower its score"


def test_smoothing_is_the_mean_around_each_moment():
    level = events.smooth(Timeline(np.arange(5.0), np.array([0, 0, 0.9, 0, 0])), 2.0)
    assert level.probabilities == pytest.approx([0, 0.3, 0.3, 0.3, 0])
    level = events.smooth(Timeline(np.arange(4.0), np.array([0.6, 0.0, 0.0, 0.6])), 2.0)
    assert level.probabilities == pytest.approx([0.3, 0.2, 0.2, 0.3])


def test_padding_stays_inside_the_video_and_joins_what_meets():
    events = [Segment(0.5, 2, 0.7), Segment(4, 5, 0.9), Segment(8, 9.5, 0.8)]
    padded = segments.pad(events, pre_roll=1, post_roll=1, duration=10)
    assert [(s.start, s.end, s.score) for s in padded] == [(0, 6, 0.9), (7, 10, 0.8)]


def shown(levels: list[float], **select) -> list[tuple[float, float]]:
    """Choose what is shown of a timeline with one moment per second."""
    times = np.arange(len(levels), dtype=float)
    choice = choose(times, levels, len(levels), 0.8, 0.05, select_params(**NO_ADJUSTMENTS | select))
    return [(segment.start, segment.end) for segment in choice.reel]


def test_what_is_shown_has_no_shorter_gaps_than_asked_for():
    levels = [0.1, 0.1, 0.9, 0.1, 0.1, 0.1, 0.1, 0.9, 0.1, 0.1]
    assert shown(levels, pre_roll=1.0, post_roll=1.0, min_gap=2.0) == [(1, 4), (6, 9)]
    assert shown(levels, pre_roll=1.0, post_roll=1.0, min_gap=2.5) == [(1, 9)]


def test_a_long_segment_is_cut_down_to_its_best_stretch_padding_included():
    levels = [0.1, 0.1, 0.6, 0.9, 0.8, 0.55, 0.1, 0.1]
    assert shown(levels, max_length=3.0) == [(2, 5)]
    assert shown(levels, max_length=3.5) == [(2, 5.5)]
    assert shown(levels, max_length=5.0, pre_roll=2.0, post_roll=2.0) == [(1.5, 6.5)], "in the middle among equals"
    assert shown(levels, max_length=9.0, pre_roll=1.0, post_roll=2.0) == [(1, 8)]
    assert shown([1 - level for level in levels], invert=True, threshold=0.8, max_length=1.0) == [(3, 4)]


def test_the_best_segments_win_where_the_reel_has_a_bound_and_stay_in_order():
    levels = [0.85, 0.85, 0.1, 0.95, 0.95, 0.95, 0.1, 0.9, 0.1, 0.82]
    assert shown(levels, max_duration=5.0) == [(3, 6), (7, 8), (9, 10)]
    assert shown(levels, max_duration=6.0) == [(0, 2), (3, 6), (7, 8)]
    assert shown(levels, max_duration=0.5) == []
    assert shown(levels, max_duration=4.0, max_length=1.0) == [(0.5, 1.5), (4, 5), (7, 8), (9, 10)]


def test_events_are_those_that_are_shown():
    levels = [0.9, 0.1, 0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.85]
    assert found(levels, max_duration=4.0, max_length=2.5) == [(0, 1), (2.25, 4.75)]
    assert found(levels, pre_roll=1.0, post_roll=1.0, max_length=3.0, max_duration=3.0) == [(2, 5)]
