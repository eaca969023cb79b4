"""Running the pipeline for a new recording: check disk space, run `dvc repro`, commit."""

import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from autotosis.project import interruption
from autotosis.project.errors import UserError
from autotosis.project.params import VODS_FILE, Params
from autotosis.project.videos_params import Watch

GIGABYTE = 1e9


def check_space(limits: Watch) -> None:
    """Raise a UserError if there is too little disk space, even after deleting what may be deleted."""
    if _free() < limits.free_space and limits.delete == "unused":
        subprocess.run(["dvc", "gc", "--all-commits", "--all-experiments", "--force", "--quiet"], stdout=sys.stderr)
    if _free() < limits.free_space:
        raise UserError(
            f"less than {limits.free_space:g} GB of disk space is free, so no reel is started; free some space, or "
            "lower watch.free_space"
        )


def _free() -> float:
    return shutil.disk_usage(".").free / GIGABYTE


def repro(*targets: str) -> None:
    """Run `dvc repro`, after repairing what a kill has left; UserError with the first error if it fails."""
    errors: list[str] = []
    with interruption.held():
        process = subprocess.Popen(
            [sys.executable, "-m", "autotosis.project.recovery", *targets],
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            # As in `log`.
            with suppress(OSError):
                print(line, end="", file=sys.stderr)
            if line.lower().startswith("error: "):
                errors.append(line[len("error: ") :].strip())
        process.wait()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait()
    if process.returncode:
        raise UserError(errors[0] if errors else f"dvc repro ended with exit code {process.returncode}")


def commit(settings: Params, message: str) -> None:
    """Commit what runs change and git keeps, and nothing else; UserError with what git says if it refuses."""
    changed = [path for path in ("dvc.lock", str(VODS_FILE), "models", "reels") if Path(path).exists()]
    changed += [path.as_posix() for pattern in ("*.dvc", "dvc.lock") for path in settings.folder.glob(pattern)]
    _git("add", "--", *changed)
    if subprocess.run(["git", "diff", "--cached", "--quiet", "--", *changed]).returncode:
        _git("commit", "--quiet", "--message", message, "--", *changed)


def _git(*arguments: str) -> None:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise UserError(f"git {arguments[0]} failed: {last_line(done.stderr)}")


def last_line(text: str) -> str:
    """Return the last line of what a program said."""
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it did not say why"
