"""Find the face camera in clips that have no row in facecams.csv: data/clip_facecams.csv."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from autotosis.annotations import facecams
from autotosis.annotations.facecams import Box, Found, Scene
from autotosis.camera import faces, scenes
from autotosis.project import workers
from autotosis.project.errors import UserError
from autotosis.project.tables import Patterns
from autotosis.signals import networks
from autotosis.video import hashes, recording


def update(paths: Sequence[Path], rows: Patterns[Box]) -> tuple[Found, list[str]]:
    """Search the clips without a row that are new or have changed, write the table, and print what was found.

    Parameters
    ----------
    paths : sequence of Path
        All clips.
    rows : Patterns of Box
        The rows of facecams.csv.

    Returns
    -------
    Found
        For each clip without a row, where its face camera is, or None; without those that could not be read.
    list of str
        Why they could not be read.

    Raises
    ------
    UserError
        If the network that finds faces is missing.
    """
    searched = {name: path for path in paths if rows.of(name := f"clips/{path.name}") is None}
    known, digests = _known(), hashes.compute(searched.values())
    keys = {name: _key(digests[path]) for name, path in searched.items()}
    new = [name for name in searched if known.get(name, ("",))[0] != keys[name]]
    if new:
        networks.find(faces.NETWORK)
    searches = workers.run_parallel(_find, [searched[name] for name in new], "find face cameras", "clips")
    outcomes = dict(zip(new, searches, strict=True))
    known |= {name: (keys[name], scene) for name, (scene, _) in outcomes.items()}
    problems = {name: problem for name, (_, problem) in outcomes.items() if problem}
    # A clip that could not be read is searched again the next time.
    found = {name: known[name] for name in searched if name not in problems}
    facecams.write_clips(found)
    _report(found, len(paths), len(paths) - len(searched))
    return found, list(problems.values())


def _known() -> Found:
    """Read what was found the last time; nothing if the table cannot be read, since it can be made anew."""
    try:
        return facecams.read_clips()
    except UserError:
        return {}


def _key(digest: str) -> str:
    """Make the key of a clip, whose `files.digest` is `digest`: the same key, the same face camera."""
    return hashlib.sha256(f"{digest} {scenes.VERSION}".encode()).hexdigest()[:16]


def _find(clip: Path) -> tuple[Scene | None, str]:
    """Find the face camera of a clip, None if there is none; and say why the clip cannot be read, if so."""
    try:
        return scenes.find_in_clip(recording.probe(clip)), ""
    except UserError as error:
        return None, str(error)


def _report(found: Found, clips: int, with_rows: int) -> None:
    """Print in how many clips a face camera was found, and what is done with the others."""
    if not found:
        return
    without = [name for name, (_, scene) in found.items() if scene is None]
    print(f"face cameras: {with_rows} of {clips} clips have rows; it was found in {len(found) - len(without)} others")
    if without:
        names = f"{', '.join(without[:5])}{', ...' if len(without) > 5 else ''}"
        print(f"{names}: no face camera was found in {len(without)} clips; their whole picture is used")
