"""Make the sample: clips and a VOD of a procedural streamer, as no real footage can be shipped."""

import shutil
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from autotosis.project import command_line, files, params_file, workers
from autotosis.project.section import Section
from data.sample.script import DISTRACTORS, Script, clip_script, generator, vod_script
from data.sample.video import KEYFRAME_SECONDS, Job, camera_box, join, make

PIECE_SECONDS = 20
VOD = "vods/demo.mp4"
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

Size = Annotated[list[Annotated[int, Field(ge=64, multiple_of=2)]], Field(min_length=2, max_length=2)]


class Sample(Section):
    """What params.yaml holds, in seconds, minutes, pixels and Hz."""

    seed: Annotated[int, Field(ge=0)]
    clips: Annotated[int, Field(ge=1)]
    clip_seconds: Annotated[list[Annotated[float, Field(ge=2)]], Field(min_length=2, max_length=2)]
    clip_size: Size
    vod_minutes: Annotated[float, Field(ge=0.2)]
    vod_size: Size
    fps: Annotated[int, Field(ge=1, le=120)]


def main(folder: str) -> None:
    """Write clips/, vods/ and the tables of labels, camera places and groups into a folder.

    Parameters
    ----------
    folder : str
        It holds params.yaml.
    """
    root = Path(folder)
    sample = params_file.load(Sample, root / "params.yaml")
    clips = list(plan_clips(sample))
    frames = round(sample.vod_minutes * 60 * sample.fps)
    vod = vod_script(VOD, "vod", sample.seed, frames / sample.fps)
    with files.replacing(root / "clips") as clip_folder, files.replacing(root / "vods") as vod_folder:
        pieces_folder = vod_folder / "pieces"
        for made in (clip_folder, pieces_folder):
            made.mkdir(parents=True)
        sound = pieces_folder / "sound.mp4"
        pieces = list(plan_pieces(vod, pieces_folder, frames, sample))
        jobs = [_job("sound", vod, sound, sample.vod_size, sample), *pieces]
        jobs += [_job("clip", clip, clip_folder / Path(clip.name).name, sample.clip_size, sample) for clip in clips]
        workers.run_all(make, jobs, "making the sample", "parts")
        join([piece.target for piece in pieces], sound, pieces_folder / "joined.mp4")
        (pieces_folder / "joined.mp4").rename(vod_folder / Path(VOD).name)
        shutil.rmtree(pieces_folder)
    write_tables(root, clips, vod, sample)


def plan_clips(sample: Sample) -> Iterator[Script]:
    """Plan every clip: two thirds hold an outburst, and every distractor is in several."""
    for number in range(sample.clips):
        name = f"c{number + 1:02d}"
        chance = generator(sample.seed, f"{name}/length")
        frames = round(chance.uniform(*sample.clip_seconds) * sample.fps)
        first = number % len(DISTRACTORS)
        # The second one goes on by one more in every round, so that the pairs differ.
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


def plan_pieces(vod: Script, folder: Path, frames: int, sample: Sample) -> Iterator[Job]:
    """Cut the work on the VOD's picture into jobs, at keyframes."""
    step = PIECE_SECONDS // KEYFRAME_SECONDS * KEYFRAME_SECONDS * sample.fps
    for number, first in enumerate(range(0, frames, step)):
        target = folder / f"piece{number:03d}.mp4"
        yield _job("picture", vod, target, sample.vod_size, sample, first, min(frames, first + step))


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


def write_tables(root: Path, clips: list[Script], vod: Script, sample: Sample) -> None:
    """Write labels.csv, holdout.csv, facecams.csv and groups.csv."""
    header = ("video", "start", "end", "label")
    files.write_csv(root / "labels.csv", header, [row for clip in clips for row in rough_labels(clip)])
    truth = [(VOD, f"{event.start:.2f}", f"{event.end:.2f}", 1) for event in vod.of_kind("rage")]
    files.write_csv(root / "holdout.csv", header, truth)
    files.write_csv(root / "facecams.csv", ("video", "x0", "y0", "x1", "y1"), _camera_rows(clips, sample))
    groups = [(clip.name, clip.session) for clip in clips if clip.session in GROUPS.values()]
    files.write_csv(root / "groups.csv", ("video", "group"), groups)


def rough_labels(clip: Script) -> list[tuple[str, str, str, int]]:
    """Label a clip as roughly as a person: edges off by up to 0.3 s, calm clips whole, one not at all."""
    if Path(clip.name).stem == UNLABELLED:
        return []
    chance = generator(clip.seed, f"{clip.name}/labels")
    last = np.floor(clip.duration * 10) / 10
    rows = []
    for event in clip.of_kind("rage"):
        edges = np.array([event.start, event.end]) + chance.uniform(-0.3, 0.3, 2)
        start, end = np.clip(edges.round(1), 0, last)
        rows.append((clip.name, f"{start:.1f}", f"{end:.1f}", 1))
    return rows or [(clip.name, "", "", 0)]


def _camera_rows(clips: list[Script], sample: Sample) -> Iterator[tuple[str, ...]]:
    places = [("clips/*.mp4", "clip_size", USUAL_CORNER), ("vods/*.mp4", "vod_size", USUAL_CORNER)]
    places += [(f"clips/{name}.mp4", "clip_size", corner) for name, corner in CORNERS.items()]
    for pattern, size, corner in places:
        if any(fnmatch(name, pattern) for name in [VOD, *(clip.name for clip in clips)]):
            pixels = camera_box(tuple(getattr(sample, size)), corner)
            width_height = np.array(getattr(sample, size) * 2)
            yield pattern, *(f"{part:.6g}" for part in np.array(pixels) / width_height)


if __name__ == "__main__":
    command_line.run(main, __doc__, folder="the folder to fill, which holds params.yaml")
