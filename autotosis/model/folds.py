"""The folds of cross-validation. When clips are added, the others stay in their folds."""

import hashlib
from collections.abc import Mapping

# How many assignments are tried, at most, until every fold leaves both labels outside it.
MAX_ATTEMPTS = 10


def assign(groups: Mapping[str, set[int]], count: int, seed: int) -> dict[str, int] | None:
    """Assign groups of clips to folds, for grouped cross-validation.

    A hash of its name decides the fold of each group, so that clips added later do not move the others. If some fold
    then leaves only one label to learn from outside it, they are assigned again, by other hashes. If all MAX_ATTEMPTS
    fail, each group becomes a fold of its own.

    Parameters
    ----------
    groups : mapping of str to set of int
        The labels, 0 and 1, that occur in each group.
    count : int
        The number of folds, at most, unless each group becomes a fold of its own.
    seed : int
        The seed of the assignment.

    Returns
    -------
    dict of str to int, or None
        The fold of each group, from 0; None if there are too few groups for either way.
    """
    by_hash = [
        {group: int(hash_fraction(group, seed + attempt) * count) for group in groups}
        for attempt in range(MAX_ATTEMPTS)
    ]
    one_each = {group: number for number, group in enumerate(sorted(groups))}
    for fold_of in (*by_hash, one_each):
        if all(_labels_outside(fold, fold_of, groups) == {0, 1} for fold in set(fold_of.values())):
            return fold_of
    return None


def _labels_outside(fold: int, fold_of: Mapping[str, int], groups: Mapping[str, set[int]]) -> set[int]:
    """Return the labels that occur outside a fold."""
    return set().union(*(labels for group, labels in groups.items() if fold_of[group] != fold))


def in_random_order(clips: Mapping[str, bool], seed: int) -> list[str]:
    """Shuffle clips, so that the first few of them, however many, are a fair sample of all.

    Parameters
    ----------
    clips : mapping of str to bool
        Whether each clip has a highlight. The first few clips have about the same share of such clips as all.
    seed : int
        The seed of the order.

    Returns
    -------
    list of str
        The names of the clips.
    """
    places = []
    for has_highlight in (True, False):
        alike = [clip for clip in clips if clips[clip] == has_highlight]
        ranked = sorted(alike, key=lambda clip: hash_fraction(clip, seed))
        # Of two clips in the same place, the one with a highlight comes first.
        places += [((rank + 0.5) / len(ranked), not has_highlight, clip) for rank, clip in enumerate(ranked)]
    return [clip for *_, clip in sorted(places)]


def hash_fraction(name: str, seed: int) -> float:
    """Compute a number in [0, 1) that depends only on the name and the seed."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
