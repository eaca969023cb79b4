"""Kernel regression scores a stream like the moments that it learned from, and sees what a weighted sum cannot."""

import os

import numpy as np
import pytest

from autotosis.model import kernel, linear, metrics
from autotosis.signals import context, features
from tests.helpers import CORES


def stream(seed: int, moments: int) -> np.ndarray:
    """Make signals without any meaning."""
    return np.random.default_rng(seed).normal(size=(moments, features.COLUMNS)).astype(np.float32)


def test_it_sees_that_something_counts_only_up_to_a_limit():
    # Each level lasts for four seconds.
    values = stream(3, 200).repeat(40, axis=0)
    labels = ((values[:, 5] > 0) & (values[:, 5] < 1)).astype(int)
    examples = context.windows(values, 10)
    learned, rest = slice(0, 6000), slice(6000, None)
    alone = linear.fit(examples[learned], labels[learned], penalty=1)
    fitted = kernel.fit(examples[learned], labels[learned], np.ones(6000))
    by_sum, by_kernel = (metrics.roc_auc(labels[rest], model.logits_of(examples[rest])) for model in (alone, fitted))
    assert by_sum < 0.75
    assert by_kernel > 0.9


def test_a_missing_face_can_be_what_counts():
    values = stream(4, 1000)
    labels = np.arange(1000) // 50 % 2
    values[labels == 1, 1] = np.nan
    examples = context.windows(values, 10)
    fitted = kernel.fit(examples, labels, np.ones(1000))
    assert metrics.average_precision(labels, fitted.logits_of(examples)) > 0.95


@pytest.mark.parametrize("fps", [4, 10, 25])
def test_a_long_stream_is_scored_as_the_moments_that_were_learned_from(fps):
    values = stream(5, 3 * kernel.CHUNK)
    examples = context.windows(values, fps)
    labels = (values[:, 2] > 1).astype(int)
    fitted = kernel.fit(examples[:500], labels[:500], np.ones(500))
    assert fitted.logits(values, fps) == pytest.approx(fitted.logits_of(examples), abs=1e-9)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes cannot be kept to one core here")
def test_the_number_of_cores_changes_nothing():
    values, before = stream(7, 1000), os.sched_getaffinity(0)
    examples, labels = context.windows(values, 10), (values[:, 2] > 1).astype(int)
    scores = []
    try:
        for some in ({min(CORES)}, CORES):
            os.sched_setaffinity(0, some)
            scores.append(kernel.fit(examples, labels, np.ones(1000)).logits_of(examples))
    finally:
        os.sched_setaffinity(0, before)
    assert (scores[0] == scores[1]).all()
