"""The plan of the sample: what happens in its VODs."""

from itertools import pairwise

import pytest

from data.sample.make_sample import DEMO, EVENING, Sample, plan_vods
from data.sample.script import PARTY
from tests.conftest import SAMPLE


def test_no_evening_unless_it_lasts():
    assert [vod.name for vod in plan_vods(Sample(**SAMPLE))] == [DEMO]


@pytest.mark.parametrize("minutes", [1, 2, 5])
def test_the_evening_has_outbursts_and_acts_that_the_demo_has_not(minutes):
    demo, evening = plan_vods(Sample(**SAMPLE | {"evening_minutes": minutes}))
    assert not demo.of_kind(*PARTY)
    assert evening.name == EVENING and evening.duration == 60 * minutes
    assert len(evening.of_kind("rage")) >= 3
    assert all(evening.of_kind(kind) for kind in PARTY)
    assert all(one.end < following.start for one, following in pairwise(evening.events))
    assert evening.events[0].start > 0 and evening.events[-1].end < evening.duration
