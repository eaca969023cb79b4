"""From the index and the shards to batches of moments."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stages.lib import shards
from stages.lib.index import Entry


@dataclass(frozen=True)
class Batch:
    """Some labelled moments.

    Attributes
    ----------
    frames : ndarray of uint8, shape (moments, size, size, 3)
    sound : ndarray of float16, shape (moments, steps, bands)
    labels : ndarray of float32, shape (moments,)
        1 for a highlight, 0 for none.
    """

    frames: np.ndarray
    sound: np.ndarray
    labels: np.ndarray


class Reader:
    """Reads labelled moments from shards that are mapped into memory.

    Parameters
    ----------
    entries : sequence of Entry
        What may be read.
    """

    def __init__(self, entries: Sequence[Entry]):
        clips = sorted({entry.clip for entry in entries})
        self.shards = {clip: shards.Shard(shards.path(clip)) for clip in clips}

    def read(self, entries: Sequence[Entry]) -> Batch:
        """The moments of these entries, in their order."""
        return Batch(
            np.stack([self.shards[entry.clip].frame(entry.frame) for entry in entries]),
            np.stack([self.shards[entry.clip].sound(entry.frame) for entry in entries]),
            np.array([entry.label for entry in entries], np.float32),
        )


def in_order(entries: Sequence[Entry], size: int) -> Iterator[Sequence[Entry]]:
    """The entries as they come, in batches of at most `size`."""
    for start in range(0, len(entries), size):
        yield entries[start : start + size]


def balanced(entries: Sequence[Entry], count: int, size: int, seed: Sequence[int]) -> Iterator[Sequence[Entry]]:
    """Batches in random order with as many highlights as calm frames.

    Parameters
    ----------
    entries : sequence of Entry
        Of both labels.
    count : int
        How many to draw in all. None is drawn a second time before every other of its label was drawn once.
    size : int
        Entries in a batch.
    seed : sequence of int
        Decides the draw.

    Yields
    ------
    sequence of Entry
        `size` of them; what is left in the end and is no whole batch is not yielded, unless it is all.
    """
    draw = np.random.default_rng(seed)
    drawn = []
    for label in (0, 1):
        pool = [entry for entry in entries if entry.label == label]
        rounds = [draw.permutation(len(pool)) for _ in range(-(-count // (2 * len(pool))))]
        drawn.append([pool[number] for number in np.concatenate(rounds)[: (count + 1) // 2]])
    mixed = [entry for pair in zip(*drawn, strict=True) for entry in pair]
    for start in range(0, max(len(mixed) - size, 0) + 1, size):
        yield mixed[start : start + size]
