"""Extract the stretches of VODs that labels.csv names into shards: data/excerpts/<vod>@<start>-<end>.safetensors.

So a false alarm, or a highlight that was missed, is learned from by one row. Each excerpt has what is around it, since
a moment is seen relative to what is normal. Run from the project's folder: python -m stages.extract_excerpts
"""

import math
from collections.abc import Mapping
from pathlib import Path

from autotosis.annotations import labels
from autotosis.annotations.facecams import Facecams
from autotosis.annotations.labels import Label
from autotosis.project import command_line, files, params
from autotosis.signals import context, extraction, shards
from autotosis.signals.extraction import Job
from autotosis.video import recording

# Longer rows would be too many pictures to hold at once (seconds).
LONGEST = 300.0


def main() -> None:
    settings = params.load()
    facecams = Facecams(settings.folder)
    holdout, jobs = labels.read_labels(settings.folder / "holdout.csv"), []
    for video, rows in labels.read_labels(settings.folder / "labels.csv").items():
        if not video.startswith("clips/"):
            check_place(video, rows[0], holdout)
            duration = recording.probe(settings.folder / video).duration
            jobs += [job(settings.folder, video, row, duration, facecams) for row in rows]
    extraction.bring_up_to_date(shards.EXCERPTS, jobs, settings.extract, "extract excerpts", "excerpts")
    # DVC warns of an empty folder on every run.
    files.write_bytes(shards.EXCERPTS / "about.txt", b"The stretches of VODs that labels.csv names, one shard each.\n")


def check_place(video: str, label: Label, holdout: Mapping[str, list[Label]]) -> None:
    """UserError if a video is no VOD in vods/, or one that is only measured against."""
    if not video.startswith("vods/"):
        raise label.row.error(f"{video} is neither in clips/ nor in vods/; move it into one of them")
    if video in holdout:
        raise label.row.error(
            f"{video} is in {holdout[video][0].row.path}, whose VODs are only measured against and never learned from; "
            "take its rows out of one of the two"
        )


def job(folder: Path, video: str, label: Label, duration: float, facecams: Facecams) -> Job:
    """What to extract for a labelled stretch of a VOD."""
    end = label.ending(duration)
    if end - label.start > LONGEST:
        raise label.row.error(
            f"{end - label.start:.0f} s of a VOD in one row; label at most {LONGEST:.0f} s, such as a false alarm alone"
        )
    shard = shards.path(shards.excerpt(video, label.start, label.end))
    # All that counts for what is normal there, from an anchor on, so that excerpts are seen as the whole VOD is.
    grid, reach = context.ANCHORS, context.NORMAL / 2
    first = max(0.0, math.floor(label.start / grid) * grid - reach)
    last = math.ceil(end / grid) * grid + reach + 1
    return Job(shard, folder / video, facecams.box(video), label.start, end, first, last)


if __name__ == "__main__":
    command_line.run(main, __doc__)
