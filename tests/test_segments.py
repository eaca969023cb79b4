"""From probabilities to segments, and segments against the truth: numbers worked out by hand."""

import numpy as np
import pytest

from stages.lib import measures, segments
from stages.lib.params import Render
from stages.lib.segments import Segment

PLAIN = {
    "invert": False, "smooth": 0.0, "threshold": None, "release": 0.5, "merge_gap": 0.0, "min_length": 0.0,
    "pre_roll": 0.0, "post_roll": 0.0, "overlay": "burn", "encoder": "libx264",
    "style": {"position": "top-left", "size": 1, "font": None}, "title": None, "layout": "source", "height": None,
    "fps": None, "quality": 21, "preset": "veryfast",
}  # fmt: skip


def found(levels: list[float], threshold: float = 0.8, **render) -> list[tuple[float, float]]:
    """The events of a timeline of one moment per second."""
    times = np.arange(len(levels), dtype=float)
    render = Render(**PLAIN | render)
    choice = segments.choose(times, np.array(levels), len(levels), threshold, 0.05, render)
    return [(event.start, event.end) for event in choice.events]


def test_an_event_reaches_the_threshold_and_lasts_until_the_release():
    assert found([0.1, 0.5, 0.9, 0.5, 0.1, 0.5, 0.7, 0.1]) == [(1, 4)]


def test_close_events_become_one_and_short_ones_are_dropped_after_that():
    levels = [0.9, 0.1, 0.9, 0.1, 0.1, 0.1, 0.9, 0.1]
    assert found(levels, merge_gap=1.5, min_length=2.0) == [(0, 3)]
    assert found(levels, min_length=2.0) == []


def test_smoothing_is_the_mean_around_each_moment():
    level = segments.smooth(np.arange(5.0), np.array([0, 0, 0.9, 0, 0]), 2.0)
    assert level == pytest.approx([0, 0.3, 0.3, 0.3, 0])
    level = segments.smooth(np.arange(4.0), np.array([0.6, 0.0, 0.0, 0.6]), 2.0)
    assert level == pytest.approx([0.3, 0.2, 0.2, 0.3])


def test_padding_stays_inside_the_video_and_joins_what_meets():
    events = [Segment(0.5, 2, 0.7), Segment(4, 5, 0.9), Segment(8, 9.5, 0.8)]
    padded = segments.pad(events, before=1, after=1, duration=10)
    assert [(s.start, s.end, s.score) for s in padded] == [(0, 6, 0.9), (7, 10, 0.8)]


def test_each_true_event_is_matched_once_by_the_best():
    truth = [Segment(10, 20), Segment(30, 40)]
    assert segments.temporal_iou(Segment(10, 16), truth[0]) == pytest.approx(0.6)
    twice = [Segment(10, 16), Segment(15, 20), Segment(50, 60)]
    assert segments.matches(twice, truth, 0.5) == 1
    assert segments.matches(twice, truth, 0.3) == 1
    assert segments.matches([Segment(12, 20), Segment(30, 35)], truth, 0.5) == 2


def test_shared_seconds_count_each_second_once():
    assert segments.shared_seconds([Segment(0, 5), Segment(8, 12)], [Segment(4, 9), Segment(11, 20)]) == 3


def test_measures_of_probabilities():
    labels, probabilities = np.array([0, 0, 1, 1, 1, 0]), np.array([0.1, 0.6, 0.4, 0.9, 0.8, 0.2])
    figures = measures.cross_validation(labels, probabilities, np.array([0, 0, 0, 0, 1, 1]))
    of_first = 1 / 2 + 2 / 3 / 2
    assert figures["roc_auc"] == pytest.approx(8 / 9, abs=1e-4)
    assert figures["roc_auc_std"] == pytest.approx((1 - 0.75) / 2, abs=1e-4)
    assert figures["average_precision"] == pytest.approx(2 / 3 + 3 / 4 / 3, abs=1e-4)
    assert figures["average_precision_std"] == pytest.approx((1 - of_first) / 2, abs=1e-4)
    assert figures["expected_calibration_error"] == pytest.approx((0.1 + 0.6 + 0.6 + 0.1 + 0.2 + 0.2) / 6, abs=1e-4)
    assert figures["base_rate"] == 0.5


def test_a_fold_of_one_label_has_no_figures_of_its_own():
    labels, probabilities = np.array([0, 1, 0, 0]), np.array([0.2, 0.8, 0.1, 0.3])
    figures = measures.cross_validation(labels, probabilities, np.array([0, 0, 1, 1]))
    assert figures["average_precision"] == 1
    assert figures["average_precision_std"] == 0
