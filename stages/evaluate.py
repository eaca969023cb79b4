"""Measure the cut lists against the holdout: reels/metrics/<vod>.json, and a plot of every timeline, reels/timelines/.

The holdout is the VODs in holdout.csv of the streamer's folder, which were labelled from beginning to end. Other VODs
are plotted but not measured. all.json has the metrics over the whole holdout.
Run from the project's folder: python -m stages.evaluate
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autotosis.annotations import config_files, configuration, labels
from autotosis.cuts import cut_list, events, scoring, segments, selection, timeline_plot
from autotosis.cuts.segments import Segment
from autotosis.cuts.selection import Choice
from autotosis.model import metrics
from autotosis.project import command_line, files, inputs, params
from autotosis.project.errors import UserError
from autotosis.project.params import Params
from autotosis.scan import timeline
from autotosis.scan.timeline import Timeline

METRICS = Path("reels/metrics")
PICTURES = Path("reels/timelines")
ALL = "all"
# The metrics that are written, few enough for `dvc metrics show` to fit a terminal. The others are only printed.
HEADLINE = ("ap", "f1", "fa_h", "shown", "good")


@dataclass(frozen=True)
class MeasuredVod:
    """A VOD with its timeline, its cut list and its true highlights.

    Attributes
    ----------
    name : str
        The VOD's name in params.yaml.
    timeline : Timeline
        The timeline, which ends with the VOD.
    choice : Choice
        What `select` chose from the timeline, before the user's edits.
    segments : list of Segment
        The cut list.
    truth : list of Segment
        The highlights in holdout.csv; none if the VOD is not in it.
    """

    name: str
    timeline: Timeline
    choice: Choice
    segments: list[Segment]
    truth: list[Segment]

    @property
    def events(self) -> list[Segment]:
        """The segments of the cut list without their padding."""
        return [segment.event for segment in self.segments]


def main() -> None:
    settings = params.load()
    before = inputs.snapshot(settings.folder / "holdout.csv")
    holdout = labels.read_labels(settings.folder / "holdout.csv")
    check(holdout)
    report_unnamed(settings, holdout)
    vods = [read(name, settings, holdout) for name in config_files.vods_of(settings)]
    measured = [vod for vod in vods if settings.vods[vod.name] in holdout]
    figures = {vod.name: measure([vod]) for vod in measured}
    # Write all.json even without content: git does not keep empty folders, so `evaluate` would run again in a clone.
    figures[ALL] = measure(measured) if measured else {}
    with files.replacing_all(PICTURES, METRICS) as (pictures, tables):
        pictures.mkdir()
        for vod in vods:
            picture, choice = pictures / f"{vod.name}.png", vod.choice
            timeline_plot.draw(picture, vod.name, choice.smoothed, choice.threshold, vod.segments, vod.truth)
        tables.mkdir()
        for name, of_vod in figures.items():
            headline = {key: of_vod[key] for key in HEADLINE if key in of_vod}
            (tables / f"{name}.json").write_text(json.dumps(headline, indent=2) + "\n")
    print(
        json.dumps(figures, indent=2) if measured else "nothing was measured: holdout.csv names no VOD of params.yaml"
    )
    inputs.check_unchanged(before)


def check(holdout: dict[str, list[labels.Label]]) -> None:
    """Raise a UserError if something else than a VOD is in the holdout."""
    for video, rows in holdout.items():
        if not video.startswith("vods/"):
            raise rows[0].row.error(f"{video} is not in vods/, and only VODs can be held out; remove the row")


def report_unnamed(settings: Params, holdout: dict[str, list[labels.Label]]) -> None:
    """Print which VODs of the holdout are not measured, because params.yaml does not name them."""
    unnamed = sorted(holdout.keys() - set(settings.vods.values()))
    if unnamed:
        table = settings.folder / "holdout.csv"
        # Nothing but the figures on standard output, so that programs can read them.
        print(f"{table}: not measured, because params.yaml does not name them: {', '.join(unnamed)}", file=sys.stderr)


def read(vod: str, settings: Params, holdout: dict[str, list[labels.Label]]) -> MeasuredVod:
    """Read a VOD's timeline, cut list and true highlights."""
    scanned = timeline.read_timeline(vod)
    rows = holdout.get(settings.vods[vod], [])
    try:
        truth = [Segment(row.start, row.end_in(scanned.end)) for row in rows if row.highlight]
    except UserError as error:
        raise UserError(
            f"{error}, according to {timeline.path(vod)}; correct the row, or make the timeline anew with "
            f"`dvc repro -f predict@{vod}`"
        ) from None
    config = config_files.recorded("select", configuration.for_select(settings, vod), reads_files=False)
    choice = selection.choose(config, scanned, scanned.end)
    return MeasuredVod(vod, scanned, choice, cut_list.read_cut_list(vod, scanned.end), truth)


def measure(vods: list[MeasuredVod]) -> dict[str, float]:
    """Measure VODs that are in the holdout.

    Parameters
    ----------
    vods : list of MeasuredVod
        The VODs to measure together.

    Returns
    -------
    dict of str to float
        ap: average precision over moments. f1, f1_30: F1 of the events at a temporal IoU of 0.5 and of 0.3. fa_h:
        false alarms per hour. shown: share of the highlight time that the reel shows. good: share of the reel that is
        highlight. reel_s: length of the reel, seconds. hours: length of the VODs, hours. Without true highlights, ap,
        f1, f1_30 and shown are missing, and with an empty reel, good is.
    """
    hours = sum(vod.timeline.end for vod in vods) / 3600
    reel = sum(segments.seconds(vod.segments) for vod in vods)
    true = sum(segments.seconds(vod.truth) for vod in vods)
    shared = sum(scoring.shared_seconds(vod.segments, vod.truth) for vod in vods)
    false_alarms = sum(not scoring.shared_seconds([event], vod.truth) for vod in vods for event in vod.events)
    figures = {}
    inside = np.concatenate([true_moments(vod) for vod in vods])
    # A highlight may lie between two moments.
    if inside.any():
        figures["ap"] = metrics.average_precision(inside, np.concatenate([vod.timeline.probabilities for vod in vods]))
    if true:
        figures |= {"f1": event_f1(vods, 0.5), "f1_30": event_f1(vods, 0.3), "shown": shared / true}
    if reel:
        figures["good"] = shared / reel
    figures |= {"fa_h": false_alarms / hours, "reel_s": reel, "hours": hours}
    return {name: round(value, 3) for name, value in figures.items()}


def true_moments(vod: MeasuredVod) -> np.ndarray:
    """Label each moment of the timeline, 1 inside a true highlight and 0 elsewhere: float64 of shape (moments,)."""
    calm = Timeline(vod.timeline.times, np.zeros_like(vod.timeline.times))
    return events.override(calm, vod.truth).probabilities


def event_f1(vods: list[MeasuredVod], iou: float) -> float:
    """Compute the F1 of events. An event counts as found if its temporal IoU with a true one is at least `iou`."""
    hits = sum(scoring.matches(vod.events, vod.truth, iou) for vod in vods)
    return 2 * hits / sum(len(vod.events) + len(vod.truth) for vod in vods)


if __name__ == "__main__":
    command_line.run(main, __doc__)
