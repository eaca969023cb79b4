"""What a reviewer's judgements are worth: the figures of VODs after some moments of another one were judged.

At least two VODs of params.yaml or vods.yaml are needed that holdout.csv labels whole. Each in turn is judged, by these
labels, and the others are measured; the table has the means. Moments are judged in the order of
data/review/<vod>.csv, or in the order of the cut list, best first. Runs the stages in temporary copies of the project
(`dvc repro` first), which takes a minute per row and VOD:

    python -m benchmarks.review_curve monday tuesday wednesday
"""

import csv
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np

from autotosis.annotations import labels
from autotosis.cuts import cut_list, review_list
from autotosis.cuts.segments import Segment, overlap
from autotosis.project import command_line, params
from autotosis.project.errors import UserError
from autotosis.project.params import Params
from stages.evaluate import ALL
from tests.helpers import Project, copy_repository

COUNTS = (0, 5, 10, 20, 40)
ORDERS = ("review list", "best first")
# The figures of `evaluate` in the table.
FIGURES = ("ap", "f1", "f1_30", "shown", "fa_h")
# A moment counts as a highlight if at least this share of it is one.
RIGHT = 0.3


def main(vods: list[str]) -> None:
    settings = params.load()
    holdout = labels.read_labels(settings.folder / "holdout.csv")
    for vod in map(settings.vod, vods):
        if str(vod.relative_to(settings.folder)) not in holdout:
            raise UserError(f"{settings.folder / 'holdout.csv'}: no row is about {vod}; label it from beginning to end")
    print("| judgements | order | average precision | F1, IoU 0.5 | F1, IoU 0.3 | shown | false alarms per hour |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for order in ORDERS:
        curves = []
        for judged in vods:
            marks = [label for label in holdout[settings.vods[judged]] if label.highlight]
            truth = [Segment(mark.start, mark.end_in(float("inf"))) for mark in marks]
            with tempfile.TemporaryDirectory() as folder:
                project = prepare(Path(folder), settings, judged, vods)
                curves.append(curve(project, settings, judged, vods, truth, order))
        # Where the lists end early, the last row occurs several times.
        for judgements, *shares, false_alarms in np.unique(np.mean(curves, axis=0), axis=0):
            cells = " | ".join(f"{share:.2f}" for share in shares)
            print(f"| {judgements:.0f} | {order} | {cells} | {false_alarms:.0f} |", flush=True)


def prepare(folder: Path, settings: Params, judged: str, vods: list[str]) -> Project:
    """Copy the project with these VODs alone; the one to judge leaves the holdout."""
    project = copy_repository(folder)
    # DVCLive, which `train` writes its figures with, needs a commit.
    project.commit()
    shutil.copytree(settings.folder, folder / settings.folder, symlinks=True, dirs_exist_ok=True)
    tracks = {key: own.model_dump() for key, own in settings.tracks.items() if key in vods or set(key) & set("/*")}
    project.set_params(vods={name: settings.vods[name] for name in vods}, urls={}, tracks=tracks)
    project.write("vods.yaml", "vods: {}\n")
    holdout = project.read(f"{settings.folder}/holdout.csv").splitlines(keepends=True)
    kept = [row for row in holdout if not row.startswith(f"{settings.vods[judged]},")]
    project.write(f"{settings.folder}/holdout.csv", "".join(kept))
    project.stages("configure", "extract_frames")
    return project


def curve(
    project: Project, settings: Params, judged: str, vods: list[str], truth: list[Segment], order: str
) -> np.ndarray:
    """Judge more and more moments; return for each of COUNTS how many there were, and FIGURES of the other VODs."""
    rows: list[Segment] = []
    figures = learn(project, vods)
    points = []
    for count in COUNTS:
        # What is asked next depends on what was learned, so learn again whenever a list ends.
        while len(rows) < count and (asked := next_moments(project, judged, rows, order)):
            chosen = asked[: count - len(rows)]
            for moment in chosen:
                right = sum(overlap(moment, true) for true in truth) >= RIGHT * moment.duration
                row = f"{settings.vods[judged]},{moment.start:.2f},{moment.end:.2f},{int(right)}\n"
                project.append(f"{settings.folder}/labels.csv", row)
            rows += chosen
            figures = learn(project, vods)
        points.append([len(rows), *(figures.get(name, 0.0) for name in FIGURES)])
    return np.array(points)


def next_moments(project: Project, vod: str, judged: list[Segment], order: str) -> list[Segment]:
    """List the moments to judge next; empty if there are none left."""
    if order == "best first":
        table = csv.DictReader(project.read(str(cut_list.path(vod))).splitlines())
        moments = [Segment(float(row["event_start"]), float(row["event_end"]), float(row["score"])) for row in table]
        moments.sort(key=lambda moment: -moment.score)
    else:
        table = csv.DictReader(project.read(str(review_list.path(vod))).splitlines())
        moments = [Segment(float(row["start"]), float(row["end"])) for row in table]
    return [moment for moment in moments if not any(overlap(moment, other) for other in judged)]


def learn(project: Project, vods: list[str]) -> dict[str, float]:
    """Train, cut the VODs, and measure together those that are in the holdout."""
    scans = [f"{stage} {vod}" for vod in vods for stage in ("predict", "select")]
    project.stages("configure", "extract_excerpts", "build_dataset", "train", *scans)
    figures: dict[str, float] = json.loads(project.succeed("python", "-m", "stages.evaluate"))[ALL]
    return figures


if __name__ == "__main__":
    parser = command_line.parser(__doc__)
    parser.add_argument("vod", help="name of a VOD")
    parser.add_argument("others", nargs="+", help="names of more VODs")
    arguments = parser.parse_args()
    with command_line.errors_as_sentences():
        main([arguments.vod, *arguments.others])
