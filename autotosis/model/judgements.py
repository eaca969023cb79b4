"""Decide whether labels of one VOD also teach the models of others: only if they agree with the clips.

Learning from them and comparing the metrics would not tell right judgements from wrong ones, because most are about
moments that the model is least sure of. But judged highlights should look as much like highlights as those of the clips
do. Calm judgements are left out: compared with many of them, even doubtful moments would look like highlights.
"""

from collections.abc import Sequence

import numpy as np

from autotosis.model import cross_validation, examples, kernel, labelled_moments
from autotosis.model.examples import Clip
from autotosis.project.params import Params

# Judgements with a p-value below this are left out. In recordings of other people, p is 0.4 or more for 5 to 30 correct
# judgements, and 0.08 or more for 30 of which 15 % are wrong. For 5 or more random ones, or highlights that are all
# wrong, it is nearly always below 0.02. With 18 clips, a single judgement that scores below all of them has p = 0.053,
# the least possible: 83 of 96 wrong ones do, and none of 74 right ones.
MIN_P_VALUE = 0.07


def agreeing(clips: Sequence[Clip], settings: Params) -> tuple[Sequence[Clip], Sequence[Clip], str | None]:
    """Set apart labelled stretches of VODs if their highlights look less like highlights than those of the clips.

    Models learn from the clips, and from the time around the stretches as calm. They score the stretches, and
    out-of-fold the highlights of the clips. The one-sided test of Mann and Whitney (1947) compares the highlights of
    both.

    Parameters
    ----------
    clips : sequence of Clip
        The labelled clips and stretches of VODs.
    settings : Params
        The parameters.

    Returns
    -------
    sequence of Clip
        What all models learn from: all of them, or the clips alone.
    sequence of Clip
        The stretches that only the models of their own VODs learn from: none, or all of them.
    str or None
        What to tell the user if stretches were set apart.
    """
    fold_of = cross_validation.folds_of([clip for clip in clips if not clip.is_excerpt], settings)
    has_judged_highlights = any(clip.is_excerpt and clip.labels.any() for clip in clips)
    if not has_judged_highlights or not fold_of or not settings.train.review_weight:
        return clips, [], None
    # Imported here because it takes a second.
    from scipy.stats import mannwhitneyu

    fps = settings.extract.fps
    compared = comparable(clips, fps)
    own = [clip for clip in compared if not clip.is_excerpt]
    highlights = [clip for clip in compared if clip.is_excerpt and clip.labels.any()]
    margin, most = settings.dataset.margin, labelled_moments.KERNEL_MOMENTS
    calm = examples.contexts(examples.around_excerpts(compared, fps, most, margin), fps)
    expected = []
    for fold in sorted(set(fold_of.values())):
        others = [clip for clip in own if fold_of[clip.group] != fold]
        held_out = [clip for clip in own if fold_of[clip.group] == fold and clip.labels.any()]
        expected += scores(others, calm, held_out, fps)
    p = mannwhitneyu(scores(own, calm, highlights, fps), expected, alternative="less").pvalue
    if p >= MIN_P_VALUE:
        return clips, [], None
    return (
        [clip for clip in clips if not clip.is_excerpt],
        [clip for clip in clips if clip.is_excerpt],
        f"{settings.folder / 'labels.csv'}: rows about VODs train only the models of these VODs, because their "
        f"highlights look less like highlights than those of the clips (p = {p:.2g}); check their labels and times",
    )


def comparable(clips: Sequence[Clip], fps: float) -> list[Clip]:
    """Hide signals of clips as often as judged highlights lack them, or a missing signal alone would tell them apart.

    Parameters
    ----------
    clips : sequence of Clip
        The labelled clips and stretches of VODs. Some are clips with highlights.
    fps : float
        Moments per second, Hz.

    Returns
    -------
    list of Clip
        The same, but with NaN in columns: in each clip, in those that one of the judged highlights lacks, chosen at
        random, and in all clips and stretches, in those that most highlights of the clips lack.
    """
    own = [clip for clip in clips if not clip.is_excerpt]
    unknown = examples.unknown_signals(examples.contexts(own, fps)[examples.labels(own) == 1])
    judged = [clip for clip in clips if clip.is_excerpt and clip.labels.any()]
    gaps = np.array([np.isnan(clip.values[clip.moments]).all(axis=0) for clip in judged])
    hidden = gaps[np.random.default_rng(0).integers(len(gaps), size=len(clips))]
    hidden[[clip.is_excerpt for clip in clips]] = False
    return [clip.without(unknown | lacking) for clip, lacking in zip(clips, hidden, strict=True)]


def scores(learned_from: Sequence[Clip], calm: np.ndarray, scored: Sequence[Clip], fps: float) -> list[float]:
    """Score clips by kernel regression that learned from others.

    Parameters
    ----------
    learned_from : sequence of Clip
        The clips to learn from. Both labels must occur.
    calm : ndarray of float32, shape (moments, windows, columns)
        The surroundings of calm moments to learn from as well, from `context.windows`.
    scored : sequence of Clip
        The clips to score. Each has a highlight.
    fps : float
        Moments per second, Hz.

    Returns
    -------
    list of float
        The mean logit of the highlights in each scored clip.
    """
    contexts = np.concatenate([examples.contexts(learned_from, fps), calm])
    labels = np.concatenate([examples.labels(learned_from), np.zeros(len(calm), int)])
    chosen = labelled_moments.evenly_spaced(len(labels))
    fitted = kernel.fit(contexts[chosen], labels[chosen], np.ones(len(chosen)))
    parts = [examples.contexts([clip], fps)[clip.labels == 1] for clip in scored]
    return [float(fitted.logits_of(part).mean()) for part in parts]
