"""Cut lists compared with the true highlights: numbers worked out by hand."""

import pytest

from autotosis.cuts import scoring
from autotosis.cuts.segments import Segment


def test_each_true_event_is_matched_once_by_the_best():
    truth = [Segment(10, 20), Segment(30, 40)]
    assert scoring.temporal_iou(Segment(10, 16), truth[0]) == pytest.approx(0.6)
    twice = [Segment(10, 16), Segment(15, 20), Segment(50, 60)]
    assert scoring.matches(twice, truth, 0.5) == 1
    assert scoring.matches(twice, truth, 0.3) == 1
    assert scoring.matches([Segment(12, 20), Segment(30, 35)], truth, 0.5) == 2


def test_shared_seconds_count_each_second_once():
    assert scoring.shared_seconds([Segment(0, 5), Segment(8, 12)], [Segment(4, 9), Segment(11, 20)]) == 3
