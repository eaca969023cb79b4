"""Make the sample: clips and a VOD of a procedural streamer, as no real footage can be shipped."""

import shutil
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import yaml

from data.sample.script import DISTRACTORS, Script, clip_script, generator, vod_script
from data.sample.video import KEYFRAME_SECONDS, Job, camera_box, join, make
from stages.lib import errors, files, workers
from stages.lib.errors import UserError

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


def main(folder: str) -> None:
    """Write clips/, vods/ and the tables of labels, camera places and groups into a folder.

    Parameters
    ----------
    folder : str
        It holds params.yaml.
    """
    root = Path(folder)
    params = read_params(root / "params.yaml")
    clips = list(plan_clips(params))
    frames = round(params["vod_minutes"] * 60 * params["fps"])
    vod = vod_script(VOD, "vod", params["seed"], frames / params["fps"])
    with files.replacing(root / "clips") as clip_folder, files.replacing(root / "vods") as vod_folder:
        pieces_folder = vod_folder / "pieces"
        for made in (clip_folder, pieces_folder):
            made.mkdir(parents=True)
        sound = pieces_folder / "sound.mp4"
        pieces = list(plan_pieces(vod, pieces_folder, frames, params))
        jobs = [_job("sound", vod, sound, params["vod_size"], params), *pieces]
        jobs += [_job("clip", clip, clip_folder / Path(clip.name).name, params["clip_size"], params) for clip in clips]
        for _ in workers.map(make, jobs, "making the sample", "parts"):
            pass
        join([piece.target for piece in pieces], sound, pieces_folder / "joined.mp4")
        (pieces_folder / "joined.mp4").rename(vod_folder / Path(VOD).name)
        shutil.rmtree(pieces_folder)
    write_tables(root, clips, vod, params)


def read_params(path: Path) -> dict:
    """Read and check params.yaml.

    Returns
    -------
    dict
        `seed`, `clips` and `fps` (int), `vod_minutes` (float), `clip_seconds` (two floats), `clip_size` and
        `vod_size` (two ints).

    Raises
    ------
    UserError
        If a key is unknown, missing or has a value that cannot be used.
    """
    try:
        params = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise UserError(f"{path}: this is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(params, dict):
        raise UserError(f"{path}: this must be a list of names with values, such as `seed: 1`")
    checks = {
        "seed": (lambda value: _whole(value, 0), "a whole number, 0 or more"),
        "clips": (lambda value: _whole(value, 1), "a whole number, 1 or more"),
        "fps": (lambda value: _whole(value, 1) and value <= 120, "a whole number from 1 to 120"),
        "vod_minutes": (lambda value: _number(value) and value >= 0.2, "a number, 0.2 or more"),
        "clip_seconds": (
            lambda value: _pair(value, _number) and 2 <= value[0] <= value[1],
            "the shortest and the longest in seconds, 2 or more, such as [4, 12]",
        ),
        "clip_size": (_size, "an even width and height, 64 pixels or more, such as [640, 360]"),
        "vod_size": (_size, "an even width and height, 64 pixels or more, such as [1280, 720]"),
    }
    for key in params:
        if key not in checks:
            raise UserError(f"{path}: there is no parameter named {key!r}; there are {', '.join(checks)}")
    for key, (check, wanted) in checks.items():
        if key not in params:
            raise UserError(f"{path}: {key} is missing; it must be {wanted}")
        if not check(params[key]):
            raise UserError(f"{path}: {key} is {params[key]!r}, but must be {wanted}")
    return params


def plan_clips(params: dict) -> Iterator[Script]:
    """Plan every clip: two thirds hold an outburst, and every distractor is in several."""
    for number in range(params["clips"]):
        name = f"c{number + 1:02d}"
        chance = generator(params["seed"], f"{name}/length")
        frames = round(chance.uniform(*params["clip_seconds"]) * params["fps"])
        first = number % len(DISTRACTORS)
        # The second one goes on by one more in every round, so that the pairs differ.
        second = (first + 1 + number // len(DISTRACTORS) % 5) % len(DISTRACTORS)
        yield clip_script(
            f"clips/{name}.mp4",
            GROUPS.get(name, name),
            params["seed"],
            frames / params["fps"],
            # Without the shift by rounds, the same kinds would always be in calm clips.
            (number + number // len(DISTRACTORS)) % 3 != 1,
            [DISTRACTORS[first], DISTRACTORS[second]],
        )


def plan_pieces(vod: Script, folder: Path, frames: int, params: dict) -> Iterator[Job]:
    """Cut the work on the VOD's picture into jobs, at keyframes."""
    step = PIECE_SECONDS // KEYFRAME_SECONDS * KEYFRAME_SECONDS * params["fps"]
    for number, first in enumerate(range(0, frames, step)):
        target = folder / f"piece{number:03d}.mp4"
        yield _job("picture", vod, target, params["vod_size"], params, first, min(frames, first + step))


def _job(
    content: str,
    script: Script,
    target: Path,
    size: list[int],
    params: dict,
    first: int = 0,
    end: int | None = None,
) -> Job:
    camera = camera_box(tuple(size), CORNERS.get(Path(script.name).stem, USUAL_CORNER))
    end = round(script.duration * params["fps"]) if end is None else end
    return Job(content, script, target, tuple(size), params["fps"], camera, first, end)


def write_tables(root: Path, clips: list[Script], vod: Script, params: dict) -> None:
    """Write labels.csv, holdout.csv, facecams.csv and groups.csv."""
    header = ("video", "start", "end", "label")
    files.write_csv(root / "labels.csv", header, [row for clip in clips for row in rough_labels(clip)])
    truth = [(VOD, f"{event.start:.2f}", f"{event.end:.2f}", 1) for event in vod.of_kind("rage")]
    files.write_csv(root / "holdout.csv", header, truth)
    files.write_csv(root / "facecams.csv", ("video", "x0", "y0", "x1", "y1"), _camera_rows(clips, params))
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


def _camera_rows(clips: list[Script], params: dict) -> Iterator[tuple[str, ...]]:
    places = [("clips/*.mp4", "clip_size", USUAL_CORNER), ("vods/*.mp4", "vod_size", USUAL_CORNER)]
    places += [(f"clips/{name}.mp4", "clip_size", corner) for name, corner in CORNERS.items()]
    for pattern, size, corner in places:
        if any(fnmatch(name, pattern) for name in [VOD, *(clip.name for clip in clips)]):
            pixels = camera_box(tuple(params[size]), corner)
            width_height = np.array(params[size] * 2)
            yield pattern, *(f"{part:.6g}" for part in np.array(pixels) / width_height)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _pair(value: object, check) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(check(part) for part in value)


def _size(value: object) -> bool:
    return _pair(value, lambda part: _whole(part, 64) and part % 2 == 0)


if __name__ == "__main__":
    errors.run(main, __doc__, folder="the folder to fill, which holds params.yaml")
