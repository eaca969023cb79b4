"""Balanced batches of labelled frames."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autotosis.signals.shards import Shard


@dataclass(frozen=True)
class LabelledFrame:
    """A labelled frame.

    Attributes
    ----------
    shard : Shard
        The shard that has the frame.
    moment : int
        The number of the moment in the shard.
    label : int
        1 for a highlight, 0 for calm.
    offset : float
        The logit that the linear model gives it.
    weight : float
        Its weight in the loss, above 0, as in `examples.weights`.
    """

    shard: Shard
    moment: int
    label: int
    offset: float
    weight: float


def load(chosen: Sequence[LabelledFrame]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read the pictures of labelled frames from their shards.

    Returns
    -------
    ndarray of uint8, shape (frames, size, size, 3)
        The pictures: red, green, blue.
    labels, offsets, weights : ndarray of float32, shape (frames,)
        The label, the offset and the weight of each frame, as in `LabelledFrame`.
    """
    return (
        np.stack([frame.shard.frame(frame.moment) for frame in chosen]),
        np.array([frame.label for frame in chosen], np.float32),
        np.array([frame.offset for frame in chosen], np.float32),
        np.array([frame.weight for frame in chosen], np.float32),
    )


def count(frames: int, size: int) -> int:
    """Compute how many batches of this size `balanced` makes from this many frames."""
    return max(1, (frames + frames % 2) // size)


def balanced(frames: Sequence[LabelledFrame], wanted: int, size: int, seed: Sequence[int]) -> list[list[LabelledFrame]]:
    """Draw batches at random, with as many highlights as calm frames.

    Parameters
    ----------
    frames : sequence of LabelledFrame
        The frames to draw from. Both labels must occur.
    wanted : int
        How many frames to draw in total. No frame is drawn twice before all others of its label have been drawn once.
    size : int
        The number of frames in a batch.
    seed : sequence of int
        The seed of the draw.

    Returns
    -------
    list of list of LabelledFrame
        Batches of `size` frames. Frames that are left over at the end are dropped. If there are too few frames for a
        batch, all of them are one.
    """
    draw = np.random.default_rng(seed)
    drawn = []
    for label in (0, 1):
        pool = [frame for frame in frames if frame.label == label]
        rounds = [draw.permutation(len(pool)) for _ in range(-(-wanted // (2 * len(pool))))]
        drawn.append([pool[number] for number in np.concatenate(rounds)[: (wanted + 1) // 2]])
    mixed = list(itertools.chain.from_iterable(zip(*drawn, strict=True)))
    return [mixed[number * size : (number + 1) * size] for number in range(count(wanted, size))]
