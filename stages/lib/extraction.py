"""Bringing a folder of shards up to date: only those that are missing or were made from something else are made."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

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
        Which stretch of it, seconds; None is its end.
    """

    shard: Path
    video: Path
    box: Box
    start: float = 0.0
    end: float | None = None


def bring_up_to_date(folder: Path, jobs: Sequence[Job], settings: Extract, message: str, unit: str) -> None:
    """Make the shards of a folder be those of the jobs, and no others; UserError that names every bad video."""
    current = {job.shard for job in jobs}
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path not in current:
            files.remove(path)
    outcomes = list(workers.map(partial(extract, settings), jobs, message, unit))
    problems = [outcome for outcome in outcomes if isinstance(outcome, str)]
    print(f"{outcomes.count(True)} of {len(jobs)} {unit} extracted, {outcomes.count(False)} were current")
    if problems:
        raise UserError("; ".join(problems))


def extract(settings: Extract, job: Job) -> bool | str:
    """Bring one shard up to date; True if it was written, or what is wrong with the video.

    A bad video loses its shard, if it had one: it was made from another file.
    """
    key = shards.key(files.digest(job.video), job.box, settings, job.start, job.end)
    if shards.key_of(job.shard) == key:
        return False
    try:
        probe = media.probe(job.video)
        moments = features.read(job.video, probe, job.box, settings.fps, settings.size, job.start, job.end)
    except UserError as error:
        files.remove(job.shard)
        return str(error)
    shards.write(job.shard, moments, probe.duration, key)
    return True
