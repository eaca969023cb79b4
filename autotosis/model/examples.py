"""The labelled clips as a model learns from them: from the index and the shards."""

import reprlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from autotosis.model import index
from autotosis.project.errors import UserError
from autotosis.signals import context, shards


@dataclass(frozen=True)
class Clip:
    """A labelled clip, or excerpt of a VOD.

    Attributes
    ----------
    name, group : str
        As in the index.
    shard : Shard
        Its frames.
    values : ndarray of float32, shape (moments, features.COLUMNS)
        From `context.relative`, of all its moments.
    moments : ndarray of int, shape (labelled,)
        The numbers of the moments that count.
    labels : ndarray of int, shape (labelled,)
        1 for a highlight, 0 for none.
    """

    name: str
    group: str
    shard: shards.Shard
    values: np.ndarray
    moments: np.ndarray
    labels: np.ndarray

    @property
    def judged(self) -> bool:
        """Whether this is a stretch of a VOD, which a reviewer judged, and no clip."""
        return shards.path(self.name).is_relative_to(shards.EXCERPTS)


def read_clips(fps: float) -> Iterator[Clip]:
    """The clips of the index; `fps` is how many moments per second their shards have (Hz)."""
    for (name, group), entries in groupby(index.read_index(), key=lambda entry: (entry.clip, entry.group)):
        rows = list(entries)
        if not shards.path(name).is_file():
            raise UserError(f"{index.PATH}: there is no shard of {reprlib.repr(name)}; {index.ANEW}")
        shard = shards.Shard(shards.path(name))
        if not shard.has_frame(rows[0].frame) or not shard.has_frame(rows[-1].frame):
            raise UserError(f"{index.PATH}: names frames of {reprlib.repr(name)} that it does not have; {index.ANEW}")
        yield Clip(
            name,
            group,
            shard,
            context.relative(shard.signals(), fps),
            np.array([row.frame for row in rows]),
            np.array([row.label for row in rows]),
        )


def labels(clips: Sequence[Clip]) -> np.ndarray:
    """The labels of all moments that count, clip by clip: int of shape (moments,)."""
    return np.concatenate([clip.labels for clip in clips])


def contexts(clips: Sequence[Clip], fps: float) -> np.ndarray:
    """`context.windows` of all moments that count, clip by clip: float32 of shape (moments, windows, columns)."""
    return np.concatenate([context.windows(clip.values, fps)[clip.moments] for clip in clips])


def judged(clips: Sequence[Clip]) -> np.ndarray:
    """Whether a reviewer judged each of the moments that count: bool of shape (moments,)."""
    return np.repeat([clip.judged for clip in clips], [len(clip.labels) for clip in clips])


def weights(clips: Sequence[Clip], review_weight: float) -> np.ndarray:
    """How much each of the moments that count is learned from: float64 of shape (moments,).

    1, but less where judged ones of a label, all together, would weigh more than `review_weight` times those of clips,
    so that no number of wrong judgements can outweigh the clips. Where no clip has that label they count in full.
    """
    of_review, label = judged(clips), labels(clips)
    weight = np.ones(len(label))
    for each in (0, 1):
        of_clips, count = int((~of_review & (label == each)).sum()), int((of_review & (label == each)).sum())
        if of_clips and count:
            weight[of_review & (label == each)] = min(1.0, review_weight * of_clips / count)
    return weight
