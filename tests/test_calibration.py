"""Probabilities mean what they say: compared with data whose truth is known."""

import numpy as np
import pytest

from autotosis.model import calibration, metrics


def draw(chance: np.random.Generator, count: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw labels, and logits that are off by a factor and an offset."""
    labels = (chance.random(count) < share).astype(int)
    return labels, 3 * (chance.normal(0, 1, count) + 2 * labels) - 1


def test_probabilities_mean_what_they_say():
    chance = np.random.default_rng(1)
    labels, logits = draw(chance, 40_000, 0.45)
    fitted = calibration.fit(logits, labels)
    labels, logits = draw(chance, 40_000, 0.45)
    assert metrics.expected_calibration_error(labels, fitted.probabilities(logits)) < 0.02


def test_a_model_that_is_worse_than_chance_says_little_rather_than_the_opposite():
    labels, logits = draw(np.random.default_rng(3), 5000, 0.3)
    probabilities = calibration.fit(-logits, labels).probabilities(-logits)
    assert probabilities == pytest.approx(np.full(5000, labels.mean()), abs=0.05)
    assert (np.argsort(probabilities) == np.argsort(-logits)).all()
