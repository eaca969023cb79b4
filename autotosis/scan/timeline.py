"""data/timelines/<vod>.csv: the probability of a highlight over the time of a VOD."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from autotosis.project import tables
from autotosis.project.errors import UserError

FOLDER = Path("data/timelines")
COLUMNS = ("time", "probability")


def path(vod: str) -> Path:
    """Where the timeline of the VOD of this name is."""
    return FOLDER / f"{vod}.csv"


def rows(times: np.ndarray, probabilities: np.ndarray) -> Iterator[tuple[str, str]]:
    """The rows of moments, as text: milliseconds, and four digits that count, so that calm moments differ too."""
    for time, probability in zip(times, probabilities, strict=True):
        yield f"{time:.3f}", f"{probability:.4g}"


def read_timeline(vod: str) -> tuple[np.ndarray, np.ndarray]:
    """The timeline of a VOD.

    Returns
    -------
    times : ndarray of float64, shape (moments,)
        Seconds, evenly spaced from 0.
    probabilities : ndarray of float64, shape (moments,)
        0 to 1.

    Raises
    ------
    UserError
        There is no timeline, or it is malformed.
    """
    if not path(vod).exists():
        raise UserError(f"{path(vod)}: no such timeline; make it with `dvc repro predict@{vod}`")
    rows = tables.read_rows(path(vod), COLUMNS)
    moments = np.fromiter(
        ((row.number_in("time"), row.number_in("probability")) for row in rows), np.dtype((np.float64, 2))
    )
    if not len(moments):
        raise UserError(f"{path(vod)}: the timeline is empty; make it anew with `dvc repro -f predict@{vod}`")
    return moments[:, 0], moments[:, 1]
