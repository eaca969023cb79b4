"""The model of the first pass of a scan, which only listens and decides where the second pass looks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autotosis.model import cross_validation, learning
from autotosis.model.examples import Clip
from autotosis.model.linear import Linear
from autotosis.project.params import Params
from autotosis.signals import features


@dataclass(frozen=True)
class FirstPass:
    """The model of the first pass.

    Attributes
    ----------
    linear : Linear
        A model of the sound alone.
    clearly_calm : float
        The logit below which a moment is clearly calm: the share train.first_pass_recall of the moments that the full
        model finds is above it.
    """

    linear: Linear
    clearly_calm: float


def learn(clips: Sequence[Clip], is_found: np.ndarray, settings: Params) -> FirstPass:
    """Learn from labelled clips.

    Parameters
    ----------
    clips : sequence of Clip
        The labelled clips.
    is_found : ndarray of bool, shape (measured moments,)
        Whether the full model, out-of-fold, finds each of the moments in `OutOfFold.measured`.
    settings : Params
        The parameters.
    """
    plain = learning.with_network(settings, None)
    is_visual = np.arange(features.COLUMNS) < features.VISUAL_COLUMNS.stop
    heard = [clip.without(is_visual) for clip in clips]
    out_of_fold = cross_validation.score(heard, plain)
    logits = out_of_fold.logits[out_of_fold.measured][is_found]
    learned = learning.learn(cross_validation.limit_clips(heard, settings), plain, "sound")
    return FirstPass(learned.linear, float(np.quantile(logits, 1 - settings.train.first_pass_recall)))
