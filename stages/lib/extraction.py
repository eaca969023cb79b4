"""Bringing a folder of shards up to date: only those that are missing or were made from something else are made."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from stages.lib import features, files, media, shards, workers
from stages.lib.errors import UserError
from stages.lib.facecam import Box
from stages.lib.params import Extract


@dataclass(frozen=True)
class Job:
    """A shard to be.

    Attributes
    ----------
    shard : Path
        Where.
    video : Path
        From what.
    box : Box
        Where the face is in it.
    start, end : float
        Which stretch of it is kept, seconds; None is its end.
    first, last : float
        Which stretch of it is read, seconds; None is its end.
    """

    shard: Path
    video: Path
    box: Box
    start: float = 0.0
    end: float | None = None
    first: float = 0.0
    last: float | None = None


def bring_up_to_date(folder: Path, jobs: Sequence[Job], settings: Extract, message: str, unit: str) -> None:
    """Make the shards of a folder be those of the jobs, and no others; UserError that names every bad video."""
    current = {job.shard for job in jobs}
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path not in current:
            files.remove(path)
    of_video = defaultdict(list)
    for job in jobs:
        of_video[job.video].append(job)
    outcomes = [
        outcome
        for of_one in workers.map(partial(extract, settings), list(of_video.values()), message, "videos")
        for outcome in of_one
    ]
    problems = dict.fromkeys(outcome for outcome in outcomes if isinstance(outcome, str))
    print(f"{outcomes.count(True)} of {len(jobs)} {unit} extracted, {outcomes.count(False)} were current")
    if problems:
        raise UserError("; ".join(problems))


def extract(settings: Extract, jobs: Sequence[Job]) -> list[bool | str]:
    """Bring the shards of one video up to date; for each, whether it was written, or what is wrong with the video.

    A bad video loses its shards, if it had any: they were made from another file.
    """
    digest = files.digest(jobs[0].video)
    return [extract_one(settings, job, digest) for job in jobs]


def extract_one(settings: Extract, job: Job, digest: str) -> bool | str:
    """Bring one shard up to date, of a video with this digest."""
    key = shards.key(digest, job.box, settings, job.start, job.end, job.first, job.last)
    if shards.key_of(job.shard) == key:
        return False
    try:
        probe = media.probe(job.video)
        moments = features.read(job.video, probe, job.box, settings.fps, settings.size, job.first, job.last)
    except UserError as error:
        files.remove(job.shard)
        return str(error)
    end = math.inf if job.end is None else job.end
    shown = slice(*np.searchsorted(moments.times, (job.start - 1e-6, end - 1e-6)).tolist())
    shards.write(job.shard, moments, shown, probe.duration, key)
    return True
