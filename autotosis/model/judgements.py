"""Whether what a reviewer says of one VOD is learned from for others, too: only if it agrees with the clips."""

import math
from collections.abc import Sequence

from autotosis.model import cross_validation, learning, metrics
from autotosis.model.cross_validation import OutOfFold
from autotosis.model.examples import Clip
from autotosis.project.params import Params


def agreeing(clips: Sequence[Clip], settings: Params) -> tuple[Sequence[Clip], str | None]:
    """Leave out labelled stretches of VODs if the model ranks the clips worse with them.

    Measured on recordings of strangers, right judgements raise the average precision on the clips by 0.02, and wrong
    ones lower it by 0.01 to 0.03. It may fall by one standard error over the folds, which can be chance.

    Parameters
    ----------
    clips : sequence of Clip
        The labelled clips and stretches of VODs.
    settings : Params
        The parameters.

    Returns
    -------
    sequence of Clip
        All of them, or the clips alone.
    str or None
        What to tell the user if stretches were left out.
    """
    own = [clip for clip in clips if not clip.judged]
    if len(own) == len(clips) or not cross_validation.can_be_dealt(own, settings):
        return clips, None
    plain = learning.without_network(settings)
    alone, together = cross_validation.score(own, plain), cross_validation.score(clips, plain)
    beside = OutOfFold(together.logits[~together.judged], alone.labels, alone.fold, alone.judged)
    gains = beside.precision_of_folds() - alone.precision_of_folds()
    if not len(gains) or gains.mean() >= -gains.std() / math.sqrt(len(gains)):
        return clips, None
    before, after = (metrics.average_precision(part.labels, part.logits) for part in (alone, beside))
    return own, (
        f"{settings.folder / 'labels.csv'}: rows about VODs are learned from for these VODs alone, because with them "
        f"the model ranks the clips worse (ap {after:.3f} instead of {before:.3f}); check their labels and times"
    )
