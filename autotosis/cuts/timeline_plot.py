"""Plotting a VOD's timeline: the probability, the decision threshold, the segments in the reel and true highlights."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from autotosis.cuts.segments import Segment
from autotosis.scan.timeline import Timeline

SECONDS_PER_ROW = 1800


def draw(
    target: Path,
    title: str,
    smoothed: Timeline,
    threshold: float,
    reel: Sequence[Segment],
    truth: Sequence[Segment],
) -> None:
    """Plot a timeline as a PNG, half an hour per row.

    Parameters
    ----------
    target : Path
        The file to write.
    title : str
        The title of the plot.
    smoothed : Timeline
        The timeline, as in `Choice`.
    threshold : float
        The decision threshold, 0 to 1.
    reel : sequence of Segment
        The segments in the reel.
    truth : sequence of Segment
        The true highlights; none if the VOD is not in the holdout.
    """
    times = smoothed.times
    rows = max(1, int(np.ceil(times[-1] / SECONDS_PER_ROW)))
    figure = Figure(figsize=(14, 0.8 + 2.2 * rows), layout="constrained")
    figure.suptitle(title)
    axes = figure.subplots(rows, squeeze=False)[:, 0]
    for row, axis in enumerate(axes):
        inside = (times >= row * SECONDS_PER_ROW) & (times < (row + 1) * SECONDS_PER_ROW)
        axis.plot(times[inside] / 60, smoothed.probabilities[inside], color="black", linewidth=0.7, label="probability")
        axis.axhline(threshold, color="gray", linestyle="--", linewidth=0.8, label="threshold")
        _spans(axis, reel, 0.0, 1.0, "tab:orange", 0.35, "in the reel")
        _spans(axis, truth, 1.02, 1.1, "tab:red", 1.0, "true highlight")
        first = row * SECONDS_PER_ROW / 60
        axis.set_xlim(first, times[-1] / 60 if rows == 1 else first + SECONDS_PER_ROW / 60)
        axis.set_ylim(0, 1.12)
        axis.set_ylabel("probability")
    axes[-1].set_xlabel("minutes")
    axes[0].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    figure.savefig(target, format="png", dpi=90, metadata={"Software": None})


def _spans(
    axis: Axes, spans: Sequence[Segment], low: float, high: float, colour: str, alpha: float, label: str
) -> None:
    if spans:
        bars = [(span.start / 60, span.duration / 60) for span in spans]
        axis.broken_barh(bars, (low, high - low), color=colour, alpha=alpha, linewidth=0, label=label)
