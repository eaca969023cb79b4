"""Measures of probabilities, compared with numbers worked out by hand."""

import numpy as np
import pytest

from autotosis.model import metrics


def test_measures_of_probabilities():
    labels, probabilities = np.array([0, 0, 1, 1, 1, 0]), np.array([0.1, 0.6, 0.4, 0.9, 0.8, 0.2])
    figures = metrics.out_of_fold(labels, probabilities, np.array([0, 0, 0, 0, 1, 1]))
    of_first = 1 / 2 + 2 / 3 / 2
    assert figures["auc"] == pytest.approx(8 / 9, abs=1e-3)
    assert figures["auc_sd"] == pytest.approx((1 - 0.75) / 2, abs=1e-3)
    assert figures["ap"] == pytest.approx(2 / 3 + 3 / 4 / 3, abs=1e-3)
    assert figures["ap_sd"] == pytest.approx((1 - of_first) / 2, abs=1e-3)
    error = metrics.expected_calibration_error(labels, probabilities)
    assert error == pytest.approx((0.1 + 0.6 + 0.6 + 0.1 + 0.2 + 0.2) / 6)


def test_a_fold_of_one_label_has_no_figures_of_its_own():
    labels, probabilities = np.array([0, 1, 0, 0]), np.array([0.2, 0.8, 0.1, 0.3])
    figures = metrics.out_of_fold(labels, probabilities, np.array([0, 0, 1, 1]))
    assert figures["ap"] == 1
    assert "ap_sd" not in figures, "a single fold has no spread"
