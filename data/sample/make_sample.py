"""Make the sample: clips and VODs of a procedural streamer, as no real footage can be shipped."""

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field

from autotosis.project import command_line, files, params_file, workers
from autotosis.project.section import Section
from data.sample.script import DISTRACTORS, PARTY, Script, clip_script, generator, vod_script
from data.sample.video import Job, camera_box, join, make

# A multiple of KEYFRAME_SECONDS, since pieces begin at keyframes.
PIECE_SECONDS = 20
DEMO = "vods/demo.mp4"
# A harder VOD, with acts that no clip shows.
EVENING = "vods/evening.mp4"
# Clips 3 and 8, 5 and 6, and so on were recorded in one session.
GROUPS = {
    "c03": "monday",
    "c08": "monday",
    "c05": "friday",
    "c06": "friday",
    "c12": "sunday",
    "c20": "sunday",
}
CORNERS = {"c04": "top right", "c15": "bottom right", "c16": "bottom right", "c27": "top right"}
USUAL_CORNER = "bottom left"
UNLABELLED = "c02"

# Shorter VODs have no room for their outbursts (minutes).
SHORTEST_VOD = 0.2


def _none_or_long_enough(minutes: float) -> float:
    if 0 < minutes < SHORTEST_VOD:
        raise ValueError(f"it must be 0 (for none) or at least {SHORTEST_VOD}")
    return minutes


Size = Annotated[list[Annotated[int, Field(ge=64, multiple_of=2)]], Field(min_length=2, max_length=2)]


class Sample(Section):
    """What params.yaml holds, in seconds, minutes, pixels and Hz."""

    seed: Annotated[int, Field(ge=0)]
    clips: Annotated[int, Field(ge=1)]
    clip_seconds: Annotated[list[Annotated[float, Field(ge=2)]], Field(min_length=2, max_length=2)]
    clip_size: Size
    vod_minutes: Annotated[float, Field(ge=SHORTEST_VOD)]
    evening_minutes: Annotated[float, Field(ge=0), AfterValidator(_none_or_long_enough)]
    vod_size: Size
    fps: Annotated[int, Field(ge=1, le=120)]


def main(folder: str) -> None:
    """Write clips/ and vods/ into a folder, and the tables that it lacks: labels, holdout, face cameras and groups.

    Parameters
    ----------
    folder : str
        It holds params.yaml.
    """
    root = Path(folder)
    sample = params_file.load(Sample, root / "params.yaml")
    clips = list(plan_clips(sample))
    vods = list(plan_vods(sample))
    made = root / ".partial-sample"
    files.remove(made)
    targets = [made / vod.name for vod in vods]
    pieces = [list(plan_pieces(*planned, sample)) for planned in zip(vods, targets, strict=True)]
    for folder_made in (made / "clips", *(target.with_suffix("") for target in targets)):
        folder_made.mkdir(parents=True)
    jobs = [job for of_vod in pieces for job in of_vod]
    jobs += [_job("clip", clip, made / clip.name, sample.clip_size, sample) for clip in clips]
    workers.run_all(make, jobs, "making the sample", "parts")
    for target, (sound, *pictures) in zip(targets, pieces, strict=True):
        join([picture.target for picture in pictures], sound.target, target)
    # File by file, because the user may have put others beside them.
    for script in (*clips, *vods):
        (root / script.name).parent.mkdir(exist_ok=True)
        (made / script.name).replace(root / script.name)
    files.remove(made)
    write_tables(root, clips, vods, sample)


