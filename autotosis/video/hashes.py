"""The hashes of videos, remembered for as long as the files are as they were."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autotosis.project import files, workers
from autotosis.video.parts import video_files

PATH = Path("data/.digests.json")


def of(paths: Iterable[Path]) -> dict[Path, str]:
    """`files.digest` of each of these videos; of one in parts, a hash of those of all its parts in their order.

    A file whose size, inode and time of change are those of the last time is not read again, as git does it: six
    hundred clips are gigabytes.
    """
    known = _read()
    parts = {path: video_files(path) for path in paths}
    states = {part: _state(part) for of_video in parts.values() for part in of_video}
    new = [path for path, state in states.items() if known.get(str(path), {}).get("state") != state]
    digests = dict(zip(new, workers.run_parallel(files.digest, new, "hash videos", "videos"), strict=True))
    known |= {str(path): {"state": states[path], "digest": digest} for path, digest in digests.items()}
    if new:
        there = {name: entry for name, entry in known.items() if Path(name).exists()}
        files.write_bytes(PATH, json.dumps(there).encode())
    return {path: _all([known[str(part)]["digest"] for part in of_video]) for path, of_video in parts.items()}


def _all(digests: list[str]) -> str:
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _state(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_ino, status.st_mtime_ns]


def _read() -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(PATH.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {
        path: entry
        for path, entry in content.items()
        if isinstance(entry, dict) and isinstance(entry.get("digest"), str)
    }
