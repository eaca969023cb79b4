"""The configuration of each stage of each VOD: all that it sees of params.yaml and the tables."""

import itertools
from collections.abc import Callable
from pathlib import Path

from autotosis.annotations import facecams, labels, sidecars, sources
from autotosis.annotations.facecams import Box
from autotosis.project import files, params, tables
from autotosis.project.errors import UserError
from autotosis.project.params import PARAMS_FILE, Audio, Extract, Params, Predict, Render, Select
from autotosis.project.section import Section


class VodConfig(Section):
    """What every stage of a VOD depends on; the search for its face camera depends on nothing else.

    `facecam` is where facecams.csv says that it is, or None if it has no row.
    """

    name: str
    video: Path
    facecam: Box | None


class PredictConfig(VodConfig):
    """What the scan of a VOD depends on. `sounds` has the number of the sound track that is judged, as
    `recording.probe` takes it. `chat` is the path of its chat, or None."""

    sounds: list[int]
    chat: Path | None
    extract: Extract
    predict: Predict


class SelectConfig(VodConfig):
    """What the cut list of a VOD depends on.

    `edits` is the path of the user's own cut list, or None. `labels` are the rows of labels.csv that are about the VOD:
    start and end in seconds, where None is the end of the VOD, and whether it is a highlight. `markers` is the path of
    its stream markers, or None. `replays` are the replays that may be of it, and when each ends in it, in seconds.
    `prevalence` is the expected share of highlights.
    """

    sounds: list[int]
    edits: Path | None
    labels: list[tuple[float, float | None, bool]]
    markers: Path | None
    replays: list[tuple[Path, float]]
    prevalence: float
    select: Select


class RenderConfig(VodConfig):
    """What the reel of a VOD depends on. `sounds` are the tracks that are heard, `url` is its web address, or None.

    `invert` tells whether it shows the calmest moments, and `edited` whether its cut list is the user's own.
    """

    sounds: list[int]
    url: str | None
    label: str
    invert: bool
    edited: bool
    render: Render
    audio: Audio
    music: Path | None
    font: Path | None


def for_find_facecams(settings: Params, name: str) -> VodConfig:
    """Collect what `find_facecams` depends on for the VOD of this name; UserError as in `for_predict`."""
    return VodConfig(name=name, video=settings.vod(name), facecam=_facecam(settings, name))


def for_predict(settings: Params, name: str) -> PredictConfig:
    """Collect what `predict` depends on for the VOD of this name; UserError for errors in params.yaml or a table."""
    return PredictConfig(
        name=name,
        video=settings.vod(name),
        sounds=settings.tracks_of(settings.vods[name]).judged,
        facecam=_facecam(settings, name),
        chat=sidecars.chat(settings.vod(name)),
        extract=settings.extract,
        predict=settings.predict,
    )


def for_select(settings: Params, name: str) -> SelectConfig:
    """Collect what `select` depends on for the VOD of this name; UserError as in `for_predict`."""
    uses_marks = settings.select.marks != "ignore"
    rows = labels.read_labels(settings.folder / "labels.csv", videos_must_exist=False).get(settings.vods[name], [])
    return SelectConfig(
        name=name,
        video=settings.vod(name),
        sounds=settings.tracks_of(settings.vods[name]).judged,
        facecam=_facecam(settings, name),
        edits=_edits(settings, name),
        labels=[(row.start, row.end, row.highlight) for row in rows],
        markers=sidecars.find(settings.vod(name), sidecars.MARKERS) if uses_marks else None,
        replays=sidecars.replays(settings.vod(name)) if uses_marks else [],
        prevalence=settings.train.prevalence,
        select=settings.select,
    )


def for_render(settings: Params, name: str) -> RenderConfig:
    """Collect what `render` depends on for the VOD of this name; UserError as in `for_predict`."""
    render, audio = settings.render, settings.audio
    url = settings.urls.get(name) or sources.page_of(settings.folder, settings.vods[name])
    return RenderConfig(
        name=name,
        video=settings.vod(name),
        sounds=settings.tracks_of(settings.vods[name]).heard,
        facecam=_facecam(settings, name),
        # The description of the reel is published.
        url=params.without_password(url) if url else None,
        label=settings.label,
        invert=settings.select.invert,
        edited=_edits(settings, name) is not None,
        render=render,
        audio=audio,
        music=_existing(settings.folder, audio.music, "audio.music"),
        font=_existing(settings.folder, render.style.font, "render.style.font"),
    )


STAGES: dict[str, Callable[[Params, str], VodConfig]] = {
    "find_facecams": for_find_facecams,
    "predict": for_predict,
    "select": for_select,
    "render": for_render,
}


def judged_tracks(settings: Params, folder: str) -> list[tuple[str, int | None]]:
    """List the patterns that may match videos in clips/ or vods/ and the sound track that is judged in each.

    The last one that matches a video counts. Leading entries that name no track are left out, because they change
    nothing.
    """
    other = {"clips/": "vods/", "vods/": "clips/"}[folder]
    named = [(settings.vods.get(key, key), own.judge) for key, own in settings.tracks.items()]
    matching = ((pattern, judge) for pattern, judge in named if not pattern.startswith(other))
    return list(itertools.dropwhile(lambda pair: pair[1] is None, matching))


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
    """List the keys in `tracks` that are patterns and match no file in clips/ or vods/."""
    videos = [*vods(settings), *(f"clips/{path.name}" for path in (settings.folder / "clips").glob("*"))]
    # Any other key is the name of a VOD, whose recording may be gone.
    patterns = [key for key in settings.tracks if set(key) & set("/*")]
    return sorted(key for key in patterns if not any(tables.matches(key, video) for video in videos))


def unused_edits(settings: Params) -> list[Path]:
    """List the files in edits/ that belong to no VOD of params.yaml; most likely their names are misspelt."""
    expected = {f"{name}.csv" for name in settings.vods}
    return sorted(path for path in (settings.folder / "edits").glob("[!.]*") if path.name not in expected)


def _edits(settings: Params, name: str) -> Path | None:
    edits = settings.folder / "edits" / f"{name}.csv"
    files.check_regular(edits)
    return edits if edits.exists() else None


def _facecam(settings: Params, name: str) -> Box | None:
    return facecams.read_boxes(settings.folder / "facecams.csv").of(settings.vods[name])


def _existing(folder: Path, name: str | None, key: str) -> Path | None:
    if name is None:
        return None
    if not (folder / name).is_file():
        raise UserError(f"{PARAMS_FILE}: {key} names {folder / name}, but there is no such file")
    return folder / name
