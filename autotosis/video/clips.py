"""The clips of a streamer's folder."""

from pathlib import Path

from autotosis.project.errors import UserError


def find(folder: Path) -> list[Path]:
    """List the clips of a folder, sorted by name; UserError if there are none."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; create it and put a few dozen short videos into it")
    clips = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_dir())
    for clip in clips:
        if not clip.is_file():
            raise UserError(f"{clip}: not a regular file; a clip must be a video file or a link to one")
    if not clips:
        raise UserError(f"{folder}: there are no clips; put a few dozen short videos into it")
    return clips
