"""A model that is fitted to one VOD: what is usual in it counts as calm."""

import numpy as np

from autotosis.model import background, linear
from autotosis.signals import context, features


def known(chance: np.random.Generator, count: int) -> background.Labelled:
    """Make labelled moments of which the loud ones, in the first column of sound, are highlights."""
    values = chance.normal(size=(count, len(context.WINDOWS), features.COLUMNS)).astype(np.float32)
    labels = np.arange(count) % 2
    values[labels == 1, :, 1] += 2
    ones = np.ones(count)
    return background.Labelled(values, labels, ones, np.arange(count) // 2 % 4, ones > 0, 0 * ones, 0 * ones - 1)


def test_what_is_usual_in_a_vod_is_calm_there():
    """A streamer is always as loud as the highlights of others, so only the other signal of highlights may count."""
    chance = np.random.default_rng(7)
    others = known(chance, 400)
    others.contexts[others.labels == 1, :, 2] += 1
    usual = chance.normal(size=(2000, len(context.WINDOWS), features.COLUMNS)).astype(np.float32)
    usual[:, :, 1] += 2
    highlight = usual.copy()
    highlight[:, :, 2] += 1
    alone = linear.fit(others.contexts, others.labels, 1)
    beside = background.learn(others, usual, 0.05, 1)
    false = [(fitted.logits_of(usual) > np.median(fitted.logits_of(highlight))).mean() for fitted in (alone, beside)]
    assert false[1] < false[0] / 2
    assert background.cross_validate(others, usual, 0.05, 1).shape == (200,)
