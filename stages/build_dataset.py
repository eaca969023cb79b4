"""Build the index of labelled frames, data/dataset/index.csv, and a picture of it, data/dataset/preview.jpg.

Clips without a label are left out and named; frames too close to a label's edge to be sure of are left out.
Run from the project's folder: python -m stages.build_dataset
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autotosis.annotations import labels
from autotosis.annotations.labels import Groups, Label
from autotosis.model import index
from autotosis.pictures import contact_sheet
from autotosis.project import command_line, params
from autotosis.project.errors import UserError
from autotosis.signals import shards

PREVIEW = Path("data/dataset/preview.jpg")
LEFT_OUT = -1
# How each class is drawn: the colour of its border and its name.
LOOKS = {1: ("crimson", "highlight"), 0: ("seagreen", "calm"), LEFT_OUT: ("silver", "left out")}


@dataclass(frozen=True)
class LabelledClip:
    """A clip or excerpt: its name, its group, its shard and the class of each frame, 1, 0 or LEFT_OUT, int8."""

    name: str
    group: str
    shard: shards.Shard
    classes: np.ndarray


def main() -> None:
    settings = params.load()
    folder, margin = settings.folder, settings.dataset.margin
    labelled, groups = labels.read_labels(folder / "labels.csv"), Groups(folder)
    clips = []
    for video, rows in sorted(labelled.items()):
        group = groups.group(video)
        if video.startswith("clips/"):
            clips.append(label_clip(video.removeprefix("clips/"), group, rows, margin))
        else:
            clips += [label_excerpt(video, group, row, margin) for row in rows]
    check_enough(clips, folder)
    entries = [entry for clip in clips for entry in index_entries(clip)]
    index.write(entries)
    # Of a label that is all margin nothing is known.
    shown = [clip for clip in clips if (clip.classes != LEFT_OUT).any()]
    contact_sheet.write(PREVIEW, [strip(clip) for clip in shown[:: -(-len(shown) // contact_sheet.MOST_CLIPS)]])
    extracted = sorted(map(shards.clip_of, shards.FOLDER.glob(f"*{shards.SUFFIX}")))
    report(entries, [name for name in extracted if f"clips/{name}" not in labelled])


def label_clip(name: str, group: str, rows: list[Label], margin: float) -> LabelledClip:
    """The class of every frame of a clip: time that no label covers is calm."""
    if not shards.path(name).exists():
        raise rows[0].row.error("is not extracted; clips are files in clips/ itself: run `dvc repro extract_frames`")
    shard = shards.Shard(shards.path(name))
    return LabelledClip(name, group, shard, classify(shard, rows, margin, elsewhere=0))


def label_excerpt(video: str, group: str, row: Label, margin: float) -> LabelledClip:
    """The class of every frame of a labelled stretch of a VOD: nothing is known of the time around it."""
    name = shards.excerpt(video, row.start, row.end)
    if not shards.path(name).exists():
        raise row.row.error("is not extracted; run `dvc repro extract_excerpts`")
    shard = shards.Shard(shards.path(name))
    return LabelledClip(name, group, shard, classify(shard, [row], margin, elsewhere=LEFT_OUT))


def classify(shard: shards.Shard, rows: list[Label], margin: float, elsewhere: int) -> np.ndarray:
    """The class of each frame: int8 of shape (frames,); `elsewhere` where no row says one."""
    classes = np.full(len(shard.times), elsewhere, np.int8)
    edges = []
    for label in rows:
        end = label.ending(shard.duration)
        classes[(shard.times >= label.start) & (shard.times < end)] = label.highlight
        if label.highlight:
            # Where a label begins or ends with the video itself, there is no change to be unsure of.
            edges += [edge for edge in (label.start, end) if 0 < edge < shard.duration - labels.ROUNDING]
    for edge in edges:
        classes[np.abs(shard.times - edge) < margin] = LEFT_OUT
    return classes


def index_entries(clip: LabelledClip) -> list[index.Entry]:
    """The frames of a clip that the model may learn from or be measured on."""
    return [
        index.Entry(clip.name, int(frame), round(float(clip.shard.times[frame]), 3), int(label), clip.group)
        for frame, label in enumerate(clip.classes)
        if label != LEFT_OUT
    ]


def check_enough(clips: list[LabelledClip], folder: Path) -> None:
    """UserError unless both classes are there, in clips enough to measure on others than were learned from."""
    if len(clips) < 2:
        raise UserError(
            f"{folder / 'labels.csv'}: {len(clips)} of the clips are labelled; the least is 2, and a few dozen are good"
        )
    for label in (1, 0):
        if not any((clip.classes == label).any() for clip in clips):
            name = LOOKS[label][1]
            raise UserError(
                f"{folder / 'labels.csv'}: no frame of any clip is {name} (label {label}); "
                f"label some that are, farther than dataset.margin from an edge"
            )


def strip(clip: LabelledClip) -> contact_sheet.Strip:
    """Frames of a clip, spread over what is known of it, some of each class that it has."""
    known = np.flatnonzero(clip.classes != LEFT_OUT)
    count = min(contact_sheet.FRAMES_PER_CLIP, known[-1] - known[0] + 1)
    chosen = np.linspace(known[0], known[-1], count).round().astype(int)
    for frames in (np.flatnonzero(clip.classes == label) for label in (0, 1)):
        if len(frames) and not np.isin(chosen, frames).any():
            # Short as it is, it shall be seen.
            chosen[np.argmin(np.abs(chosen - frames[len(frames) // 2]))] = frames[len(frames) // 2]
    looks = [LOOKS[int(clip.classes[frame])] for frame in chosen]
    return contact_sheet.Strip(
        caption=clip.name,
        frames=[clip.shard.frame(frame) for frame in chosen],
        notes=[f"{clip.shard.times[frame]:.1f} {name}" for frame, (_, name) in zip(chosen, looks, strict=True)],
        colours=[colour for colour, _ in looks],
    )


def report(entries: list[index.Entry], unlabelled: list[str]) -> None:
    """Say what the dataset holds."""
    clips, highlights = len({entry.clip for entry in entries}), sum(entry.label for entry in entries)
    print(f"{clips} clips, {highlights} highlight frames, {len(entries) - highlights} calm ones")
    if unlabelled:
        print(f"clips without a label, left out: {len(unlabelled)} ({', '.join(unlabelled[:10])})")


if __name__ == "__main__":
    command_line.run(main, __doc__)
