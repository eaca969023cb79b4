"""Update a folder of shards: make only those that are missing or out of date."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from autotosis.annotations.facecams import Facecam
from autotosis.project import files, workers
from autotosis.project.errors import UserError
from autotosis.project.params import Extract
from autotosis.signals import features, shards
from autotosis.video import hardware, hashes, recording
from autotosis.video.remarks import remarks

# A longer clip, or row about a VOD, would take too much memory: about 2 MiB per second (seconds).
MAX_SECONDS = 300.0


@dataclass(frozen=True)
class Job:
    """A shard to make.

    Attributes
    ----------
    shard : Path
        The path of the shard.
    video : Path
        The video to read.
    facecam : Facecam
        The position of the face camera in the video.
    sounds : sequence of int
        The sound track that is judged, as `recording.probe` takes it.
    start, end : float
        The stretch of the video whose frames are kept, seconds; an end of None is the end of the video.
    read_start, read_end : float
        The stretch of the video whose signals are read and kept, seconds; an end of None is the end of the video.
    """

    shard: Path
    video: Path
    facecam: Facecam
    sounds: Sequence[int]
    start: float = 0.0
    end: float | None = None
    read_start: float = 0.0
    read_end: float | None = None

    @property
    def reading(self) -> tuple[object, ...]:
        """What is read for the shard. Several shards may be made from the same."""
        return self.video, self.facecam, tuple(self.sounds), self.read_start, self.read_end


def update(folder: Path, jobs: Sequence[Job], settings: Extract, message: str, readings: str, unit: str) -> None:
    """Update a folder, so that it holds the shards of the given jobs and nothing else.

    Parameters
    ----------
    folder : Path
        The folder of the shards.
    jobs : sequence of Job
        The shards that it is to hold.
    settings : Extract
        The parameters of extraction.
    message : str
        The text beside the progress bar.
    readings : str
        What the progress bar counts, in the plural.
    unit : str
        What a shard is made of, in the plural.

    Raises
    ------
    UserError
        If videos cannot be read. The message names all of them; the shards of the others are made nevertheless.
    """
    # Check the decoder first, so that nothing is removed if it does not work.
    hardware.accelerator(settings.decoder)
    current = {job.shard for job in jobs}
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path not in current:
            files.remove(path)
    digest_of = hashes.compute({job.video for job in jobs})
    keys = [_key(job, digest_of[job.video], settings) for job in jobs]
    stale: dict[tuple[object, ...], list[tuple[Job, str]]] = {}
    for job, key in zip(jobs, keys, strict=True):
        if shards.key_of(job.shard) != key:
            stale.setdefault(job.reading, []).append((job, key))
    outcomes = list(workers.run_parallel(partial(extract, settings), list(stale.values()), message, readings))
    # A VOD may have many excerpts.
    for line in dict.fromkeys(outcome.remarks for outcome in outcomes if outcome.remarks):
        print(line)
    problems = [outcome.problem for outcome in outcomes if outcome.problem]
    counts = list(map(len, stale.values()))
    made = sum(count for count, outcome in zip(counts, outcomes, strict=True) if not outcome.problem)
    print(f"{made} of {len(jobs)} {unit} extracted, {len(jobs) - sum(counts)} were current")
    if problems:
        raise UserError("; ".join(dict.fromkeys(problems)))


def _key(job: Job, digest: str, settings: Extract) -> str:
    """Compute a hash of everything that a shard is made from; `digest` is that of the video, whatever its name is."""
    edges = [job.read_start, *job.facecam.changes(job.read_start, math.inf if job.read_end is None else job.read_end)]
    boxes = [(edge, vars(box) if (box := job.facecam.at(edge)) else None) for edge in edges]
    camera = boxes[0][1] if len(boxes) == 1 else boxes
    times = job.start, job.end, job.read_start, job.read_end
    made_from: list[object] = [digest, camera, settings.signal_params(), times, features.VERSION]
    if job.sounds:
        made_from.append(list(job.sounds))
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What is wrong with the video of a job, and what the user should know about it; both empty if there is nothing."""

    problem: str = ""
    remarks: str = ""


def extract(settings: Extract, stale: Sequence[tuple[Job, str]]) -> Outcome:
    """Make shards from one reading.

    If the video cannot be read, their old ones are removed, since they were made from something else.

    Parameters
    ----------
    settings : Extract
        The parameters of extraction.
    stale : sequence of (Job, str)
        The shards to make, which have the same `Job.reading`, and their keys.
    """
    job, _ = stale[0]
    try:
        opened = recording.probe(job.video, job.sounds)
        if job.end is None and opened.duration > MAX_SECONDS:
            raise UserError(
                f"{job.video}: lasts {opened.duration:.0f} s, and a clip at most {MAX_SECONDS:.0f} s; move it into "
                "vods/ and label stretches of it, or cut it"
            )
        moments = features.read_moments(opened, job.facecam, settings, job.read_start, job.read_end)
        remark = "; ".join(remarks(opened))
    except UserError as error:
        for job, _ in stale:
            files.remove(job.shard)
        return Outcome(problem=str(error))
    for job, key in stale:
        end = math.inf if job.end is None else job.end
        with_frames = slice(*shards.between(moments.times, job.start, end))
        shards.write(job.shard, moments, with_frames, opened.duration, key)
    return Outcome(remarks=remark)
