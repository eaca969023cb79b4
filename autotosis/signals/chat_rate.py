"""How busy the chat of a VOD is, relative to its usual level.

The audience reacts some seconds later, so the chat is measured after a delay. It has no column beside the other
signals, because clips have no chat: data/excerpts/chat.csv has it for the labelled stretches of VODs, and `predict`
measures it.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from autotosis.project import files, tables
from autotosis.signals import shards

PATH = shards.EXCERPTS / "chat.csv"
# Possible delays from a moment to the peak of the reaction (seconds); training tries each.
DELAYS = tuple(range(0, 61, 5))
COLUMNS = ("excerpt", *(f"{delay} s" for delay in DELAYS))
# The weights of messages -30 to 30 seconds from a time: a triangular window.
WINDOW = np.bartlett(63)[1:-1]
# Added to both the numerator and denominator of a ratio, because small counts depend on chance.
PSEUDOCOUNT = 5.0


def levels(messages: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Measure how much is written around some times.

    Parameters
    ----------
    messages : ndarray of float64, shape (messages,)
        When each message was written, seconds, in ascending order.
    times : ndarray of float64, shape (times,)
        The times, seconds. Nothing is known before the first message and after the last one.

    Returns
    -------
    ndarray of float64, shape (times,)
        The logarithm of the number of messages in the window around each time, relative to the number that is usual in
        the whole chat (the median): 0 for usual or unknown, 0.7 for about twice as many.
    """
    if not len(messages):
        return np.zeros(len(times))
    first, reach = np.floor(messages[0]), len(WINDOW) // 2
    seconds = np.bincount((messages - first).astype(int))
    # Of a window at an end of the chat, only a part is known.
    messages_near, seconds_known = (np.convolve(values, WINDOW) for values in (seconds, np.ones(len(seconds))))
    usual = np.median((messages_near / seconds_known)[reach:-reach])
    places = first + np.arange(-reach, len(seconds) + reach)
    relative: np.ndarray = np.interp(
        times, places, np.log((messages_near + PSEUDOCOUNT) / (usual * seconds_known + PSEUDOCOUNT)), left=0, right=0
    )
    return relative


def row(excerpt: str, messages: np.ndarray, start: float, end: float) -> list[str]:
    """Return the row of an excerpt in chat.csv: its name, and the mean level at each delay after its seconds."""
    times = np.add.outer(DELAYS, np.arange(start, end, 1.0))
    means = levels(messages, times.ravel()).reshape(times.shape).mean(axis=1)
    return [excerpt, *(f"{mean:.4f}" for mean in means)]


def write(rows: Iterable[Sequence[str]]) -> None:
    """Write data/excerpts/chat.csv."""
    files.write_csv(PATH, COLUMNS, rows)


def read() -> dict[str, np.ndarray]:
    """Read data/excerpts/chat.csv: for each excerpt of a VOD with chat, float64 of shape (delays,); UserError if it is
    malformed."""
    rows = tables.read_rows(PATH, COLUMNS)
    return {row["excerpt"]: np.array([row.number_in(column) for column in COLUMNS[1:]]) for row in rows}
