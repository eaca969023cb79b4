"""Run `dvc repro`, and first repair what an earlier run left when it was killed.

DVC writes dvc.lock and .dvc/tmp/rwlock in place, so a kill may leave half of one, and then every dvc command fails.
This program keeps a copy of the last complete dvc.lock and restores it. If another run is going on, it waits for it.
Run from the project's folder, in place of `dvc repro` and with the same arguments: python -m autotosis.project.recovery
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from autotosis.project import interruption

if __name__ == "__main__":
    # Before what follows, which takes a second.
    interruption.install()

import psutil  # noqa: E402
from dvc.schema import COMPILED_LOCKFILE_SCHEMA  # noqa: E402
from ruamel.yaml import YAML  # noqa: E402
from ruamel.yaml.error import YAMLError  # noqa: E402
from voluptuous import Invalid  # noqa: E402

from autotosis.project import command_line, files, missing_vods, params  # noqa: E402
from autotosis.project.errors import UserError  # noqa: E402

KEPT = Path(".dvc/tmp/whole")
# What dvc.yaml depends on in the streamer's folder, besides videos, which may be downloaded or drawn first.
NEEDED = ("edits", "music", "labels.csv", "holdout.csv", "facecams.csv", "groups.csv")
RWLOCK = Path(".dvc/tmp/rwlock")
# How many VODs without a file are named after a failed run.
NAMED = 3


def main() -> int:
    """Recover, run `dvc repro`, keep its lock files, and return its exit code."""
    # DVC reads the parameters, too, but its error messages say less.
    settings = params.load()
    check_folder(settings.folder)
    # DVC reads those of all streamers, whose folders are usually in data/, and none outside the project.
    own = Path(os.path.relpath(settings.folder)) / "dvc.lock"
    found = {Path("dvc.lock"), *Path("data").rglob("dvc.lock"), own}
    lock_files = sorted(path for path in found if ".." not in path.parts)
    with interruption.cleaning_up(), command_line.exclusively("dvc repro") as lock:
        for path in lock_files:
            recover(path, KEPT / path)
        if RWLOCK.exists() and (fault := fault_of(RWLOCK.read_bytes())):
            RWLOCK.unlink()
            print(f"{RWLOCK}: removed, because {fault}")
        # Before the run as well, because it may be killed before it ends.
        keep(lock_files)
        code = run_dvc(lock)
        keep(lock_files)
        # Again, because what `configure` has said of them is far above. Not if the user has ended the run.
        if code not in (0, 128 + signal.SIGINT, 128 + signal.SIGTERM):
            said = list(missing_vods.advice(settings))
            rest = [f"and {len(said) - NAMED} more VODs without a file"] if len(said) > NAMED else []
            for sentence in [*said[:NAMED], *rest]:
                print(sentence, file=sys.stderr)
        return code


def check_folder(folder: Path) -> None:
    """Raise a UserError if the streamer's folder lacks anything that the pipeline depends on."""
    params.check_folder(folder)
    for name in NEEDED:
        if not (folder / name).exists():
            raise UserError(f"{folder / name}: missing; copy it from data/template, and keep it even if it is empty")
    for name in ("clips", "vods", "edits", "music"):
        for path in (folder / name).rglob("*"):
            # DVC would not say which file it is.
            try:
                str(path).encode()
            except UnicodeEncodeError:
                raise UserError(f"{path}: its name is not UTF-8, and DVC cannot read it; rename it") from None


def run_dvc(lock: int | None) -> int:
    """Run `dvc repro`; return its exit code, or 130 or 143 like a stage.

    It inherits the lock's file descriptor, since it goes on when this process is killed.
    """
    asked = []

    def end(number: int, _: object) -> None:
        asked.append(number)
        # Ctrl-C reaches DVC by itself, and DVC then leaves its files whole.
        if number == signal.SIGTERM:
            process.terminate()

    with interruption.held():
        process = subprocess.Popen(["dvc", "repro", *sys.argv[1:]], pass_fds=[] if lock is None else [lock])
        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    code = process.wait()
    for number, handler in before.items():
        signal.signal(number, handler)
    return 128 + asked[0] if asked else code


def recover(path: Path, kept: Path) -> None:
    """Replace a damaged lock file by the last complete one: by its copy, or else by that of the last commit.

    UserError if it is not damaged, but has a merge conflict.
    """
    if not path.exists() or is_whole(damaged := path.read_bytes()):
        return
    if files.CONFLICT.search(damaged.decode(errors="replace")):
        raise UserError(f"{path}: has a merge conflict; resolve it as README.md says under Merging, and run again")
    # git refuses to read what another user owns, such as a project that is mounted into a container.
    command = ["git", "-c", "safe.directory=*", "show", f"HEAD:./{path}"]
    committed = subprocess.run(command, capture_output=True).stdout
    content = next(filter(is_whole, [*([kept.read_bytes()] if kept.exists() else []), committed]), None)
    if content is not None:
        files.write_bytes(path, content)
        print(f"{path}: put back as it was before, because a killed run had left only half of it")
    else:
        path.unlink()
        print(
            f"{path}: removed, because a killed run had left only half of it and there is no other; "
            "all stages run again"
        )


def keep(lock_files: Iterable[Path]) -> None:
    """Copy each lock file that is complete."""
    for path in lock_files:
        if path.exists() and is_whole(content := path.read_bytes()):
            files.write_bytes(KEPT / path, content)


def is_whole(content: bytes) -> bool:
    """Return whether DVC accepts this content as a complete lock file."""
    try:
        COMPILED_LOCKFILE_SCHEMA(YAML(typ="safe").load(content))
    except (YAMLError, Invalid, UnicodeDecodeError):
        return False
    return content.endswith(b"\n")


def fault_of(content: bytes) -> str | None:
    """Say what is wrong with a table of who works, if anything is: it is cut off, or none of its processes runs DVC.

    DVC takes a program that has the number of a killed process by now for that process.
    """
    try:
        json.loads(content)
    except ValueError:
        return "a killed run had left only half of it"
    numbers = {int(number) for number in re.findall(rb'"pid": (\d+)', content)}
    if numbers and not any(map(is_dvc, numbers)):
        return "none of the processes in it is DVC's any more"
    return None


def is_dvc(number: int) -> bool:
    """Return whether the process of this number runs DVC, as far as can be seen."""
    try:
        return any("dvc" in word for word in psutil.Process(number).cmdline())
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


if __name__ == "__main__":
    os.environ["PYTHONUNBUFFERED"] = "1"
    with command_line.errors_as_sentences():
        sys.exit(main())
