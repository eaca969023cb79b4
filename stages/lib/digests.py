"""The hashes of videos, remembered for as long as the files are as they were."""

import json
from collections.abc import Iterable
from pathlib import Path

from stages.lib import files, workers

PATH = Path("data/.digests.json")


def of(paths: Iterable[Path]) -> dict[Path, str]:
    """`files.digest` of each of these files.

    A file whose size, inode and time of change are those of the last time is not read again, as git does it: six
    hundred clips are gigabytes.
    """
    known = _read()
    states = {path: _state(path) for path in paths}
    new = [path for path, state in states.items() if known.get(str(path), {}).get("state") != state]
    digests = dict(zip(new, workers.map(files.digest, new, "hash videos", "videos"), strict=True))
    known |= {str(path): {"state": states[path], "digest": digest} for path, digest in digests.items()}
    if new:
        there = {name: entry for name, entry in known.items() if Path(name).exists()}
        files.write_bytes(PATH, json.dumps(there).encode())
    return {path: known[str(path)]["digest"] for path in states}


def _state(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_ino, status.st_mtime_ns]


def _read() -> dict[str, dict]:
    try:
        content = json.loads(PATH.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
