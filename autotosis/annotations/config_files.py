"""The files in data/config: what each stage depends on besides videos, models and other stages' results.

The stage `configure` writes them, and DVC compares them, so a row of facecams.csv, an edit, a link or a song affects
only the VODs that use it. Stages of VODs use what was written.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from autotosis.annotations import configuration, labels
from autotosis.annotations.configuration import VodConfig
from autotosis.project import files
from autotosis.project.errors import UserError
from autotosis.project.params import PARAMS_FILE, Params

FOLDER = Path("data/config")
# DVC sets this variable in the environment of the stages that it runs.
DVC_STAGE = "DVC_STAGE"
# The stages that run once for all videos and that depend on some of params.yaml.
STAGES = ("extract_frames", "extract_excerpts", "train", "compile")
# The keys of files in a configuration, besides videos and replays.
NAMED_FILES = ("edits", "markers", "chat", "music", "font")
# The code that each stage of a VOD runs, besides `project`, which must not affect any output.
CODE = {
    "find_facecams": (
        "stages/find_facecams.py",
        "annotations",
        "video",
        "pictures",
        "signals/blazeface.py",
        "signals/networks.py",
        "camera",
    ),
    "predict": ("stages/predict.py", "annotations", "video", "signals", "model", "scan"),
    "select": ("stages/select.py", "annotations", "video", "scan/timeline.py", "cuts"),
    "render": ("stages/render.py", "annotations", "video", "pictures", "scan/timeline.py", "cuts", "reel"),
}
# What to do if a file or code has changed. DVC may not run `configure` again by itself: if the change came just after
# `configure` had ended, while DVC was still reading files, DVC takes it for one that `configure` has seen.
FORCED = "run `dvc repro --force --single-item configure`, then `dvc repro`"

Config = TypeVar("Config", bound=VodConfig)


def describe_all(settings: Params) -> dict[Path, dict[str, Any]]:
    """Describe what each stage of each VOD, and each stage for all videos, depends on, by its file in FOLDER.

    UserError as in `for_predict`.
    """
    described = {Path(f"{stage}.json"): describe_stage(stage, settings) for stage in STAGES}
    for stage in configuration.STAGES:
        code = {place: _code_digest(place) for place in CODE[stage]}
        for name in settings.vods:
            described[Path(stage) / f"{name}.json"] = describe(stage, settings, name) | {"code": code}
    return described


def check_described(described: dict[Path, dict[str, Any]], settings: Params) -> None:
    """Raise a UserError if a file or code has changed since `describe_all` described it.

    DVC looks at them only when `configure` has ended, and would take the change for one that was described.
    """
    for path, now in describe_all(settings).items():
        if now != described[path]:
            changed = dict(_digests(described[path]).items() ^ _digests(now).items())
            named = min(changed, default=settings.folder / "vods")
            raise UserError(f"{named}: was changed while it was being used; run the same command again")


def _digests(description: dict[str, Any]) -> dict[Path, str]:
    """Return the hash of each file, and of all code, in what `describe_all` says of a stage."""
    code = {_code_path(place): digest for place, digest in description.get("code", {}).items()}
    return {Path(name): digest for name, digest in description.get("files", {}).items()} | code


def describe(stage: str, settings: Params, name: str) -> dict[str, Any]:
    """Describe a stage's configuration in types of JSON, with hashes of the files that it names."""
    config = configuration.STAGES[stage](settings, name)
    named = [path for path in (getattr(config, key, None) for key in NAMED_FILES) if path]
    named += [path for path, _ in getattr(config, "replays", [])]
    unused = {"extract": {"decoder"}, "render": settings.render.unused(), "audio": settings.audio.unused()}
    return {
        "configuration": config.model_dump(mode="json", exclude=unused),
        "files": {path.as_posix(): files.digest(path) for path in named},
    }


def describe_stage(stage: str, settings: Params) -> dict[str, Any]:
    """Describe, in types of JSON, what one of STAGES depends on in params.yaml; UserError as in `for_predict`."""
    extract = settings.extract.signal_params()
    match stage:
        case "extract_frames":
            return {"extract": extract, "judged": configuration.judged_tracks(settings, "clips/")}
        case "extract_excerpts":
            return {"extract": extract, "judged": configuration.judged_tracks(settings, "vods/")}
        case "train":
            used = settings.train.used(labels.count_clips(settings.folder))
            return {**used, "extract": extract, "clips": settings.dataset.clips, "margin": settings.dataset.margin}
        case _:
            # DVC compares `vods` without regard to its order, in which the reel of all VODs shows them.
            return {"vods": list(settings.vods)}


def recorded(stage: str, present: Config, reads_files: bool = True) -> Config:
    """Return the configuration of a stage of a VOD to use: where DVC runs the stage, what `configure` wrote.

    What `describe` leaves out, because it affects no result, is taken from now.

    Parameters
    ----------
    stage : str
        The stage.
    present : Config
        Its configuration now, from `for_predict` and the like. It is returned if DVC does not run the stage.
    reads_files : bool
        Whether the files that the configuration names are read.

    Raises
    ------
    UserError
        If the code, or a file that is read, has changed since or was removed.
    """
    if DVC_STAGE not in os.environ:
        return present
    # DVC records that file. It would never notice what only the stage has seen, such as a parameter that is set back.
    described = json.loads((FOLDER / stage / f"{present.name}.json").read_text())
    values = present.model_dump(mode="json")
    for key, value in described["configuration"].items():
        values[key] = values[key] | value if isinstance(value, dict) and isinstance(values[key], dict) else value
    for named, digest in described["files"].items() if reads_files else ():
        if not Path(named).exists() or files.digest(Path(named)) != digest:
            raise _changed(named, FORCED)
    for place, digest in described["code"].items():
        if _code_digest(place) != digest:
            raise _changed(_code_path(place), FORCED)
    return type(present).model_validate_json(json.dumps(values))


def vods_of(settings: Params) -> list[str]:
    """List the VODs of params.yaml; where DVC runs a stage, those that `configure` described, in their order then.

    UserError if params.yaml no longer names one of them.
    """
    if DVC_STAGE not in os.environ:
        return list(settings.vods)
    described: list[str] = json.loads((FOLDER / "compile.json").read_text())["vods"]
    for name in described:
        settings.vod(name)
    return described


def check_recorded(stage: str, settings: Params) -> None:
    """Raise a UserError if DVC runs a stage for all videos, and its parameters have changed since `configure` ran."""
    if DVC_STAGE in os.environ:
        described = json.loads((FOLDER / f"{stage}.json").read_text())
        if described != json.loads(json.dumps(describe_stage(stage, settings))):
            # The number of labelled clips decides which parameters of `train` have an effect.
            tables = f" or {settings.folder / 'labels.csv'}" if stage == "train" else ""
            raise _changed(f"{PARAMS_FILE}{tables}", "run `dvc repro` again")


def _code_path(place: str) -> Path:
    return Path(place) if place.startswith("stages/") else Path("autotosis") / place


def _code_digest(place: str) -> str:
    path = _code_path(place)
    sources: Iterable[Path] = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return hashlib.sha256("".join(files.digest(source) for source in sources).encode()).hexdigest()


def _changed(source: str | Path, remedy: str) -> UserError:
    return UserError(f"{source}: has changed since `configure` ran; {remedy}")
