"""Which clips train the model and which measure it."""

import hashlib
from collections.abc import Iterable, Mapping

TRAIN, VALIDATION = "train", "validation"


def split(clips: Mapping[str, bool], groups: Mapping[str, str], fraction: float, seed: int) -> dict[str, str]:
    """Divide clips into train and validation.

    Each group is put on a side by a hash of its name, so that clips added later move none of the others. Groups
    with a highlight and groups without are dealt separately, and where chance would leave a side without one of
    either, though there are two, the nearest one by its hash changes sides.

    Parameters
    ----------
    clips : mapping of str to bool
        Whether each clip holds a highlight.
    groups : mapping of str to str
        The group of each clip.
    fraction : float
        Share of the groups that goes to validation, 0 to 1.
    seed : int
        Another seed gives another split.

    Returns
    -------
    dict
        TRAIN or VALIDATION for each clip.
    """
    with_highlight = {groups[clip] for clip, highlight in clips.items() if highlight}
    validation = _deal(with_highlight, fraction, seed)
    validation |= _deal({groups[clip] for clip in clips} - with_highlight, fraction, seed)
    return {clip: VALIDATION if groups[clip] in validation else TRAIN for clip in clips}


def _deal(groups: Iterable[str], fraction: float, seed: int) -> set[str]:
    ranked = sorted(groups, key=lambda group: _uniform(group, seed))
    count = sum(_uniform(group, seed) < fraction for group in ranked)
    if len(ranked) > 1:
        count = min(max(count, 1), len(ranked) - 1)
    return set(ranked[:count])


def _uniform(name: str, seed: int) -> float:
    """A number in [0, 1) that depends on the name and the seed alone."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
