"""The configuration of each stage of each VOD: what it depends on besides videos, models and other stages' results.

A stage sees nothing else of params.yaml and the tables. The stage `configure` writes the same into a file for each
stage and VOD. DVC compares these files, so a row of facecams.csv, an edit, a link or a song affects only the VODs that
use it.
"""

import hashlib
import itertools
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from autotosis.annotations import beside, facecams, labels, sources
from autotosis.annotations.facecams import Box
from autotosis.project import files, tables
from autotosis.project.errors import UserError
from autotosis.project.params import PARAMS_FILE, Audio, Extract, Params, Predict, Render, Select
from autotosis.project.section import Section

FOLDER = Path("data/config")
# DVC sets this variable in the environment of the stages that it runs.
DVC_STAGE = "DVC_STAGE"
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
    "select": ("stages/select.py", "annotations", "video", "model/model_file.py", "scan/timeline.py", "cuts"),
    "render": ("stages/render.py", "annotations", "video", "pictures", "scan/timeline.py", "cuts", "reel"),
}


class FacecamConfig(Section):
    """What the search for the face camera of a VOD depends on. `facecam` is where facecams.csv says that it is, or None
    if it has no row, here and in what follows."""

    name: str
    video: Path
    facecam: Box | None


class PredictConfig(Section):
    """What the scan of a VOD depends on. `sounds` has the number of the sound track that is judged, as
    `recording.probe` takes it. `chat` is the path of its chat, or None."""

    name: str
    video: Path
    sounds: list[int]
    facecam: Box | None
    chat: Path | None
    extract: Extract
    predict: Predict


class SelectConfig(Section):
    """What the cut list of a VOD depends on.

    `edits` is the path of the user's own cut list, or None. `judged` are the rows of labels.csv that are about the VOD:
    start and end in seconds, where None is the end of the VOD, and whether it is a highlight. `markers` is the path of
    its stream markers, or None. `replays` are the replays that may be of it, and when each ends in it, in seconds.
    """

    name: str
    video: Path
    sounds: list[int]
    facecam: Box | None
    edits: Path | None
    judged: list[tuple[float, float | None, bool]]
    markers: Path | None
    replays: list[tuple[Path, float]]
    select: Select


class RenderConfig(Section):
    """What the reel of a VOD depends on. `sounds` are the tracks that are heard, `url` is its web address, or None.

    `invert` tells whether it shows the calmest moments.
    """

    name: str
    video: Path
    sounds: list[int]
    facecam: Box | None
    url: str | None
    label: str
    invert: bool
    render: Render
    audio: Audio
    music: Path | None
    font: Path | None


Config = TypeVar("Config", FacecamConfig, PredictConfig, SelectConfig, RenderConfig)


def for_find_facecams(settings: Params, name: str) -> FacecamConfig:
    """Collect what `find_facecams` depends on for the VOD of this name; UserError as in `for_predict`."""
    return FacecamConfig(name=name, video=settings.vod(name), facecam=_facecam(settings, name))


def for_predict(settings: Params, name: str) -> PredictConfig:
    """Collect what `predict` depends on for the VOD of this name; UserError for errors in params.yaml or a table."""
    return PredictConfig(
        name=name,
        video=settings.vod(name),
        sounds=settings.tracks_of(settings.vods[name]).judged,
        facecam=_facecam(settings, name),
        chat=beside.chat(settings.vod(name)),
        extract=settings.extract,
        predict=settings.predict,
    )


def for_select(settings: Params, name: str) -> SelectConfig:
    """Collect what `select` depends on for the VOD of this name; UserError as in `for_predict`."""
    edits = settings.folder / "edits" / f"{name}.csv"
    files.check_regular(edits)
    uses_marks = settings.select.marks != "ignore"
    judged = labels.read_labels(settings.folder / "labels.csv", there=False).get(settings.vods[name], [])
    return SelectConfig(
        name=name,
        video=settings.vod(name),
        sounds=settings.tracks_of(settings.vods[name]).judged,
        facecam=_facecam(settings, name),
        edits=edits if edits.exists() else None,
        judged=[(label.start, label.end, label.highlight) for label in judged],
        markers=beside.existing(settings.vod(name), beside.MARKERS) if uses_marks else None,
        replays=beside.replays(settings.vod(name)) if uses_marks else [],
        select=settings.select,
    )


def for_render(settings: Params, name: str) -> RenderConfig:
    """Collect what `render` depends on for the VOD of this name; UserError as in `for_predict`."""
    render, audio = settings.render, settings.audio
    return RenderConfig(
        name=name,
        video=settings.vod(name),
        sounds=settings.tracks_of(settings.vods[name]).heard,
        facecam=_facecam(settings, name),
        url=settings.urls.get(name) or sources.page_of(settings.folder, settings.vods[name]),
        label=settings.label,
        invert=settings.select.invert,
        render=render,
        audio=audio,
        music=_existing(settings.folder, audio.music, "audio.music"),
        font=_existing(settings.folder, render.style.font, "render.style.font"),
    )


STAGES: dict[str, Callable[[Params, str], FacecamConfig | PredictConfig | SelectConfig | RenderConfig]] = {
    "find_facecams": for_find_facecams,
    "predict": for_predict,
    "select": for_select,
    "render": for_render,
}


def describe(stage: str, settings: Params, name: str) -> dict[str, object]:
    """Describe a stage's configuration in types of JSON, with hashes of its code and of the files that it names."""
    config = STAGES[stage](settings, name)
    named = [path for path in (getattr(config, key, None) for key in NAMED_FILES) if path]
    named += [path for path, _ in getattr(config, "replays", [])]
    return {
        "configuration": config.model_dump(mode="json", exclude={"extract": {"decoder"}}),
        "files": {path.as_posix(): files.digest(path) for path in named},
        "code": {place: _code_digest(place) for place in CODE[stage]},
    }


