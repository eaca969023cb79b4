"""The clips of a streamer's folder."""

from pathlib import Path

from autotosis.project.errors import UserError
from autotosis.video import parts

# The longest name of a clip or an excerpt (bytes): a shard's name is longer by 21 while it is written, and file systems
# allow 255.
MAX_NAME_BYTES = 234


def find(folder: Path) -> list[Path]:
    """List the clips of a folder, sorted by name; UserError if there are none, or if a name cannot be used."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; create it and put a few dozen short videos into it")
    clips = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_dir())
    for clip in clips:
        if not clip.is_file():
            raise UserError(f"{clip}: not a regular file; a clip must be a video file or a link to one")
        parts.check_name(clip)
        if (length := len(clip.name.encode())) > MAX_NAME_BYTES:
            raise UserError(
                f"{clip}: its name is {length} bytes long, and the limit is {MAX_NAME_BYTES}; rename the file"
            )
    if not clips:
        raise UserError(f"{folder}: there are no clips; put a few dozen short videos into it")
    return clips
