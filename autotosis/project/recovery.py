"""Run DVC so that a kill needs no mending by hand.

DVC writes dvc.lock and .dvc/tmp/rwlock in place, so that a kill may leave half of one, and every later command fails.
Here the last whole dvc.lock is kept and put back; one run waits for another. Run from the project's folder, in place of
`dvc repro`, with the same arguments: python -m autotosis.project.recovery
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
    """Recover, run `dvc repro`, and keep its lock files; the exit code of `dvc repro`."""
    with command_line.alone("dvc repro"):
        for path in LOCK_FILES:
            recover(path, KEPT / path)
        if RWLOCK.exists() and not is_json(RWLOCK):
            RWLOCK.unlink()
            print(f"{RWLOCK}: removed, since a kill had left half of it")
        # Now too, since this run may be killed before it ends.
        keep()
        code = subprocess.run(["dvc", "repro", *sys.argv[1:]]).returncode
        keep()
        return code


def recover(path: Path, kept: Path) -> None:
    """Put the last whole lock file in the place of a damaged one: the kept one, or else that of the last commit."""
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
    """Keep a copy of each lock file that is whole."""
    for path in LOCK_FILES:
        if path.exists() and is_whole(content := path.read_bytes()):
            files.write_bytes(KEPT / path, content)


def is_whole(content: bytes) -> bool:
    """Whether this is a whole lock file to DVC."""
    try:
        COMPILED_LOCKFILE_SCHEMA(YAML(typ="safe").load(content))
    except (YAMLError, Invalid, UnicodeDecodeError):
        return False
    return content.endswith(b"\n")


def is_json(path: Path) -> bool:
    """Whether a file holds JSON, whatever it says."""
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    os.environ["PYTHONUNBUFFERED"] = "1"
    sys.exit(main())
