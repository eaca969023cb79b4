"""The linear model scores a stream like the moments that it learned from."""

import numpy as np
import pytest

from autotosis.model import linear, metrics
from autotosis.signals import context, features


@pytest.mark.parametrize("fps", [4, 10, 25])
def test_a_stream_is_scored_as_the_moments_that_were_learned_from(fps):
    chance = np.random.default_rng(3)
    values = chance.normal(size=(300, features.COLUMNS)).astype(np.float32)
    examples = context.windows(values, fps)
    labels = (examples[:, 3, 0] + examples[:, 0, 5] > 0).astype(int)
    fitted = linear.fit(examples, labels, penalty=0.1)
    scored = fitted.logits(values, fps)
    assert scored == pytest.approx((examples * fitted.weights).sum(axis=(1, 2)) + fitted.bias, abs=1e-3)
    assert ((scored > 0) == labels).mean() > 0.95


@pytest.mark.parametrize("fps", [4, 10, 25])
def test_where_something_is_missing_a_stream_is_scored_as_its_moments_alone(fps):
    chance = np.random.default_rng(5)
    values = chance.normal(2, 1, size=(300, features.COLUMNS)).astype(np.float32)
    values[chance.random(values.shape) < 0.1] = np.nan
    examples = context.windows(values, fps)
    fitted = linear.fit(examples, (values[:, 0] > 2).astype(int), penalty=0.1)
    assert fitted.logits(values, fps) == pytest.approx(fitted.logits_of(examples), abs=1e-3)


def test_without_sound_the_rest_is_what_counts():
    chance = np.random.default_rng(4)
    values = chance.normal(size=(400, features.COLUMNS)).astype(np.float32)
    labels = (values[:, 0] > 0).astype(int)
    silent = values.copy()
    silent[:, 1:] = np.nan
    fitted = linear.fit(context.windows(values, 10), labels, penalty=1)
    assert metrics.average_precision(labels, fitted.logits(silent, 10)) > 0.95
    silent[:200] = values[:200]
    fitted = linear.fit(context.windows(silent, 10)[200:], labels[200:], penalty=1)
    assert np.isfinite(fitted.logits(silent, 10)).all()


def test_what_is_constant_but_for_rounding_gets_no_weight():
    chance = np.random.default_rng(6)
    values = chance.normal(size=(400, features.COLUMNS)).astype(np.float32)
    labels = (values[:, 0] > 0).astype(int)
    silent = values.copy()
    # As digital silence is, relative to its baseline.
    silent[:, 1:] = 2.4e-6 + chance.normal(scale=6e-14, size=silent[:, 1:].shape)
    examples = context.windows(silent, 10)
    for unlabelled in (None, context.windows(values, 10)):
        fitted = linear.fit(examples, labels, penalty=1, unlabelled=unlabelled, unlabelled_weight=0.01)
        assert not fitted.weights[:, 1:].any() and np.abs(fitted.weights).max() < 10
        assert metrics.average_precision(labels, fitted.logits(values, 10)) > 0.95
