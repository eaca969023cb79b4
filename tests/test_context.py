"""Signals are relative to the baseline around each moment."""

import numpy as np
import pytest

from autotosis.signals import cepstrum, context, face, features, motion
from autotosis.signals.cepstrum import CEPSTRUM
from autotosis.signals.face import FACE
from autotosis.signals.flux import FLUX
from autotosis.signals.motion import MOTION


def test_what_is_normal_is_taken_away_from_streams_and_clips_alike():
    """A constant increase of all signals changes them by less than the increase, anywhere in a long video."""
    chance = np.random.default_rng(5)
    signals = chance.normal(size=(3000, features.COLUMNS)).astype(np.float32)
    usual, loud = context.relative(signals, 10), context.relative(signals + 2, 10)
    shares = {MOTION: motion.BASELINE_SHARE, FACE: face.BASELINE_SHARE, CEPSTRUM: cepstrum.BASELINE_SHARE, FLUX: 1}
    for signal, share in shares.items():
        more = (loud - usual)[:, features.columns(signal)]
        assert more == pytest.approx(np.full((3000, signal.width), 2 * (1 - share)), abs=1e-4)
    # An excerpt that begins at an anchor gives the same values as the whole.
    around = context.relative(signals[700:2311], 10)[300:1300]
    assert around == pytest.approx(usual[1000:2000], abs=1e-5)
