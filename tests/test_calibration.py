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


@pytest.mark.parametrize("target", [0.6, 0.8])
def test_what_a_threshold_chooses_in_a_stream_is_as_precise_as_asked_for(target):
    chance = np.random.default_rng(2)
    labels, logits = draw(chance, 40_000, 0.45)
    # The stream has the largest share of highlights that is assumed to be possible.
    stream_labels, stream_logits = draw(chance, 200_000, 0.01 * calibration.MAX_TIMES_PREVALENCE)
    chosen = stream_logits >= calibration.threshold(logits[labels == 1], stream_logits, 0.01, target)
    assert stream_labels[chosen].mean() == pytest.approx(target, abs=0.05)


def test_a_model_that_is_worse_than_chance_says_little_rather_than_the_opposite():
    labels, logits = draw(np.random.default_rng(3), 5000, 0.3)
    probabilities = calibration.fit(-logits, labels).probabilities(-logits)
    assert probabilities == pytest.approx(np.full(5000, labels.mean()), abs=0.05)
    assert (np.argsort(probabilities) == np.argsort(-logits)).all()


@pytest.mark.parametrize(("share", "reached"), [(0.02, 0.75), (0.06, 0.55), (0.2, 0.5)])
def test_a_threshold_is_that_of_a_typical_highlight_or_lower_where_less_than_expected_stands_out(share, reached):
    highlights = np.linspace(1, 3, 1001)
    stream = np.concatenate([np.linspace(-3, -1, 1000), np.linspace(1, 3, round(1000 * share / (1 - share)))])
    threshold = calibration.threshold(highlights, stream, 0.0333, 0.01)
    assert (highlights >= threshold).mean() == pytest.approx(reached, abs=0.02)


def test_where_highlights_look_like_all_else_not_more_is_chosen_than_can_be_highlights():
    chance = np.random.default_rng(6)
    highlights, stream = chance.normal(size=2000), chance.normal(size=20_000)
    threshold = calibration.threshold(highlights, stream, 0.05, 0.5)
    assert (stream >= threshold).mean() < 0.15


@pytest.mark.parametrize("share", [0.0, 0.001, 0.05, 1.0])
def test_as_many_moments_reach_the_threshold_of_other_scores(share):
    chance = np.random.default_rng(8)
    scores = chance.normal(size=20_000)
    others = 7 * scores + chance.normal(size=20_000) - 3
    threshold = np.quantile(scores, 1 - share) if share else scores.max() + 1
    chosen = others >= calibration.threshold_for_same_count(threshold, scores, others)
    assert chosen.mean() == pytest.approx(share, abs=1e-4)