def plan_clips(sample: Sample) -> Iterator[Script]:
    """Plan every clip: two thirds hold an outburst, and every distractor is in several."""
    for number in range(sample.clips):
        name = f"c{number + 1:02d}"
        rng = generator(sample.seed, f"{name}/length")
        frames = round(rng.uniform(*sample.clip_seconds) * sample.fps)
        first = number % len(DISTRACTORS)
        # In every round of six clips, the second moves on by one, so that the pairs differ.
        second = (first + 1 + number // len(DISTRACTORS) % 5) % len(DISTRACTORS)
        yield clip_script(
            f"clips/{name}.mp4",
            GROUPS.get(name, name),
            sample.seed,
            frames / sample.fps,
            # Without the shift by rounds, the same kinds would always be in calm clips.
            (number + number // len(DISTRACTORS)) % 3 != 1,
            [DISTRACTORS[first], DISTRACTORS[second]],
        )


def plan_vods(sample: Sample) -> Iterator[Script]:
    """Plan the demo's VOD and, unless it is to last no time, the evening."""
    frames = round(sample.vod_minutes * 60 * sample.fps)
    yield vod_script(DEMO, "vod", sample.seed, frames / sample.fps)
    frames = round(sample.evening_minutes * 60 * sample.fps)
    if frames:
        acts = (*PARTY, *PARTY, *DISTRACTORS[:3])
        yield vod_script(EVENING, Path(EVENING).stem, sample.seed, frames / sample.fps, 3, acts)


def plan_pieces(vod: Script, target: Path, sample: Sample) -> Iterator[Job]:
    """Cut the work on a VOD into jobs: its sound, and its picture in pieces that begin at keyframes."""
    folder, frames = target.with_suffix(""), round(vod.duration * sample.fps)
    yield _job("sound", vod, folder / "sound.mp4", sample.vod_size, sample)
    step = PIECE_SECONDS * sample.fps
    for number, first in enumerate(range(0, frames, step)):
        piece = folder / f"piece{number:03d}.mp4"
        yield _job("picture", vod, piece, sample.vod_size, sample, first, min(frames, first + step))


def _job(
    content: str,
    script: Script,
    target: Path,
    size: list[int],
    sample: Sample,
    first: int = 0,
    end: int | None = None,
) -> Job:
    camera = camera_box(tuple(size), CORNERS.get(Path(script.name).stem, USUAL_CORNER))
    end = round(script.duration * sample.fps) if end is None else end
    return Job(content, script, target, tuple(size), sample.fps, camera, first, end)


def write_tables(root: Path, clips: list[Script], vods: list[Script], sample: Sample) -> None:
    """Write labels.csv, holdout.csv, facecams.csv and groups.csv, unless they exist: the user may have changed them."""
    header = ("video", "start", "end", "label")
    truth = [(vod.name, f"{event.start:.2f}", f"{event.end:.2f}", 1) for vod in vods for event in vod.of_kind("rage")]
    tables = {
        "labels.csv": (header, [row for clip in clips for row in rough_labels(clip)]),
        "holdout.csv": (header, truth),
        "facecams.csv": (("video", "x0", "y0", "x1", "y1"), _camera_rows(clips, sample)),
        "groups.csv": (("video", "group"), [(c.name, c.session) for c in clips if c.session in GROUPS.values()]),
    }
    for name, (columns, rows) in tables.items():
        table, new = root / name, root / f".partial-{name}"
        files.write_csv(new, columns, rows)
        if not table.exists():
            new.replace(table)
        elif table.read_bytes() != new.read_bytes():
            print(
                f"{table}: differs from what this sample would write, so it stays as it is; if you have not changed "
                f"it, it does not fit the videos: delete it and run python -m data.sample.make_sample {root}"
            )
        files.remove(new)


def rough_labels(clip: Script) -> list[tuple[str, str, str, int]]:
    """Label a clip as roughly as a person: edges off by up to 0.3 s, calm clips whole, one not at all."""
    if Path(clip.name).stem == UNLABELLED:
        return []
    rng = generator(clip.seed, f"{clip.name}/labels")
    last = np.floor(clip.duration * 10) / 10
    rows = []
    for event in clip.of_kind("rage"):
        edges = np.array([event.start, event.end]) + rng.uniform(-0.3, 0.3, 2)
        start, end = np.clip(edges.round(1), 0, last)
        rows.append((clip.name, f"{start:.1f}", f"{end:.1f}", 1))
    return rows or [(clip.name, "", "", 0)]


def _camera_rows(clips: list[Script], sample: Sample) -> Iterator[tuple[str, ...]]:
    places = [("clips/*.mp4", sample.clip_size, USUAL_CORNER), ("vods/*.mp4", sample.vod_size, USUAL_CORNER)]
    places += [(f"clips/{name}.mp4", sample.clip_size, corner) for name, corner in CORNERS.items()]
    for pattern, size, corner in places:
        if any(fnmatch(name, pattern) for name in [DEMO, *(clip.name for clip in clips)]):
            sides = np.array(camera_box(tuple(size), corner)) / (size * 2)
            yield pattern, *(f"{side:.6g}" for side in sides)


if __name__ == "__main__":
    command_line.run(main, __doc__, folder="the folder to fill, which holds params.yaml")
