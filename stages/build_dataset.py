"""Build the data set: data/dataset/index.csv has the label of each moment, preview.jpg shows a few frames of each clip.

Clips without a label are left out and listed. Moments close to the edge of a highlight are left out too, because
labels are not exact. Run from the project's folder: python -m stages.build_dataset
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autotosis.annotations import labels
from autotosis.annotations.labels import Label
from autotosis.model import index
from autotosis.pictures import contact_sheet
from autotosis.pictures.contact_sheet import Cell, Strip
from autotosis.project import command_line, files, inputs, params
from autotosis.project.errors import UserError
from autotosis.signals import shards

PREVIEW = Path("data/dataset/preview.jpg")
LEFT_OUT = -1
# Rows on a VOD are grouped by stretches of this length (seconds), over which baselines are measured: moments that are
# farther apart differ as much as those of two streams of the same person. So scores by a model that learned from other
# stretches tell how good it will be on another stream.
STRETCH = 60.0
# How the preview shows each class: the colour of its border and its name.
CLASS_STYLES = {1: ("crimson", "highlight"), 0: ("seagreen", "calm"), LEFT_OUT: ("silver", "left out")}


@dataclass(frozen=True)
class LabelledClip:
    """A clip or an excerpt of a VOD, with the class of each of its moments.

    Attributes
    ----------
    name : str
        The clip's file name, or the excerpt's name from `shards.excerpt_name`.
    group : str
        The clips of one group are always in the same fold.
    shard : Shard
        The signals of the video.
    classes : ndarray of int8, shape (moments,)
        1 for a highlight, 0 for calm, LEFT_OUT for neither.
    """

    name: str
    group: str
    shard: shards.Shard
    classes: np.ndarray


def main() -> None:
    settings = params.load()
    folder, margin = settings.folder, settings.dataset.margin
    before = inputs.snapshot(folder / "labels.csv", folder / "groups.csv")
    labelled, groups = labels.read_labels(folder / "labels.csv"), labels.read_groups(folder)
    clips = []
    for video, rows in sorted(labelled.items()):
        group = groups.of(video)
        if video.startswith("clips/"):
            clips.append(label_clip(video.removeprefix("clips/"), group or video, rows, margin))
        else:
            clips += [
                label_excerpt(video, group, row, rows[max(0, n - 1) : n + 2], margin) for n, row in enumerate(rows)
            ]
    extracted = sorted(map(shards.clip_of, shards.FOLDER.glob(f"*{shards.SUFFIX}")))
    for pattern in groups.unmatched([*labelled, *(f"clips/{name}" for name in extracted)]):
        print(f"{pattern.path} row {pattern.number}: {pattern['video']} matches no video; check the spelling")
    for clip in clips:
        clip.shard.check_fits(settings.extract)
    check_enough(clips, folder)
    entries = [entry for clip in clips for entry in index_entries(clip)]
    # A label shorter than its margins leaves no moment to show.
    with_moments = [clip for clip in clips if (clip.classes != LEFT_OUT).any()]
    with files.replacing_all(index.PATH, PREVIEW) as (table, picture):
        index.write(table, entries)
        every = -(-len(with_moments) // contact_sheet.MAX_CLIPS)
        contact_sheet.write(picture, [strip(clip) for clip in with_moments[::every]])
    report(entries, [name for name in extracted if f"clips/{name}" not in labelled])
    inputs.check_unchanged(before)


def label_clip(name: str, group: str, rows: list[Label], margin: float) -> LabelledClip:
    """Classify every moment of a clip. Time that no label covers is calm."""
    if not shards.path(name).exists():
        raise rows[0].row.error("has no shard; put the clip directly into clips/ and run `dvc repro extract_frames`")
    shard = shards.Shard(shards.path(name))
    return LabelledClip(name, group, shard, classify(shard, rows, margin, elsewhere=0))


def label_excerpt(video: str, group: str | None, row: Label, near: list[Label], margin: float) -> LabelledClip:
    """Classify every moment of a labelled stretch of a VOD. The time around it is left out.

    What is close to a highlight in one of the rows nearby, `near`, is left out, too. Without a group of its own, the
    VOD has one for each STRETCH.
    """
    name = shards.excerpt_name(video, row.start, row.end)
    if not shards.path(name).exists():
        raise row.row.error("has no shard; run `dvc repro extract_excerpts`")
    shard = shards.Shard(shards.path(name))
    classes = classify(shard, near, margin, elsewhere=LEFT_OUT)
    first, last = shards.between(shard.times, row.start, row.end_in(shard.duration))
    classes[:first] = classes[last:] = LEFT_OUT
    return LabelledClip(name, group or f"{video}@{row.start // STRETCH * STRETCH:.0f}", shard, classes)


def classify(shard: shards.Shard, rows: list[Label], margin: float, elsewhere: int) -> np.ndarray:
    """Classify each moment of a shard.

    Parameters
    ----------
    shard : Shard
        The signals of the video.
    rows : list of Label
        The labels of the video.
    margin : float
        Moments closer than this to the edge of a highlight are left out, seconds.
    elsewhere : int
        The class of moments that no label covers.

    Returns
    -------
    ndarray of int8, shape (moments,)
        1, 0 or LEFT_OUT.
    """
    classes = np.full(len(shard.times), elsewhere, np.int8)
    edges = []
    for label in rows:
        end = label.end_in(shard.duration)
        # Do not loop over moments, because a table may have very many rows.
        classes[slice(*shards.between(shard.times, label.start, end))] = label.highlight
        if label.highlight:
            # A label that begins or ends together with the video has an exact edge.
            edges += [edge for edge in (label.start, end) if 0 < edge < shard.duration - labels.ROUNDING]
    for edge in edges:
        first = np.searchsorted(shard.times, edge - margin, "right")
        classes[first : np.searchsorted(shard.times, edge + margin)] = LEFT_OUT
    return classes


def index_entries(clip: LabelledClip) -> list[index.Entry]:
    """List the moments of a clip that have a label."""
    return [
        index.Entry(clip.name, moment, round(float(clip.shard.times[moment]), 3), int(label), clip.group)
        for moment, label in enumerate(clip.classes)
        if label != LEFT_OUT
    ]


def check_enough(clips: list[LabelledClip], folder: Path) -> None:
    """Raise a UserError unless there are two clips or more and both classes occur."""
    if len(clips) < 2:
        raise UserError(
            f"{folder / 'labels.csv'}: has labels for {len(clips)} of the clips; 2 is the minimum, a few dozen are good"
        )
    for label in (1, 0):
        if not any((clip.classes == label).any() for clip in clips):
            raise UserError(
                f"{folder / 'labels.csv'}: no moment has the label {label} ({CLASS_STYLES[label][1]}); add labels of "
                "this kind, longer than twice dataset.margin"
            )


def strip(clip: LabelledClip) -> Strip:
    """Choose the frames of a clip to show: spread evenly over its labelled time, with at least one of each class."""
    labelled = np.flatnonzero(clip.classes != LEFT_OUT)
    count = min(contact_sheet.FRAMES_PER_CLIP, labelled[-1] - labelled[0] + 1)
    chosen = np.linspace(labelled[0], labelled[-1], count).round().astype(int)
    for frames in (np.flatnonzero(clip.classes == label) for label in (0, 1)):
        if len(frames) and not np.isin(chosen, frames).any():
            # Show every class, even a short one.
            chosen[np.argmin(np.abs(chosen - frames[len(frames) // 2]))] = frames[len(frames) // 2]
    cells = []
    for frame in chosen:
        colour, name = CLASS_STYLES[int(clip.classes[frame])]
        cells.append(Cell(clip.shard.frame(frame), f"{clip.shard.times[frame]:.1f} {name}", colour))
    return Strip(clip.name, cells)


def report(entries: list[index.Entry], unlabelled: list[str]) -> None:
    """Print the size of the data set, and which clips have no label."""
    clips, highlights = len({entry.clip for entry in entries}), sum(entry.label for entry in entries)
    print(f"{clips} clips, {highlights} moments of highlights, {len(entries) - highlights} calm moments")
    if unlabelled:
        print(f"left out, because labels.csv has no row for them: {len(unlabelled)} ({', '.join(unlabelled[:10])})")


if __name__ == "__main__":
    command_line.run(main, __doc__)
