"""A moment is seen relative to what is normal around it."""

import numpy as np
import pytest

from autotosis.signals import context


def test_what_is_normal_is_taken_away_from_streams_and_clips_alike():
    """A louder microphone and a picture that always moves change less than they would, anywhere in a long video."""
    chance = np.random.default_rng(5)
    motion = chance.normal(size=3000).astype(np.float32)
    sound = chance.normal(size=(3000, 16)).astype(np.float32)
    usual, loud = context.relative(motion, sound, 10), context.relative(motion + 2, sound + 2, 10)
    assert loud[:, 0] - usual[:, 0] == pytest.approx(np.full(3000, 2 * (1 - context.MOTION_SHARE)), abs=1e-4)
    assert loud[:, 1:] - usual[:, 1:] == pytest.approx(np.full((3000, 16), 2 * (1 - context.SOUND_SHARE)), abs=1e-4)
    # An excerpt that begins at an anchor is seen as in the whole.
    around = context.relative(motion[700:2311], sound[700:2311], 10)[300:1300]
    assert around == pytest.approx(usual[1000:2000], abs=1e-5)
