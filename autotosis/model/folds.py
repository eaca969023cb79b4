"""Which clips are learned from and which are measured on, when every clip is to be both in turn."""

import hashlib
from collections.abc import Mapping


def deal(groups: Mapping[str, set[int]], count: int, seed: int) -> dict[str, int] | None:
    """Deal groups of clips into folds, for grouped cross-validation.

    Each group is put into a fold by a hash of its name, so that clips added later move none of the others. Where
    that does not leave both labels to learn from outside every fold, each group is a fold of its own.

    Parameters
    ----------
    groups : mapping of str to set of int
        Which labels, 0 and 1, the clips of each group have.
    count : int
        How many folds there are at most.
    seed : int
        Another seed deals in another way.

    Returns
    -------
    dict or None
        The fold of each group, from 0; None where there are too few groups for either way.
    """
    by_hash = {group: int(uniform(group, seed) * count) for group in groups}
    one_each = {group: number for number, group in enumerate(sorted(groups))}
    for fold_of in (by_hash, one_each):
        if all(_labels_outside(fold, fold_of, groups) == {0, 1} for fold in fold_of.values()):
            return fold_of
    return None


def _labels_outside(fold: int, fold_of: Mapping[str, int], groups: Mapping[str, set[int]]) -> set[int]:
    return set().union(*(labels for group, labels in groups.items() if fold_of[group] != fold))


def in_random_order(clips: Mapping[str, bool], seed: int) -> list[str]:
    """Clips in an order of which every beginning is a fair sample: a longer one holds all of a shorter one.

    Parameters
    ----------
    clips : mapping of str to bool
        Whether each clip holds a highlight: of both sorts, each beginning has about their share of all.
    seed : int
        Another seed gives another order.
    """
    places = []
    for sort in (True, False):
        ranked = sorted((clip for clip in clips if clips[clip] == sort), key=lambda clip: uniform(clip, seed))
        places += [((rank + 0.5) / len(ranked), clip) for rank, clip in enumerate(ranked)]
    # Where there are as many of both sorts, the first has a highlight.
    return [clip for _, clip in sorted(places, key=lambda place: (place[0], not clips[place[1]]))]


def uniform(name: str, seed: int) -> float:
    """A number in [0, 1) that depends on the name and the seed alone."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
