"""The plan of the sample: what happens in its VODs."""

from itertools import pairwise

import pytest

from data.sample.make_sample import DEMO, ENCORE, EVENING, Sample, plan_vods
from data.sample.script import PARTY
from tests.conftest import SAMPLE


def test_no_evenings_unless_they_last():
    assert [vod.name for vod in plan_vods(Sample(**SAMPLE))] == [DEMO]


@pytest.mark.parametrize("minutes", [1, 2, 5])
def test_evenings_have_outbursts_and_acts_that_the_demo_has_not(minutes):
    demo, *evenings = plan_vods(Sample(**SAMPLE | {"evening_minutes": minutes}))
    assert not demo.of_kind(*PARTY)
    assert [vod.name for vod in evenings] == [EVENING, ENCORE]
    for vod in evenings:
        assert vod.duration == 60 * minutes
        assert len(vod.of_kind("rage")) >= 3
        assert all(vod.of_kind(kind) for kind in PARTY)
        assert all(one.end < following.start for one, following in pairwise(vod.events))
        assert vod.events[0].start > 0 and vod.events[-1].end < vod.duration
