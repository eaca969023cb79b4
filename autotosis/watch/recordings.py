"""The recordings that fit the pattern `recordings` in params.yaml, and vods.yaml, which lists them as VODs."""

import io
import re
import time
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML

from autotosis.annotations import sidecars
from autotosis.project import files, params_file
from autotosis.project.errors import UserError
from autotosis.project.params import VODS_FILE, Params
from autotosis.project.videos_params import RESERVED, FoundVods
from autotosis.reel import reel
from autotosis.video import parts, recording
from autotosis.video.opening import opened
from autotosis.video.recording import Recording

HEADER = (
    "# VODs that match `recordings` in params.yaml, as `python -m autotosis.watch` found them. Lines may be removed.\n"
)
HEADER_OF_KEPT = (
    "# Recordings that are gone, have changed, or whose last run failed. While their lines stay, so do any reels.\n"
)
# A file that does not say how long it is must have been quiet for this many times as long as another.
PATIENCE = 10
# Clocks and time zones of cameras and drives may differ by this much (seconds), which is waited for.
MAX_AHEAD = 86_400.0


def matching(settings: Params) -> list[Path]:
    """List the recordings that match the pattern, in the order of their names."""
    paths = sorted(settings.folder.glob(settings.recordings)) if settings.recordings else []
    return [path for path in paths if path.is_file() and _is_recording(path)]


def unlisted(settings: Params) -> list[Path]:
    """List those that are neither VODs yet, nor parts of a VOD that is a folder."""
    listed = {settings.vod(name) for name in settings.vods}
    return [path for path in matching(settings) if listed.isdisjoint((path, *path.parents))]


def name_of(path: Path, settings: Params) -> str:
    """Return the name of a recording as a VOD: that of its file, with `-` for what a name must not have.

    UserError if another VOD, or another recording whose reel is kept, has this name, nothing is left of it, or the name
    of the file cannot be written into vods.yaml.
    """
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-_")
    if not name:
        raise UserError(f"{path}: its name has neither a letter from a to z nor a digit; rename the file")
    if name.lower() in RESERVED:
        raise UserError(f"{path}: a VOD cannot be called {name}; rename the file")
    try:
        FoundVods(vods={name: path.relative_to(settings.folder).as_posix()})
    except ValidationError:
        raise UserError(
            f"{path}: its name has a *, a control character, or bytes that are not UTF-8; rename the file"
        ) from None
    for other, file in (settings.vods | read_list().kept).items():
        if other.lower() == name.lower() and settings.folder / file != path:
            if other in settings.vods:
                cause = f"{settings.folder / file} is the VOD {other} already"
            elif (reel.FOLDER / other).exists():
                cause = f"{VODS_FILE} keeps {reel.FOLDER / other}, the reel of {settings.folder / file}"
            else:
                continue
            raise UserError(f"{path}: left out, because {cause}; rename this file")
    return name


def is_finished(path: Path, quiet: float) -> bool:
    """Return whether nobody writes to a recording any more.

    Parameters
    ----------
    path : Path
        A file.
    quiet : float
        How long a finished file has not changed (seconds). One that does not say how long it is, as while it is being
        written or after a crash, must not have changed for PATIENCE times as long.

    Raises
    ------
    UserError
        If it cannot be read as a video, although it has not changed for that long, or if it changes more than a day
        from now, according to its time.
    """
    before = signature(path)
    age = time.time() - path.stat().st_mtime
    if age < -MAX_AHEAD:
        raise UserError(
            f"{path}: its modification time is more than a day in the future; if it is finished, run `touch` on it"
        )
    if age < quiet:
        return False
    try:
        patience = quiet if _says_how_long(recording.probe(path)) else PATIENCE * quiet
    except UserError:
        # The index of an MP4 is written at its end.
        if age < PATIENCE * quiet:
            return False
        raise
    return age >= patience and signature(path) == before


def signature(path: Path) -> list[int]:
    """Return what changes whenever a file does: its size in bytes, and when it was written (nanoseconds)."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


def read_list() -> FoundVods:
    """Read vods.yaml; UserError as in `params_file.load`."""
    return params_file.load(FoundVods, VODS_FILE)


def add(name: str, file: str) -> None:
    """Add a recording to vods.yaml: its name, and its file inside the streamer's folder."""
    listed = read_list()
    kept = {other: kept_file for other, kept_file in listed.kept.items() if other.lower() != name.lower()}
    _write_list(listed.vods | {name: file}, kept)


def missing(settings: Params) -> dict[str, Path]:
    """Return the recordings of vods.yaml whose files are gone, by name."""
    paths = {name: settings.folder / file for name, file in read_list().vods.items()}
    return {name: path for name, path in paths.items() if not path.exists()}


def unlist(name: str) -> None:
    """Move a recording of vods.yaml to `kept`, so that it does not hold up the others. Any reel of it stays."""
    listed = read_list()
    protect(name)
    # `urls` and `tracks` may name it even if it has no reel yet. The user may have removed its line meanwhile.
    kept = {name: listed.vods[name]} if name in listed.vods else {}
    _write_list({other: file for other, file in listed.vods.items() if other != name}, listed.kept | kept)


def protect(name: str) -> None:
    """Protect the reel of a VOD that is no longer listed, if it has one, from `dvc checkout` and `dvc pull`."""
    table = reel.FOLDER / name / reel.TABLE
    if table.exists():
        # They remove what DVC wrote and no stage makes any more, unless a file in it has changed since.
        table.touch()


def _write_list(vods: dict[str, str], kept: dict[str, str]) -> None:
    yaml = YAML()
    yaml.width = 10_000
    text = io.StringIO()
    text.write(HEADER)
    yaml.dump({"vods": vods}, text)
    if kept:
        text.write(HEADER_OF_KEPT)
        yaml.dump({"kept": kept}, text)
    with files.replacing(VODS_FILE) as partial:
        files.write_durably(partial, text.getvalue().encode())


def _is_recording(path: Path) -> bool:
    return parts.is_video(path) and not path.name.startswith(".") and not sidecars.is_replay(path)


def _says_how_long(vod: Recording) -> bool:
    with opened(vod.pieces[0].span) as container:
        return bool(container.duration)
