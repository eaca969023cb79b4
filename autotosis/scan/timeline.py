"""The timeline of a VOD, data/timelines/<vod>.csv: the probability of a highlight at each moment."""

import itertools
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from autotosis.project import files, tables
from autotosis.project.errors import UserError

FOLDER = Path("data/timelines")
COLUMNS = ("time", "probability")
# Times are written with three decimals, so they may be off by this much (seconds).
ROUNDING = 0.002
# A timeline may be this much longer or shorter than its VOD, in addition to one moment (seconds).
TOLERANCE = 0.1
# The longest time between two moments, since `extract.fps` is at least 0.1 (seconds).
MAX_STEP = 10.0


@dataclass(frozen=True)
class Timeline:
    """The probability of a highlight over time.

    Attributes
    ----------
    times : ndarray of float64, shape (moments,)
        The time of each moment, seconds in the VOD, evenly spaced. Each stands for the time until the next one.
    probabilities : ndarray of float64, shape (moments,)
        The probability of a highlight at each moment, 0 to 1.
    """

    times: np.ndarray
    probabilities: np.ndarray

    @property
    def step(self) -> float:
        """The seconds between moments; the mean over all, because each time is rounded."""
        return float(self.times[-1] - self.times[0]) / (len(self.times) - 1) if len(self.times) > 1 else 1.0

    @property
    def end(self) -> float:
        """The end of the last moment, seconds in the VOD."""
        return float(self.times[-1]) + self.step

    def inverted(self) -> "Timeline":
        """Return the same moments with the probability that each is calm."""
        return replace(self, probabilities=1 - self.probabilities)


def path(vod: str) -> Path:
    """Return the path of the timeline of the VOD with this name."""
    return FOLDER / f"{vod}.csv"


def write(vod: str, timeline: Timeline) -> None:
    """Write the timeline of a VOD: times to the millisecond, and probabilities with four significant digits."""
    moments = zip(timeline.times, timeline.probabilities, strict=True)
    files.write_csv(path(vod), COLUMNS, ((f"{time:.3f}", f"{probability:.4g}") for time, probability in moments))


def read_timeline(vod: str, duration: float | None = None) -> Timeline:
    """Read the timeline of a VOD, which begins at 0.

    Parameters
    ----------
    vod : str
        The VOD's name in params.yaml.
    duration : float, optional
        The length of the VOD, seconds, to check the timeline against.

    Raises
    ------
    UserError
        If there is no timeline, it is malformed, or it belongs to a VOD of another length.
    """
    if not path(vod).exists():
        raise UserError(f"{path(vod)}: no such timeline; make it with `dvc repro predict@{vod}`")
    again = f"make it again with `dvc repro -f predict@{vod}`"
    try:
        times, probabilities = _columns(path(vod)).T.copy()
    except UserError as error:
        raise UserError(f"{error}; {again}") from None
    if not len(times):
        raise UserError(f"{path(vod)}: the timeline is empty; {again}")
    outside = np.flatnonzero((probabilities < 0) | (probabilities > 1))
    if len(outside):
        raise _row(path(vod), outside[0]).error(
            f"probability is {probabilities[outside[0]]:g}, not between 0 and 1; {again}"
        )
    step = (times[-1] - times[0]) / max(len(times) - 1, 1)
    wrong = np.flatnonzero(np.abs(times - step * np.arange(len(times))) > ROUNDING)
    if len(wrong) or (len(times) > 1 and not 0 < step <= MAX_STEP):
        row = _row(path(vod), wrong[0] if len(wrong) else 1)
        raise row.error(f"time is {row['time']}, but times must be evenly and closely spaced from 0; {again}")
    if duration is not None and abs(step * len(times) - duration) > (step or MAX_STEP) + TOLERANCE:
        raise UserError(f"{path(vod)}: lasts {step * len(times):.6g} s, but the VOD lasts {duration:.6g} s; {again}")
    return Timeline(times, probabilities)


def _columns(table: Path) -> np.ndarray:
    """Read both columns, float64 of shape (moments, 2); UserError if a row is malformed.

    Only to name such a row are rows read one by one, which takes ten times as long.
    """
    files.check_regular(table)
    header, *lines = table.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
    if header == ",".join(COLUMNS) and lines:
        try:
            values = np.loadtxt(lines, delimiter=",", ndmin=2, comments=None)
        except ValueError:
            values = np.zeros((0, 0))
        if values.shape[1] == 2 and np.isfinite(values).all():
            return values
    rows = [(row.number_in("time"), row.number_in("probability")) for row in tables.read_rows(table, COLUMNS)]
    return np.array(rows, np.float64).reshape(-1, 2)


def _row(table: Path, number: int) -> tables.Row:
    return next(itertools.islice(tables.read_rows(table, COLUMNS), int(number), None))
