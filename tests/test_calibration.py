"""Probabilities mean what they say: compared with data whose truth is known."""

import numpy as np
import pytest

from autotosis.model import calibration, metrics


def draw(chance: np.random.Generator, count: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw labels, and logits that are off by a factor and an offset."""
    labels = (chance.random(count) < share).astype(int)
    return labels, 3 * (chance.normal(0, 1, count) + 2 * labels) - 1


def test_probabilities_of_clips_and_of_streams_mean_what_they_say():
    chance = np.random.default_rng(1)
    clip_labels, clip_logits = draw(chance, 40_000, 0.45)
    of_clips = calibration.fit(clip_logits, clip_labels)
    of_streams = of_clips.for_prevalence(clip_labels.mean(), 0.05)
    for share, calibrated in ((0.45, of_clips), (0.05, of_streams)):
        labels, logits = draw(chance, 40_000, share)
        assert metrics.expected_calibration_error(labels, calibrated.probabilities(logits)) < 0.02
    labels, logits = draw(chance, 40_000, 0.05)
    assert metrics.expected_calibration_error(labels, of_clips.probabilities(logits)) > 0.1


def test_a_model_that_is_worse_than_chance_says_little_rather_than_the_opposite():
    labels, logits = draw(np.random.default_rng(3), 5000, 0.3)
    probabilities = calibration.fit(-logits, labels).probabilities(-logits)
    assert probabilities == pytest.approx(np.full(5000, labels.mean()), abs=0.05)
    assert (np.argsort(probabilities) == np.argsort(-logits)).all()
