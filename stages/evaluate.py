"""Measure the timelines against data/<name>/holdout.csv: reels/metrics.json, and a picture of each timeline.

VODs that holdout.csv does not name are drawn but not measured. Run from the project's folder:
python -m stages.evaluate
"""

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stages.lib import errors, files, labels, measures, model, params, segments, timeline, timeline_plot
from stages.lib.model import Card
from stages.lib.params import Params
from stages.lib.segments import Choice, Segment

METRICS = Path("reels/metrics.json")
PICTURES = Path("reels/timelines")
IOUS = (0.3, 0.5)


@dataclass(frozen=True)
class Scan:
    """A VOD's timeline, what is chosen of it, and what is true of it (None if nobody said)."""

    vod: str
    times: np.ndarray
    probabilities: np.ndarray
    duration: float
    choice: Choice
    truth: list[Segment] | None


def main() -> None:
    settings = params.load()
    card, holdout = model.read_card(), labels.read(settings.folder / "holdout.csv")
    scans = [scan(vod, settings, card, holdout) for vod in settings.vods]
    with files.replacing(PICTURES) as folder:
        folder.mkdir()
        for one in scans:
            picture = io.BytesIO()
            timeline_plot.draw(picture, one.vod, one.times, one.choice, one.truth)
            files.write_bytes(folder / f"{one.vod}.png", picture.getvalue())
    figures = measure([one for one in scans if one.truth is not None])
    files.write_bytes(METRICS, (json.dumps(figures, indent=2) + "\n").encode())
    print(json.dumps(figures, indent=2) if figures else "no VOD is in holdout.csv: there is nothing to measure against")


def scan(vod: str, settings: Params, card: Card, holdout: dict[str, list[labels.Label]]) -> Scan:
    """What is chosen of a VOD, beside what is true."""
    times, probabilities = timeline.read(vod)
    duration = float(times[-1]) + segments.step(times)
    # Whether the moments are found, also where the reel is of the others. Bounds count, as they are part of the choice;
    # edges that move do not, as they add and remove padding only, nor what a person chose, as that is no merit of the
    # model.
    render = settings.render.model_copy(update={"invert": False})
    choice = segments.choose(times, probabilities, duration, card.threshold, card.highlights, render)
    marks = holdout.get(settings.vods[vod])
    truth = None
    if marks is not None:
        truth = [Segment(mark.start, mark.ending(duration)) for mark in marks if mark.highlight]
    return Scan(vod, times, probabilities, duration, choice, truth)


def measure(scans: list[Scan]) -> dict:
    """The figures over all VODs that were labelled whole; empty if there is none."""
    if not scans:
        return {}
    classes = [true_frames(one) for one in scans]
    probabilities = np.concatenate([one.probabilities for one in scans])
    hours = sum(one.duration for one in scans) / 3600
    reel = sum(segment.duration for one in scans for segment in one.choice.reel)
    true = sum(segment.duration for one in scans for segment in one.truth)
    shared = sum(segments.shared_seconds(one.choice.reel, one.truth) for one in scans)
    false_alarms = sum(not segments.shared_seconds([event], one.truth) for one in scans for event in one.choice.events)
    figures = {"hours": hours, "reel_seconds": reel, "highlight_seconds": true}
    if true:
        figures["frame_average_precision"] = measures.average_precision(np.concatenate(classes), probabilities)
    figures |= {
        "share_of_reel_that_is_highlight": shared / reel if reel else 0.0,
        "share_of_highlight_in_reel": shared / true if true else 0.0,
        "false_alarms_per_hour": false_alarms / hours,
    }
    rounded = {name: round(value, 4) for name, value in figures.items()}
    return rounded | {f"events_at_iou_{iou}": event_figures(scans, iou) for iou in IOUS}


def true_frames(one: Scan) -> np.ndarray:
    """Whether each moment of the timeline is in a true highlight: int of shape (moments,)."""
    return np.array([any(true.start <= time < true.end for true in one.truth) for time in one.times], int)


def event_figures(scans: list[Scan], iou: float) -> dict[str, float]:
    """Precision, recall and F1 of the events, without padding."""
    hits = sum(segments.matches(one.choice.events, one.truth, iou) for one in scans)
    precision = hits / max(sum(len(one.choice.events) for one in scans), 1)
    recall = hits / max(sum(len(one.truth) for one in scans), 1)
    figures = {"precision": precision, "recall": recall, "f1": measures.f1(precision, recall)}
    return {name: round(figure, 4) for name, figure in figures.items()}


if __name__ == "__main__":
    errors.run(main, __doc__)
