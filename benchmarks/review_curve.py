"""What a reviewer's judgements are worth: F1 on one VOD after some moments of another one were judged.

Two VODs of params.yaml or vods.yaml are needed that holdout.csv labels whole: one to judge, by these labels, and one to
measure. Moments are judged in the order of data/review/<vod>.csv, or in the order of the cut list, best first. Runs the
stages in a temporary copy of the project (`dvc repro` first), which takes half a minute per row:

    python -m benchmarks.review_curve monday tuesday
"""

import csv
import json
import shutil
import tempfile
from pathlib import Path

from autotosis.annotations import labels
from autotosis.cuts import cut_list, review_list
from autotosis.cuts.segments import Segment, overlap
from autotosis.project import command_line, params
from autotosis.project.errors import UserError
from autotosis.project.params import Params
from tests.helpers import Project, copy_repository

COUNTS = (0, 5, 10, 20, 40)
ORDERS = ("review list", "best first")
# A moment counts as a highlight if at least this share of it is one.
RIGHT = 0.3


def main(judged: str, measured: str) -> None:
    settings = params.load()
    holdout = labels.read_labels(settings.folder / "holdout.csv")
    for vod in (settings.vod(name) for name in (judged, measured)):
        if str(vod.relative_to(settings.folder)) not in holdout:
            raise UserError(f"{settings.folder / 'holdout.csv'}: no row is about {vod}; label it from beginning to end")
    marks = [label for label in holdout[settings.vods[judged]] if label.highlight]
    truth = [Segment(mark.start, mark.end_in(float("inf"))) for mark in marks]
    print("| judgements | order | average precision | F1, IoU 0.5 | F1, IoU 0.3 | false alarms per hour |")
    print("| --- | --- | --- | --- | --- | --- |")
    for order in ORDERS:
        with tempfile.TemporaryDirectory() as folder:
            curve(prepare(Path(folder), settings, judged, measured), settings, judged, measured, truth, order)


def prepare(folder: Path, settings: Params, judged: str, measured: str) -> Project:
    """Copy the project with these two VODs alone; the one to judge leaves the holdout."""
    project = copy_repository(folder)
    # DVCLive, which `train` writes its figures with, needs a commit.
    project.commit()
    shutil.copytree(settings.folder, folder / settings.folder, symlinks=True, dirs_exist_ok=True)
    vods = {name: settings.vods[name] for name in (judged, measured)}
    tracks = {key: own.model_dump() for key, own in settings.tracks.items() if key in vods or set(key) & set("/*")}
    project.set_params(vods=vods, urls={}, tracks=tracks)
    project.write("vods.yaml", "vods: {}\n")
    holdout = project.read(f"{settings.folder}/holdout.csv").splitlines(keepends=True)
    kept = [row for row in holdout if not row.startswith(f"{settings.vods[judged]},")]
    project.write(f"{settings.folder}/holdout.csv", "".join(kept))
    project.stages("configure", "extract_frames")
    return project


def curve(project: Project, settings: Params, judged: str, measured: str, truth: list[Segment], order: str) -> None:
    """Judge more and more moments, and print a row for each of COUNTS."""
    rows: list[Segment] = []
    for count in COUNTS:
        while len(rows) < count and (asked := next_moments(project, judged, rows, order)):
            chosen = asked[: count - len(rows)]
            for moment in chosen:
                right = sum(overlap(moment, true) for true in truth) >= RIGHT * moment.duration
                row = f"{settings.vods[judged]},{moment.start:.2f},{moment.end:.2f},{int(right)}\n"
                project.append(f"{settings.folder}/labels.csv", row)
            rows += chosen
            if len(rows) < count:
                learn(project, judged, measured)
        figures = learn(project, judged, measured)
        cells = [figures.get(name, 0.0) for name in ("ap", "f1", "f1_30")]
        print(
            f"| {len(rows)} | {order} | {' | '.join(f'{cell:.2f}' for cell in cells)} | {figures['fa_h']:.0f} |",
            flush=True,
        )


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


def learn(project: Project, judged: str, measured: str) -> dict[str, float]:
    """Train, cut both VODs, and measure one of them."""
    scans = [f"{stage} {vod}" for vod in (judged, measured) for stage in ("predict", "select")]
    project.stages("configure", "extract_excerpts", "build_dataset", "train", *scans)
    printed = project.succeed("python", "-m", "stages.evaluate")
    figures: dict[str, float] = json.loads(printed)[measured]
    return figures


if __name__ == "__main__":
    parser = command_line.parser(__doc__)
    parser.add_argument("judged", help="name of the VOD to judge")
    parser.add_argument("measured", help="name of the VOD to measure")
    arguments = parser.parse_args()
    with command_line.errors_as_sentences():
        main(arguments.judged, arguments.measured)