def describe_all(settings: Params) -> dict[str, dict[str, object]]:
    """Describe, in types of JSON, what each stage that runs once for all videos depends on in params.yaml.

    UserError as in `for_predict`.
    """
    extract = settings.extract.seen()
    used = settings.train.used(labels.count_clips(settings.folder))
    return {
        "extract_frames": {"extract": extract, "judged": judged_tracks(settings, "clips/")},
        "extract_excerpts": {"extract": extract, "judged": judged_tracks(settings, "vods/")},
        "train": {**used, "extract": extract, "clips": settings.dataset.clips},
        # DVC compares `vods` without regard to its order, in which the reel of all VODs shows them.
        "compile": {"vods": list(settings.vods)},
    }


def recorded(stage: str, present: Config) -> Config:
    """Return the configuration of a stage of a VOD to use: where DVC runs the stage, what `configure` wrote.

    Parameters
    ----------
    stage : str
        The stage.
    present : Config
        Its configuration now, from `for_predict` and the like. It is returned if DVC does not run the stage.

    Raises
    ------
    UserError
        If the code, or a file that the configuration names, was changed since.
    """
    if DVC_STAGE not in os.environ:
        return present
    # DVC records that file. It would never notice what only the stage has seen, such as a parameter that is set back.
    described = json.loads((FOLDER / stage / f"{present.name}.json").read_text())
    values = present.model_dump(mode="json")
    for key, value in described["configuration"].items():
        # What affects no result is not described.
        values[key] = values[key] | value if isinstance(value, dict) and isinstance(values[key], dict) else value
    for named, digest in described["files"].items():
        if files.digest(Path(named)) != digest:
            raise UserError(f"{named}: was changed since `configure` ran; run `dvc repro` again")
    for place, digest in described["code"].items():
        if _code_digest(place) != digest:
            raise UserError(f"{_code_path(place)}: was changed since `configure` ran; run `dvc repro` again")
    return type(present).model_validate_json(json.dumps(values))


def vods_of(stage: str, settings: Params) -> list[str]:
    """List the VODs of params.yaml; where DVC runs a stage, without those that were added since `configure` ran."""
    return [name for name in settings.vods if DVC_STAGE not in os.environ or (FOLDER / stage / f"{name}.json").exists()]


def check_recorded(stage: str, settings: Params) -> None:
    """Raise a UserError if DVC runs a stage for all videos, and its parameters were changed since `configure` ran."""
    if DVC_STAGE in os.environ:
        described = json.loads((FOLDER / f"{stage}.json").read_text())
        if described != json.loads(json.dumps(describe_all(settings)[stage])):
            raise UserError(f"{PARAMS_FILE}: was changed since `configure` ran; run `dvc repro` again")


def judged_tracks(settings: Params, folder: str) -> list[tuple[str, int | None]]:
    """List the patterns that may fit videos in clips/ or vods/ and the sound track that is judged in each.

    The last one that fits a video counts. Leading entries that name no track are left out, because they change nothing.
    """
    other = {"clips/": "vods/", "vods/": "clips/"}[folder]
    named = [(settings.vods.get(key, key), own.judge) for key, own in settings.tracks.items()]
    fitting = ((pattern, judge) for pattern, judge in named if not pattern.startswith(other))
    return list(itertools.dropwhile(lambda pair: pair[1] is None, fitting))


def vods(settings: Params) -> list[str]:
    """List the VODs of params.yaml and all else in vods/, but not the parts of those VODs, named as in `vods/a.mp4`."""
    # A VOD in parts is named by its folder, not by its files.
    folders = [settings.folder / vod for vod in settings.vods.values()]
    others = [path for path in (settings.folder / "vods").rglob("*") if path.parent not in folders]
    return [*(path.relative_to(settings.folder).as_posix() for path in others), *settings.vods.values()]


def linked_folders(settings: Params) -> list[Path]:
    """List the links inside vods/ to folders in which VODs lie; DVC does not see what is added beside VODs there."""
    top = settings.folder / "vods"
    above = {folder for name in settings.vods for folder in settings.vod(name).parents if top in folder.parents}
    return sorted(folder for folder in above if folder.is_symlink())


def unmatched_tracks(settings: Params) -> list[str]:
    """List the keys in `tracks` that are patterns and fit no file in clips/ or vods/."""
    videos = [*vods(settings), *(f"clips/{path.name}" for path in (settings.folder / "clips").glob("*"))]
    # Any other key is the name of a VOD, whose recording may be gone.
    patterns = [key for key in settings.tracks if set(key) & set("/*")]
    return sorted(key for key in patterns if not any(tables.fits(key, video) for video in videos))


def unused_edits(settings: Params) -> list[Path]:
    """List the files in edits/ that belong to no VOD of params.yaml; most likely their names are misspelt."""
    known = {f"{name}.csv" for name in settings.vods}
    return sorted(path for path in (settings.folder / "edits").glob("[!.]*") if path.name not in known)


def _facecam(settings: Params, name: str) -> Box | None:
    return facecams.read_boxes(settings.folder / "facecams.csv").of(settings.vods[name])


def _existing(folder: Path, name: str | None, key: str) -> Path | None:
    if name is None:
        return None
    if not (folder / name).is_file():
        raise UserError(f"{PARAMS_FILE}: {key} names {folder / name}, but there is no such file")
    return folder / name


def _code_path(place: str) -> Path:
    return Path(place) if place.startswith("stages/") else Path("autotosis") / place


def _code_digest(place: str) -> str:
    path = _code_path(place)
    sources: Iterable[Path] = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return hashlib.sha256("".join(files.digest(source) for source in sources).encode()).hexdigest()
