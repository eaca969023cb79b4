"""The hashes of videos, which are remembered until the files change."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autotosis.project import files, workers
from autotosis.video.parts import video_files

PATH = Path("data/.digests.json")


def compute(paths: Iterable[Path]) -> dict[Path, str]:
    """Compute the hash of each video.

    Files whose size, inode and modification time have not changed since the last time are not read again, as in git,
    because six hundred clips are gigabytes.

    Parameters
    ----------
    paths : iterable of Path
        The videos: files, or folders of parts.

    Returns
    -------
    dict of Path to str
        The `files.digest` of each video; for a video in parts, a hash of those of its parts, in their order.
    """
    entries = _read()
    parts = {path: video_files(path) for path in paths}
    states = {part: _state(part) for of_video in parts.values() for part in of_video}
    new = [path for path, state in states.items() if entries.get(str(path), {}).get("state") != state]
    digests = dict(zip(new, workers.run_parallel(files.digest, new, "hash videos", "videos"), strict=True))
    entries |= {str(path): {"state": states[path], "digest": digest} for path, digest in digests.items()}
    if new:
        existing = {name: entry for name, entry in entries.items() if Path(name).exists()}
        files.write_bytes(PATH, json.dumps(existing).encode())
    return {path: _all([entries[str(part)]["digest"] for part in of_video]) for path, of_video in parts.items()}


def _all(digests: list[str]) -> str:
    """Combine the hashes of all parts of a video."""
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _state(path: Path) -> list[int]:
    """Return what changes if a file does: its size, inode and modification time."""
    status = path.stat()
    return [status.st_size, status.st_ino, status.st_mtime_ns]


def _read() -> dict[str, dict[str, Any]]:
    try:
        return dict(json.loads(PATH.read_text()))
    except (OSError, ValueError, TypeError):
        return {}
