"""Kill `dvc repro` and its children at random moments, a hundred times; what `make` runs must repair everything.

Something that several stages depend on is changed, a run is killed, another one is begun, and so on; in the end the
outputs must have the bytes of a run that nobody killed. Afterwards, stages are interrupted as by Ctrl-C and asked to
end, which must be one line, the right exit code, and nothing that goes on. Linux only, where FFmpeg ends with a stage.
Run from the project's folder: python -m torture.kills
"""

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil

from autotosis.project import command_line
from tests.helpers import ENVIRONMENT, REAL_ENVIRONMENT, Project, copy_of
from torture import tiny

SEED = 1
KILLS, INTERRUPTIONS = 104, 120
# Kills between a change and the run that mends it all.
IN_A_ROW = 13
# A run of everything takes less (seconds).
PATIENCE = 120
# When what was interrupted has ended, so have its processes within this time (seconds).
GRACE = 5
OUTPUTS = tuple(f"data/{name}" for name in ("facecams", "frames", "excerpts", "dataset", "timelines", "cuts"))
OUTPUTS += ("models", "reels")
RECOVERY = (sys.executable, "-m", "autotosis.project.recovery")
# Programs that start as those of a user do, or the processes to kill would be those of the tests' server.
UNWARMED = {name: value for name, value in REAL_ENVIRONMENT.items() if name != "PYTHONDONTWRITEBYTECODE"}
# What is changed, so that all stages run anew.
CHANGES: dict[str, dict[str, object]] = {"extract": {"size": 48}, "select": {"threshold": 0.6}}
# How long a stage takes at most, once Python has started and it handles signals (seconds).
STAGES = {
    "configure": 1.0,
    "extract_frames": 3.0,
    "find_facecams demo": 1.5,
    "build_dataset": 1.5,
    "train": 3.0,
    "predict demo": 2.0,
    "select demo": 1.5,
    "evaluate": 2.5,
    "render demo": 5.0,
    "compile": 5.0,
}


@dataclass(frozen=True)
class State:
    """Parameters, and a hash of each output of a run that nobody killed."""

    params: str
    digests: dict[str, str]


def main(
    kills: int = KILLS,
    interruptions: int = INTERRUPTIONS,
    project: Project | None = None,
    changes: dict[str, dict[str, object]] = CHANGES,
) -> int:
    """Kill and interrupt, and print a table.

    Parameters
    ----------
    kills, interruptions : int
        How often.
    project : Project, optional
        A built project to copy; otherwise one is made.
    changes : dict
        Parameters that are changed, to and fro.

    Returns
    -------
    int
        How much went wrong.
    """
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        copied = copy_of(project, folder) if project else tiny.build(folder)
        states = [State(copied.read("params.yaml"), digests(copied))]
        states.append(another(copied, changes))
        rows = [kill(copied, states, rng, kills), *interrupt(copied, rng, interruptions)]
    print(tiny.table(("what", "times", "right", "wrong"), rows))
    return sum(row[-1] for row in rows)


def another(project: Project, changes: dict[str, dict[str, object]]) -> State:
    """Build with other parameters, and return the new state."""
    project.set_params(**changes)
    project.repro()
    return State(project.read("params.yaml"), digests(project))


def kill(project: Project, states: list[State], rng: random.Random, kills: int) -> tuple[str, int, int, int]:
    """Kill runs, and let the next one mend what they left; the row of the table."""
    done, wrong, number = 0, 0, 0
    while done < kills:
        # The last of them is there already.
        state = states[number % len(states)]
        number += 1
        project.write("params.yaml", state.params)
        # DVC's memory of runs, from which it would take outputs.
        shutil.rmtree(project.folder / ".dvc/cache/runs", ignore_errors=True)
        for _ in range(min(IN_A_ROW, kills - done)):
            left = kill_one(project.folder, rng)
            if left is None:
                break
            done += 1
            if left:
                wrong += 1
                print(f"after {done} kills: {left} FFmpegs go on without what started them", file=sys.stderr)
        mended = project.run(*RECOVERY)
        hashes = digests(project)
        if mended.returncode or hashes != state.digests or left_over(project):
            wrong += 1
            differing = sorted({path for path, _ in hashes.items() ^ state.digests.items()}) + left_over(project)
            print(f"after {done} kills: {mended.returncode}, {differing}\n{mended.stderr[-2000:]}", file=sys.stderr)
            # Or all that follows is wrong, too.
            project.repro("--force")
    return "kills of `dvc repro` or of a child, mended by `make`", done, done - wrong, wrong


