"""The recordings that fit the pattern `recordings` in params.yaml, and vods.yaml, which lists them as VODs."""

import re
import time
from pathlib import Path

import av
from ruamel.yaml import YAML

from autotosis.annotations import beside
from autotosis.project import files
from autotosis.project.errors import UserError
from autotosis.project.params import VODS_FILE, Params
from autotosis.video import parts, recording

RESERVED = {"best", "metrics", "timelines"}
HEADER = (
    "# VODs that fit `recordings` in params.yaml, as `python -m autotosis.watch` found them. Lines may be removed.\n"
)
# A file that does not say how long it is must have been quiet for this many times as long as another.
PATIENCE = 10


def fitting(settings: Params) -> list[Path]:
    """List the recordings that fit the pattern, in the order of their names."""
    found = sorted(settings.folder.glob(settings.recordings)) if settings.recordings else []
    return [path for path in found if path.is_file() and _is_recording(path)]


def unlisted(settings: Params) -> list[Path]:
    """List those that are no VODs yet."""
    listed = {settings.vod(name) for name in settings.vods}
    return [path for path in fitting(settings) if path not in listed]


def name_of(path: Path, settings: Params) -> str:
    """Return the name of a recording as a VOD: that of its file, with `-` for what a name must not have.

    UserError if another VOD has this name, or nothing is left of it.
    """
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-_")
    if not name:
        raise UserError(f"{path}: its name has neither a letter from a to z nor a digit; rename the file")
    if name.lower() in RESERVED:
        raise UserError(f"{path}: a VOD cannot be called {name}; rename the file")
    for other in settings.vods:
        if other.lower() == name.lower():
            raise UserError(f"{path}: left out, because {settings.vod(other)} is the VOD {other} already; rename one")
    return name


def is_finished(path: Path, quiet: float) -> bool:
    """Tell whether nobody writes to a recording any more.

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
        If it cannot be read as a video, although it has not changed for that long.
    """
    before = signature(path)
    age = time.time() - path.stat().st_mtime
    if age < quiet:
        return False
    try:
        recording.probe(path)
        patience = quiet if _says_how_long(path) else PATIENCE * quiet
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


def write_list(vods: dict[str, str]) -> None:
    """Write vods.yaml."""
    yaml = YAML()
    yaml.width = 10_000
    with files.replacing(VODS_FILE) as partial, partial.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        yaml.dump({"vods": vods}, file)


def _is_recording(path: Path) -> bool:
    return parts.is_video(path) and not path.name.startswith(".") and not beside.is_replay(path)


def _says_how_long(path: Path) -> bool:
    with av.open(str(path)) as container:
        return bool(container.duration)
