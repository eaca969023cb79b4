"""Find the face camera in clips that have no row in facecams.csv: data/clip_facecams.csv.

Only clips that are new or have changed are searched. data/dataset/preview.jpg shows what was found.
Run from the project's folder: python -m stages.find_clip_facecams
"""

import hashlib
from pathlib import Path

from autotosis.annotations import facecams
from autotosis.annotations.facecams import Facecams, Found, Scene
from autotosis.camera import scenes
from autotosis.project import command_line, params, workers
from autotosis.project.errors import UserError
from autotosis.video import clips, hashes, recording


def main() -> None:
    settings = params.load()
    rows, known = Facecams(settings.folder), known_ones()
    names = {f"clips/{path.name}": path for path in clips.find(settings.folder / "clips")}
    searched = {name: path for name, path in names.items() if rows.box(name) is None}
    digests = hashes.compute(searched.values())
    keys = {name: key(digests[path]) for name, path in searched.items()}
    new = [name for name in searched if known.get(name, ("",))[0] != keys[name]]
    outcomes = workers.run_parallel(find, [searched[name] for name in new], "find face cameras", "clips")
    known |= {name: (keys[name], scene) for name, scene in zip(new, outcomes, strict=True)}
    found = {name: known[name] for name in searched}
    facecams.write_clips(found)
    report(found, len(names))


def known_ones() -> Found:
    """Read what was found the last time; nothing if the table cannot be read, since it can be made anew."""
    try:
        return facecams.read_clips()
    except UserError:
        return {}


def key(digest: str) -> str:
    """Make the key of a clip, whose `files.digest` is `digest`: the same key, the same face camera."""
    return hashlib.sha256(f"{digest} {scenes.VERSION}".encode()).hexdigest()[:16]


def find(clip: Path) -> Scene | None:
    """Find the face camera of a clip; None if there is none, or the clip cannot be read, of which `extract_frames` says
    why."""
    try:
        return scenes.find_in_clip(recording.probe(clip))
    except UserError:
        return None


def report(found: Found, clips: int) -> None:
    """Print in how many clips a face camera was found, and what is done with the others."""
    without = [name for name, (_, scene) in found.items() if scene is None]
    print(f"face cameras: {clips - len(found)} of {clips} clips have rows, {len(found) - len(without)} were found")
    if without:
        names = f"{', '.join(without[:5])}{', ...' if len(without) > 5 else ''}"
        print(f"{names}: no face camera was found in {len(without)} clips; their whole picture is taken")


if __name__ == "__main__":
    command_line.run(main, __doc__)
