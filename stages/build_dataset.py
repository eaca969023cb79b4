"""Build the index of labelled frames, data/dataset/index.csv, and a picture of it, data/dataset/preview.jpg.

Clips without a label are left out and named; frames too close to a label's edge to be sure of are left out.
Run from the project's folder: python -m stages.build_dataset
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stages.lib import contact_sheet, errors, index, labels, params, shards, split
from stages.lib.errors import UserError
from stages.lib.labels import Groups, Label

PREVIEW = Path("data/dataset/preview.jpg")
LEFT_OUT = -1
# How each class is drawn: the colour of its border and its name.
LOOKS = {1: ("crimson", "highlight"), 0: ("seagreen", "calm"), LEFT_OUT: ("silver", "left out")}


@dataclass(frozen=True)
class LabelledClip:
    """A clip's shard and the class of each of its frames: 1, 0 or LEFT_OUT, int8 of shape (frames,)."""

    name: str
    shard: shards.Shard
    classes: np.ndarray


def main() -> None:
    settings = params.load()
    folder, dataset = settings.folder, settings.dataset
    labelled = labels.read(folder / "labels.csv")
    paths = sorted(shards.FOLDER.glob(f"*{shards.SUFFIX}"))
    clips = [
        label_clip(path, labelled[video], dataset.margin)
        for path in paths
        if (video := f"clips/{shards.clip_of(path)}") in labelled
    ]
    check_enough(clips, folder)
    groups = Groups(folder)
    sides = split.split(
        {clip.name: bool((clip.classes == 1).any()) for clip in clips},
        {clip.name: groups.group(f"clips/{clip.name}") for clip in clips},
        dataset.validation,
        dataset.seed,
    )
    entries = [entry for clip in clips for entry in index_entries(clip, sides[clip.name])]
    check_both_sides(entries, folder)
    index.write(entries)
    shown = clips[:: -(-len(clips) // contact_sheet.MOST_CLIPS)]
    contact_sheet.write(PREVIEW, [strip(clip, sides[clip.name]) for clip in shown])
    named = {clip.name for clip in clips}
    unlabelled = [clip for path in paths if (clip := shards.clip_of(path)) not in named]
    report(entries, unlabelled, len(labelled) - len(clips))


def label_clip(path: Path, clip_labels: list[Label], margin: float) -> LabelledClip:
    """The class of every frame of a clip: time that no label covers is calm."""
    shard = shards.Shard(path)
    classes = np.zeros(len(shard.times), np.int8)
    edges = []
    for label in clip_labels:
        end = label.ending(shard.duration)
        inside = (shard.times >= label.start) & (shard.times < end)
        classes[inside] = label.highlight
        if label.highlight:
            # Where a label begins or ends with the clip itself, there is no change to be unsure of.
            edges += [edge for edge in (label.start, end) if 0 < edge < shard.duration - labels.ROUNDING]
    for edge in edges:
        classes[np.abs(shard.times - edge) < margin] = LEFT_OUT
    return LabelledClip(shards.clip_of(path), shard, classes)


def index_entries(clip: LabelledClip, side: str) -> list[index.Entry]:
    """The frames of a clip that the model may learn from or be measured on."""
    return [
        index.Entry(clip.name, int(frame), round(float(clip.shard.times[frame]), 3), int(label), side)
        for frame, label in enumerate(clip.classes)
        if label != LEFT_OUT
    ]


def check_enough(clips: list[LabelledClip], folder: Path) -> None:
    """UserError unless both classes are there and there are clips enough to hold some back."""
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


def check_both_sides(entries: list[index.Entry], folder: Path) -> None:
    """UserError unless both classes are among the frames for training and among those for validation."""
    for side in (split.TRAIN, split.VALIDATION):
        for label in (1, 0):
            if not any(entry.split == side and entry.label == label for entry in entries):
                raise UserError(
                    f"{folder / 'labels.csv'}: too few clips: none with a frame of label {label} is left for {side}; "
                    f"label more clips, or divide groups.csv into smaller groups"
                )


def strip(clip: LabelledClip, side: str) -> contact_sheet.Strip:
    """Frames of a clip, evenly spread over it, each with its class."""
    count = min(contact_sheet.FRAMES_PER_CLIP, len(clip.classes))
    chosen = np.linspace(0, len(clip.classes) - 1, count).round().astype(int)
    looks = [LOOKS[int(clip.classes[frame])] for frame in chosen]
    return contact_sheet.Strip(
        caption=f"{clip.name} ({side})",
        frames=[clip.shard.frame(frame) for frame in chosen],
        notes=[f"{clip.shard.times[frame]:.1f} {name}" for frame, (_, name) in zip(chosen, looks, strict=True)],
        colours=[colour for colour, _ in looks],
    )


def report(entries: list[index.Entry], unlabelled: list[str], elsewhere: int) -> None:
    """Say what the dataset holds."""
    for side in (split.TRAIN, split.VALIDATION):
        frames = [entry for entry in entries if entry.split == side]
        clips, highlights = len({entry.clip for entry in frames}), sum(entry.label for entry in frames)
        print(f"{side}: {clips} clips, {highlights} highlight frames, {len(frames) - highlights} calm ones")
    if unlabelled:
        print(f"clips without a label, left out: {len(unlabelled)} ({', '.join(unlabelled[:10])})")
    if elsewhere:
        print(f"labelled videos that are no clips, left out: {elsewhere}")


if __name__ == "__main__":
    errors.run(main, __doc__)