def kill_one(folder: Path, rng: random.Random) -> int | None:
    """Start a run and kill it, or one of its children, at a random moment; how many FFmpegs go on without their parent.

    None if it had ended before.
    """
    process = subprocess.Popen(
        RECOVERY if rng.random() < 0.7 else ["dvc", "repro"],
        cwd=folder,
        env=UNWARMED,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(rng.uniform(1, 9))
        return None
    victims = running(process.pid) or [psutil.Process(process.pid)]
    # All of them, as when the power fails, or one.
    if rng.random() < 0.5:
        victims = [rng.choice(victims)]
    kill_all(victims)
    # A child that was killed fails the run, and one whose parent was killed ends by itself.
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        print(f"{process.args}: went on for ever", file=sys.stderr)
        os.killpg(process.pid, signal.SIGKILL)
    # For DVC, a process has ended only once init has waited for it.
    psutil.wait_procs(victims, PATIENCE)
    return len(orphans(process.pid))


def interrupt(project: Project, rng: random.Random, times: int) -> list[tuple[str, int, int, int]]:
    """Interrupt stages, and ask them to end, at random moments; the rows of the table."""
    counts: Counter[tuple[signal.Signals, bool]] = Counter()
    for count in range(times):
        number = (signal.SIGINT, signal.SIGTERM)[count % 2]
        stage, longest = rng.choice(list(STAGES.items()))
        problem = interrupt_one(project.folder, stage, number, rng.uniform(0, longest))
        counts[number, problem is None] += 1
        if problem:
            print(f"{number.name} to {stage}: {problem}", file=sys.stderr)
    names = {signal.SIGINT: "Ctrl-C in a stage", signal.SIGTERM: "SIGTERM to a stage"}
    return [
        (name, counts[number, True] + counts[number, False], counts[number, True], counts[number, False])
        for number, name in names.items()
    ]


def interrupt_one(folder: Path, stage: str, number: signal.Signals, after: float) -> str | None:
    """Interrupt a stage after so many seconds; what is wrong with how it ends, if anything is."""
    if stage == "extract_frames":
        for shard in (folder / "data/frames").glob("*.safetensors"):
            shard.unlink()
    process = subprocess.Popen(
        [sys.executable, "-m", *f"stages.{stage}".split()],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while process.poll() is None and not handles_signals(process):
        time.sleep(0.01)
    try:
        _, output = process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        # A terminal tells all processes of Ctrl-C.
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
        try:
            _, output = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return f"went on for more than {PATIENCE} s"
    if "Traceback" in output or process.returncode not in (0, 1, 128 + number):
        return f"{process.returncode}: {output}"
    if process.returncode == 1 and "error: " not in output:
        return f"1, but no error: {output}"
    return left_running(process.pid)


def handles_signals(process: subprocess.Popen) -> bool:
    """Whether a stage handles signals by now. Python itself, while it starts, has a traceback for Ctrl-C."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return True
    caught = re.search(r"^SigCgt:\s*(\w+)", status, re.MULTILINE)
    return caught is None or bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)


def left_running(session: int) -> str | None:
    """What still runs of a session after a moment in which it may end, if anything does."""
    psutil.wait_procs(running(session), GRACE)
    there = running(session)
    kill_all(there)
    return f"{len(there)} processes go on" if there else None


def running(session: int) -> list[psutil.Process]:
    """List the processes of a session that still run."""
    processes = []
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                processes.append(process)
    return processes


def orphans(session: int) -> list[psutil.Process]:
    """List the FFmpegs of a session that go on although what started them has ended."""
    there, orphaned = running(session), []
    for process in there:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.name().startswith("ffmpeg") and process.parent() not in there:
                orphaned.append(process)
    return orphaned


def kill_all(processes: list[psutil.Process]) -> None:
    """Kill processes, some of which may have ended."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def digests(project: Project) -> dict[str, str]:
    """Hash every file that the pipeline makes, except .gitignore files."""
    hashes = project.digests(*OUTPUTS)
    return {path: digest for path, digest in hashes.items() if not path.endswith(".gitignore")}


def left_over(project: Project) -> list[str]:
    """What a killed stage has left that the next should have removed."""
    return [str(path) for place in OUTPUTS for path in (project.folder / place).rglob(".partial-*")]


if __name__ == "__main__":
    options = command_line.parser(__doc__)
    options.add_argument("kills", nargs="?", type=int, default=KILLS, help=f"how often runs are killed ({KILLS})")
    options.add_argument(
        "interruptions",
        nargs="?",
        type=int,
        default=INTERRUPTIONS,
        help=f"how often stages are interrupted ({INTERRUPTIONS})",
    )
    sys.exit(main(**vars(options.parse_args())) != 0)
