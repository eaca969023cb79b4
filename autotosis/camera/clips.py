"""Find the face camera in clips that have no row in facecams.csv: data/clip_facecams.csv."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from autotosis.annotations import facecams
from autotosis.annotations.facecams import Facecams, Found, Scene
from autotosis.camera import scenes
from autotosis.project import workers
from autotosis.project.errors import UserError
from autotosis.video import hashes, recording


def bring_up_to_date(paths: Sequence[Path], rows: Facecams) -> Found:
    """Search the clips without a row that are new or have changed, write the table, and print what was found.

    Parameters
    ----------
    paths : sequence of Path
        All clips.
    rows : Facecams
        The rows of facecams.csv.

    Returns
    -------
    Found
        For each clip without a row, where its face camera is, or None.
    """
    searched = {name: path for path in paths if rows.box(name := f"clips/{path.name}") is None}
    known, digests = _known(), hashes.compute(searched.values())
    keys = {name: _key(digests[path]) for name, path in searched.items()}
    new = [name for name in searched if known.get(name, ("",))[0] != keys[name]]
    outcomes = workers.run_parallel(_find, [searched[name] for name in new], "find face cameras", "clips")
    known |= {name: (keys[name], scene) for name, scene in zip(new, outcomes, strict=True)}
    found = {name: known[name] for name in searched}
    facecams.write_clips(found)
    _report(found, len(paths))
    return found


def _known() -> Found:
    """Read what was found the last time; nothing if the table cannot be read, since it can be made anew."""
    try:
        return facecams.read_clips()
    except UserError:
        return {}


def _key(digest: str) -> str:
    """Make the key of a clip, whose `files.digest` is `digest`: the same key, the same face camera."""
    return hashlib.sha256(f"{digest} {scenes.VERSION}".encode()).hexdigest()[:16]


def _find(clip: Path) -> Scene | None:
    """Find the face camera of a clip; None if there is none, or if the clip cannot be read.

    `extract_frames` says why it cannot be read.
    """
    try:
        return scenes.find_in_clip(recording.probe(clip))
    except UserError:
        return None


def _report(found: Found, clips: int) -> None:
    """Print in how many clips a face camera was found, and what is done with the others."""
    if not found:
        return
    without = [name for name, (_, scene) in found.items() if scene is None]
    print(f"face cameras: {clips - len(found)} of {clips} clips have rows, {len(found) - len(without)} were found")
    if without:
        names = f"{', '.join(without[:5])}{', ...' if len(without) > 5 else ''}"
        print(f"{names}: no face camera was found in {len(without)} clips; their whole picture is used")
