"""Read the stretches of VODs that labels.csv names: data/excerpts/<vod>@<start>-<end>.safetensors, one shard each.

One row in labels.csv is thus enough to learn from a false positive or a missed highlight. A shard also holds the
signals around the stretch, because a moment is judged relative to its baseline, and because they show what is calm. If
a VOD has a chat, chat.csv says how much was written there after each stretch.
Run from the project's folder: python -m stages.extract_excerpts
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from autotosis.annotations import chat, config_files, facecams, labels, sidecars
from autotosis.annotations.facecams import Box, Facecam
from autotosis.annotations.labels import Label
from autotosis.camera import scenes
from autotosis.project import command_line, files, inputs, params
from autotosis.project.params import Params
from autotosis.project.tables import Patterns
from autotosis.signals import chat_rate, extraction, shards, signal
from autotosis.signals.extraction import Job
from autotosis.video import recording


def main() -> None:
    settings = params.load()
    config_files.check_recorded("extract_excerpts", settings)
    before = inputs.snapshot(*(settings.folder / f"{table}.csv" for table in ("labels", "holdout", "facecams")))
    rows_of_facecams = facecams.read_boxes(settings.folder / "facecams.csv")
    holdout, labelled = (labels.read_labels(settings.folder / f"{table}.csv") for table in ("holdout", "labels"))
    for video, rows in (*labelled.items(), *holdout.items()):
        check_whole(settings, video, rows[0])
    jobs, chats = [], []
    for video, rows in labelled.items():
        if not video.startswith("clips/"):
            check_place(video, rows[0], holdout)
            path = settings.folder / video
            before |= inputs.snapshot(path, *(sidecars.place(path, ending) for ending in sidecars.CHATS))
            duration = recording.probe(path).duration
            facecam = facecam_of(settings, video, rows_of_facecams)
            jobs += [job(settings, video, row, duration, facecam) for row in rows]
            chats += chat_rows(settings, video, rows, duration)
    extraction.update(shards.EXCERPTS, jobs, settings.extract, "extract excerpts", "stretches", "excerpts")
    if chats:
        chat_rate.write(chats)
    # Without any file, DVC would warn about an empty folder on every run.
    files.write_bytes(shards.EXCERPTS / "about.txt", b"The stretches of VODs that labels.csv names, one shard each.\n")
    inputs.check_unchanged(before)


def check_whole(settings: Params, video: str, label: Label) -> None:
    """Raise a UserError if a video is one file of a VOD in parts."""
    vod = PurePosixPath(video).parent.as_posix()
    if vod in settings.vods.values():
        raise label.row.error(
            f"{video} is a part of {vod}; name {vod}, with times counted from the beginning of the first part"
        )


def check_place(video: str, label: Label, holdout: Mapping[str, list[Label]]) -> None:
    """Raise a UserError if a video is not in vods/, or if it is in the holdout."""
    if not video.startswith("vods/"):
        raise label.row.error(f"{video} is neither in clips/ nor in vods/; move it into one of them")
    if video in holdout:
        raise label.row.error(
            f"{video} is also in {holdout[video][0].row.path}, and a VOD of the holdout is never learned from; remove "
            "its rows from one of the two files"
        )


def facecam_of(settings: Params, video: str, rows: Patterns[Box]) -> Facecam:
    """Return where the face camera of a VOD is, and search for it unless `find_facecams` has."""
    name = next((name for name, file in settings.vods.items() if file == video), "")
    row = rows.of(video)
    # In a clone, the table of a VOD need not have been pulled, although DVC knows it.
    if row or (name and facecams.path(name).exists()):
        return facecams.for_vod(name, row)
    return Facecam(tuple(scenes.find(recording.probe(settings.folder / video), video)))


def job(settings: Params, video: str, label: Label, duration: float, facecam: Facecam) -> Job:
    """Describe the shard of one labelled stretch of a VOD."""
    end = label.end_in(duration)
    if end - label.start > extraction.MAX_SECONDS:
        raise label.row.error(
            f"is {end - label.start:.0f} s long, but a row may cover at most {extraction.MAX_SECONDS:.0f} s of a VOD; "
            "mark only the highlight or the false positive"
        )
    shard = shards.path(shards.excerpt_name(video, label.start, label.end))
    # Read everything that the baselines are computed from, beginning at an anchor, so that they are the same as in the
    # whole VOD.
    grid, reach = signal.ANCHOR_SPACING, signal.BASELINE_SECONDS / 2
    first = max(0.0, math.floor(label.start / grid) * grid - reach)
    last = min(duration, math.ceil(end / grid) * grid + reach + 1)
    sounds = settings.tracks_of(video).judged
    return Job(shard, settings.folder / video, facecam, sounds, label.start, end, first, last)


def chat_rows(settings: Params, video: str, rows: Sequence[Label], duration: float) -> list[list[str]]:
    """Measure the chat after each labelled stretch of a VOD: the rows of chat.csv; none if the VOD has no chat."""
    path = sidecars.chat(settings.folder / video)
    if path is None:
        return []
    messages = chat.read_chat(path)
    return [
        chat_rate.row(shards.excerpt_name(video, row.start, row.end), messages, row.start, row.end_in(duration))
        for row in rows
    ]


if __name__ == "__main__":
    command_line.run(main, __doc__)
