"""Bringing a folder of shards up to date: only those that are missing or were made from something else are made."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from autotosis.annotations.facecams import Box
from autotosis.project import files, workers
from autotosis.project.errors import UserError
from autotosis.project.params import Extract
from autotosis.signals import features, shards
from autotosis.video import hardware, hashes, recording


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
    # Before anything is removed.
    hardware.accelerator(settings.decoder)
    current = {job.shard for job in jobs}
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path not in current:
            files.remove(path)
    digest_of = hashes.of({job.video for job in jobs})
    keys = [
        shards.key(digest_of[job.video], job.box, settings, job.start, job.end, job.first, job.last) for job in jobs
    ]
    stale = [(job, key) for job, key in zip(jobs, keys, strict=True) if shards.key_of(job.shard) != key]
    outcomes = workers.run_parallel(partial(extract, settings), stale, message, unit)
    problems = [outcome for outcome in outcomes if outcome is not None]
    print(f"{len(stale) - len(problems)} of {len(jobs)} {unit} extracted, {len(jobs) - len(stale)} were current")
    if problems:
        raise UserError("; ".join(dict.fromkeys(problems)))


def extract(settings: Extract, stale: tuple[Job, str]) -> str | None:
    """Make one shard, with its key; what is wrong with the video, if anything is.

    A bad video loses its shard, if it had one: it was made from another file.
    """
    job, key = stale
    try:
        opened = recording.probe(job.video)
        moments = features.read_moments(opened, job.box, settings, job.first, job.last)
    except UserError as error:
        files.remove(job.shard)
        return str(error)
    end = math.inf if job.end is None else job.end
    shown = slice(*np.searchsorted(moments.times, (job.start - 1e-6, end - 1e-6)).tolist())
    shards.write(job.shard, moments, shown, opened.duration, key)
    return None
