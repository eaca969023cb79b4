"""Run `dvc repro`, and first repair what an earlier run left when it was killed.

DVC writes dvc.lock and .dvc/tmp/rwlock in place, so a kill may leave half of one, and then every dvc command fails.
This program keeps a copy of the last complete dvc.lock and restores it. If another run is going on, it waits for it.
Run from the project's folder, in place of `dvc repro` and with the same arguments: python -m autotosis.project.recovery
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from voluptuous import Invalid

from autotosis.project import command_line, files

LOCK_FILES = (Path("dvc.lock"), Path("data/sample/dvc.lock"))
KEPT = Path(".dvc/tmp/whole")
RWLOCK = Path(".dvc/tmp/rwlock")


def main() -> int:
    """Repair damaged files, run `dvc repro`, and copy its lock files. Return the exit code of `dvc repro`."""
    with command_line.alone("dvc repro"):
        for path in LOCK_FILES:
            recover(path, KEPT / path)
        if RWLOCK.exists() and not is_json(RWLOCK):
            RWLOCK.unlink()
            print(f"{RWLOCK}: removed, since a kill had left half of it")
        # Before the run as well, because it may be killed before it ends.
        keep()
        code = subprocess.run(["dvc", "repro", *sys.argv[1:]]).returncode
        keep()
        return code


def recover(path: Path, kept: Path) -> None:
    """Replace a damaged lock file by the last complete one: by its copy, or else by that of the last commit."""
    if not path.exists() or is_whole(path.read_bytes()):
        return
    committed = subprocess.run(["git", "show", f"HEAD:./{path}"], capture_output=True).stdout
    content = kept.read_bytes() if kept.exists() else committed
    if is_whole(content):
        files.write_bytes(path, content)
        print(f"{path}: put back as it was before, since a kill had left half of it")
    else:
        path.unlink()
        print(f"{path}: removed, since a kill had left half of it and there is no other; all stages run again")


def keep() -> None:
    """Copy each lock file that is complete."""
    for path in LOCK_FILES:
        if path.exists() and is_whole(content := path.read_bytes()):
            files.write_bytes(KEPT / path, content)


def is_whole(content: bytes) -> bool:
    """Tell whether DVC accepts this content as a complete lock file."""
    try:
        COMPILED_LOCKFILE_SCHEMA(YAML(typ="safe").load(content))
    except (YAMLError, Invalid, UnicodeDecodeError):
        return False
    return content.endswith(b"\n")


def is_json(path: Path) -> bool:
    """Tell whether a file contains valid JSON."""
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    os.environ["PYTHONUNBUFFERED"] = "1"
    sys.exit(main())
