"""From labelled clips to batches of frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from autotosis.signals.shards import Shard


@dataclass(frozen=True)
class LabelledFrame:
    """A labelled frame.

    Attributes
    ----------
    shard : Shard
        Where it is.
    moment : int
        Its number there.
    label : int
        1 for a highlight, 0 for none.
    offset : float
        The logit that motion and sound give it.
    """

    shard: Shard
    moment: int
    label: int
    offset: float


@dataclass(frozen=True)
class Batch:
    """Some labelled frames.

    Attributes
    ----------
    frames : ndarray of uint8, shape (frames, size, size, 3)
    labels, offsets : ndarray of float32, shape (frames,)
        As in `LabelledFrame`.
    """

    frames: np.ndarray
    labels: np.ndarray
    offsets: np.ndarray


def load(chosen: Sequence[LabelledFrame]) -> Batch:
    """The pictures of frames, out of shards that are mapped into memory."""
    return Batch(
        np.stack([frame.shard.frame(frame.moment) for frame in chosen]),
        np.array([frame.label for frame in chosen], np.float32),
        np.array([frame.offset for frame in chosen], np.float32),
    )


def count(frames: int, size: int) -> int:
    """How many batches of this size `balanced` makes of so many frames."""
    return max(1, (frames + frames % 2) // size)


def balanced(
    frames: Sequence[LabelledFrame], wanted: int, size: int, seed: Sequence[int]
) -> Iterator[Sequence[LabelledFrame]]:
    """Batches in random order with as many highlights as calm frames.

    Parameters
    ----------
    frames : sequence of LabelledFrame
        Of both labels.
    wanted : int
        How many to draw in all. None is drawn a second time before every other of its label was drawn once.
    size : int
        Frames in a batch.
    seed : sequence of int
        Decides the draw.

    Yields
    ------
    sequence of LabelledFrame
        `size` of them; what is left in the end and is no whole batch is not yielded, unless it is all.
    """
    draw = np.random.default_rng(seed)
    drawn = []
    for label in (0, 1):
        pool = [frame for frame in frames if frame.label == label]
        rounds = [draw.permutation(len(pool)) for _ in range(-(-wanted // (2 * len(pool))))]
        drawn.append([pool[number] for number in np.concatenate(rounds)[: (wanted + 1) // 2]])
    mixed = [frame for pair in zip(*drawn, strict=True) for frame in pair]
    for number in range(count(wanted, size)):
        yield mixed[number * size : (number + 1) * size]
