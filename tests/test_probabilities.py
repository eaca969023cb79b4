"""Folds, calibration and the model's arithmetic, on numbers whose truth is known."""

import numpy as np
import pytest

from autotosis.model import calibration, folds, linear, metrics
from autotosis.signals import context


def draw(chance: np.random.Generator, count: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and logits that are off by a factor and a shift."""
    labels = (chance.random(count) < share).astype(int)
    return labels, 3 * (chance.normal(0, 1, count) + 2 * labels) - 1


def test_probabilities_of_clips_and_of_streams_mean_what_they_say():
    chance = np.random.default_rng(1)
    clip_labels, clip_logits = draw(chance, 40_000, 0.45)
    of_clips = calibration.fit(clip_logits, clip_labels)
    of_streams = of_clips.for_share(clip_labels.mean(), 0.05)
    for share, calibrated in ((0.45, of_clips), (0.05, of_streams)):
        labels, logits = draw(chance, 40_000, share)
        assert metrics.expected_calibration_error(labels, calibrated.probabilities(logits)) < 0.02
    labels, logits = draw(chance, 40_000, 0.05)
    assert metrics.expected_calibration_error(labels, of_clips.probabilities(logits)) > 0.1


@pytest.mark.parametrize("target", [0.6, 0.8])
def test_what_a_threshold_chooses_in_a_stream_is_as_precise_as_asked_for(target):
    chance = np.random.default_rng(2)
    labels, logits = draw(chance, 40_000, 0.45)
    calibrated = calibration.fit(logits, labels).for_share(labels.mean(), 0.05)
    threshold = calibration.threshold(calibrated.probabilities(logits), labels, 0.05, target)
    stream_labels, stream_logits = draw(chance, 200_000, 0.05)
    chosen = calibrated.probabilities(stream_logits) >= threshold
    assert stream_labels[chosen].mean() == pytest.approx(target, abs=0.05)


def test_a_model_that_is_worse_than_chance_says_little_rather_than_the_opposite():
    labels, logits = draw(np.random.default_rng(3), 5000, 0.3)
    probabilities = calibration.fit(-logits, labels).probabilities(-logits)
    assert probabilities == pytest.approx(np.full(5000, labels.mean()), abs=0.05)
    assert (np.argsort(probabilities) == np.argsort(-logits)).all()


def test_a_threshold_for_what_is_certain_anyway_is_that_of_a_typical_highlight():
    labels, logits = np.array([0] * 50 + [1] * 51), np.concatenate([np.linspace(-3, -1, 50), np.linspace(1, 3, 51)])
    probabilities = calibration.fit(logits, labels).probabilities(logits)
    threshold = calibration.threshold(probabilities, labels, 0.05, 0.5)
    assert (probabilities[50:] >= threshold).mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("seed", range(20))
def test_a_clip_added_moves_no_other_to_another_fold(seed):
    groups = {f"clip {number}": {0, 1} if number % 3 else {0} for number in range(36)}
    before = folds.deal(groups, 6, seed)
    after = folds.deal(groups | {"one more": {0, 1}, "and calm": {0}}, 6, seed)
    assert {group: after[group] for group in groups} == before
    assert len(set(before.values())) > 3


def test_few_groups_are_dealt_so_that_both_labels_are_learned_from():
    groups = {"a": {0, 1}, "b": {0, 1}, "c": {0}}
    for seed in range(20):
        fold_of = folds.deal(groups, 6, seed)
        for fold in set(fold_of.values()):
            assert set().union(*(groups[group] for group in groups if fold_of[group] != fold)) == {0, 1}
    assert folds.deal({"a": {0, 1}, "b": {0}}, 6, 0) is None
    assert folds.deal({"a": {0, 1}}, 6, 0) is None


@pytest.mark.parametrize("seed", range(10))
def test_the_first_few_clips_are_a_fair_sample(seed):
    clips = {f"clip {number}": number % 3 > 0 for number in range(36)}
    order = folds.in_random_order(clips, seed)
    assert sorted(order) == sorted(clips)
    for count in (2, 4, 8, 16, 24):
        assert sum(clips[clip] for clip in order[:count]) == pytest.approx(count * 2 / 3, abs=1)
    assert order != folds.in_random_order(clips, seed + 100)


@pytest.mark.parametrize("fps", [4, 10, 25])
def test_a_stream_is_scored_as_the_moments_that_were_learned_from(fps):
    chance = np.random.default_rng(3)
    values = chance.normal(size=(300, context.COLUMNS)).astype(np.float32)
    examples = context.windows(values, fps)
    labels = (examples[:, 3, 0] + examples[:, 0, 5] > 0).astype(int)
    fitted = linear.fit(examples, labels, penalty=0.1)
    scored = fitted.logits(values, fps)
    assert scored == pytest.approx((examples * fitted.weights).sum(axis=(1, 2)) + fitted.bias, abs=1e-3)
    assert ((scored > 0) == labels).mean() > 0.95


def test_without_sound_the_rest_is_what_counts():
    chance = np.random.default_rng(4)
    values = chance.normal(size=(400, context.COLUMNS)).astype(np.float32)
    labels = (values[:, 0] > 0).astype(int)
    silent = values.copy()
    silent[:, 1:] = np.nan
    fitted = linear.fit(context.windows(values, 10), labels, penalty=1)
    assert metrics.average_precision(labels, fitted.logits(silent, 10)) > 0.95
    silent[:200] = values[:200]
    fitted = linear.fit(context.windows(silent, 10)[200:], labels[200:], penalty=1)
    assert np.isfinite(fitted.logits(silent, 10)).all()


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
