"""Corrupt the project's own files in thousands of ways: each must be read as it is, or refused by one sentence.

A stage that refuses leaves all outputs as they were, ends within seconds and needs little memory. Run from the
project's folder: python -m torture.fuzz
"""

import importlib
import multiprocessing
import os
import random
import resource
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from autotosis.project import command_line, files
from autotosis.project.errors import UserError, error_sentence
from tests.helpers import Project, copy_of
from torture import mutations, tensor_mutations, tiny
from torture.mutations import Mutation

SEED = 1
INPUTS = 2200
PROCESSES = 2
# What is slower hangs (seconds), what needs more memory eats it all (bytes).
PATIENCE = 20.0
MEMORY = 6 << 30
# A sentence is at most so long (characters).
MAX_MESSAGE_LENGTH = 700
OUTPUTS = ("data/config", "data/dataset", "data/timelines", "data/cuts", "models", "reels")
# Shards are kept by their key, whatever else goes wrong.
KEPT = ("data/frames", "data/excerpts")
FINE = ("one sentence", "accepted")
OUTCOMES = (*FINE, "traceback", "hang", "outputs changed", "other sentence")


@dataclass(frozen=True)
class Kind:
    """A sort of file: where, how it is corrupted, and the stages that read it, each with its share of the inputs.

    Stages run in order until one refuses the file. Its sentence must name the file, or `named`.
    """

    path: str
    mutations: tuple[Mutation, ...]
    stages: tuple[tuple[str, float], ...]
    named: str = ""


DATASET = (("extract_excerpts", 0.2), ("build_dataset", 1.0), ("train", 0.1))
KINDS = {
    "labels": Kind("data/tiny/labels.csv", mutations.TABLE, DATASET),
    "facecams": Kind("data/tiny/facecams.csv", mutations.TABLE, (("configure", 1.0), ("extract_frames", 0.1))),
    "groups": Kind("data/tiny/groups.csv", mutations.TABLE, DATASET[1:]),
    "holdout": Kind("data/tiny/holdout.csv", mutations.TABLE, (("extract_excerpts", 0.2), ("evaluate", 1.0))),
    "edits": Kind("data/tiny/edits/demo.csv", mutations.TABLE, (("select demo", 1.0), ("render demo", 0.15))),
    "cut lists": Kind("data/cuts/demo.csv", mutations.TABLE, (("evaluate", 1.0), ("render demo", 0.15))),
    "timelines": Kind("data/timelines/demo.csv", mutations.TABLE, (("select demo", 1.0), ("evaluate", 0.5))),
    "index": Kind("data/dataset/index.csv", mutations.TABLE, (("train", 1.0),)),
    "params": Kind(
        "params.yaml",
        mutations.PARAMS,
        (
            ("configure", 1.0),
            ("extract_frames", 0.05),
            ("build_dataset", 0.2),
            ("train", 0.2),
            ("predict demo", 0.2),
            ("select demo", 0.2),
            ("evaluate", 0.2),
            ("render demo", 0.05),
            ("compile", 0.05),
        ),
    ),
    "models": Kind("models/model.safetensors", tensor_mutations.TENSORS, (("predict demo", 1.0),)),
    "shards": Kind(
        "data/frames/c01.mp4.safetensors", tensor_mutations.TENSORS, (*DATASET[1:2], ("train", 1.0)), "labels.csv"
    ),
    "old shards": Kind("data/frames/c01.mp4.safetensors", tensor_mutations.TENSORS, (("extract_frames", 1.0),)),
}


def main(inputs: int = INPUTS, repeated: str | None = None, project: Project | None = None) -> dict[str, Counter[str]]:
    """Fuzz, and print a table and every finding.

    Parameters
    ----------
    inputs : int
        How many, dealt over all kinds.
    repeated : str, optional
        One input alone, such as labels:17.
    project : Project, optional
        A built project to copy; otherwise one is made.

    Returns
    -------
    dict
        How often each outcome came, for each kind.
    """
    names = list(KINDS)
    tasks = [(names[number % len(names)], number // len(names)) for number in range(inputs)]
    if repeated:
        name, number = repeated.split(":")
        tasks = [(name, int(number))]
    counts: dict[str, Counter[str]] = {name: Counter() for name in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        pristine = copy_of(project or tiny.build(Path(folder) / "built"), Path(folder) / "pristine").folder
        # A person's cut, which is there only when the kind `edits` is read.
        shutil.copy2(pristine / "data/cuts/demo.csv", pristine / "edits.csv")
        shares = [tasks[first::PROCESSES] for first in range(PROCESSES)]
        with ThreadPoolExecutor(PROCESSES) as pool:
            runs = [pool.submit(_outcomes, share, Path(folder), str(n)) for n, share in enumerate(shares)]
            for run in runs:
                for (name, number), outcome, message in run.result():
                    counts[name][outcome] += 1
                    if repeated or outcome not in FINE:
                        print(f"{name}:{number} {outcome}: {message}", file=sys.stderr)
    all_counts = counts | {"all": sum(counts.values(), Counter())}
    rows = [(name, count.total(), *(count[outcome] for outcome in OUTCOMES)) for name, count in all_counts.items()]
    print(tiny.table(("files", "inputs", *OUTCOMES), rows))
    return counts


def _outcomes(tasks: Sequence[tuple[str, int]], folder: Path, name: str) -> list[tuple[tuple[str, int], str, str]]:
    """The outcome of each task, of a process that is replaced when it hangs or dies."""
    context, done = multiprocessing.get_context("spawn"), []
    process, ours = None, None
    for task in tasks:
        if process is None:
            ours, theirs = context.Pipe()
            shutil.rmtree(folder / name, ignore_errors=True)
            shutil.copytree(folder / "pristine", folder / name, symlinks=True)
            process = context.Process(target=_work, args=(theirs, folder / name, folder / "pristine", int(name)))
            process.start()
            theirs.close()
        ours.send(task)
        try:
            outcome, message = ours.recv() if ours.poll(PATIENCE) else ("hang", f"longer than {PATIENCE:.0f} s")
        except EOFError:
            process.join()
            outcome, message = "traceback", f"the process died of {process.exitcode}"
        done.append((task, outcome, message))
        if outcome == "hang" or message.startswith("the process died"):
            process.kill()
            process.join()
            process = None
    if process:
        ours.send(None)
        process.join()
    return done


def _work(tasks: Connection, folder: Path, pristine: Path, core: int) -> None:
    """Take tasks and send outcomes, in a project of its own."""
    os.chdir(folder)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    if hasattr(os, "sched_setaffinity"):
        # So that a stage starts one process.
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[core % len(cores)]})
    # What stages say, and what FFmpeg says for itself.
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    while (task := tasks.recv()) is not None:
        tasks.send(attempt(*task, pristine))
    # Its own processes end with it.
    os._exit(0)


def attempt(name: str, number: int, pristine: Path) -> tuple[str, str]:
    """Corrupt a file in the current folder, run the stages that read it, and mend all; return how it went."""
    kind, rng = KINDS[name], random.Random(f"{SEED} {name} {number}")
    path = Path(kind.path)
    original = (pristine / ("edits.csv" if name == "edits" else kind.path)).read_bytes()
    files.remove(path)
    if rng.random() < 0.04:
        how = mutations.something_else(path, rng)
    elif rng.random() < 0.01 and kind.mutations is mutations.TABLE:
        how = "many"
        path.write_bytes(mutations.MANY(original, rng))
    else:
        mutation = rng.choice(kind.mutations)
        how = mutation.__name__
        path.write_bytes(mutation(original, rng))
    # At least one stage that reads it.
    stages = [stage for stage, share in kind.stages if rng.random() < share] or [kind.stages[-1][0]]
    for stage in stages:
        before = _state(path)
        outcome, message = _run(stage)
        if outcome != "accepted":
            message = f"{how}, {stage}: {message}"
            break
    if outcome == "one sentence" and _state(path) != before:
        changed = sorted({str(place) for place, _ in before.items() ^ _state(path).items()})
        outcome, message = "outputs changed", f"{message} ({', '.join(changed)})"
    elif outcome == "one sentence" and not _is_good(message, kind):
        outcome = "other sentence"
    files.remove(path)
    _mend(pristine)
    return outcome, message


def _run(stage: str) -> tuple[str, str]:
    module, *arguments = stage.split()
    try:
        importlib.import_module(f"stages.{module}").main(*arguments)
    except (UserError, OSError) as error:
        return "one sentence", error_sentence(error)
    except BaseException:
        return "traceback", traceback.format_exc()
    return "accepted", ""


def _is_good(message: str, kind: Kind) -> bool:
    """Whether a sentence names the file, is one line, and no hidden file is in it."""
    one_line = "\n" not in message and len(message) < MAX_MESSAGE_LENGTH
    names = Path(kind.path).name in message or (kind.named and kind.named in message)
    return bool(one_line and names) and ".partial-" not in message and ".old-" not in message


def _state(corrupted: Path) -> dict[Path, tuple[int, int, int]]:
    """What tells whether each output is as it was, except for the file that was corrupted."""
    paths = (path for output in OUTPUTS for path in Path(output).rglob("*"))
    return {path: _stamp(path) for path in paths if path != corrupted and not path.is_dir()}


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.lstat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _mend(pristine: Path) -> None:
    """Make all files as they were."""
    whole = {path.relative_to(pristine): path for path in _all_files(pristine)}
    for path in _all_files(Path()):
        if path not in whole:
            files.remove(path)
    for path, original in whole.items():
        if not path.is_file() or path.is_symlink() or not _same(path, original):
            files.remove(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(original, path)


def _same(path: Path, original: Path) -> bool:
    return _stamp(path)[1:] == _stamp(original)[1:]


def _all_files(folder: Path) -> Iterator[Path]:
    for place in (*OUTPUTS, *KEPT, "data/tiny", "params.yaml"):
        whole = folder / place
        yield from (path for path in whole.rglob("*") if not path.is_dir()) if whole.is_dir() else [whole]


if __name__ == "__main__":
    options = command_line.parser(__doc__)
    options.add_argument(
        "inputs",
        nargs="?",
        default=str(INPUTS),
        help=f"how many inputs ({INPUTS}), or one to repeat, such as labels:17",
    )
    word = options.parse_args().inputs
    counts_of = main(repeated=word) if ":" in word else main(int(word))
    sys.exit(any(outcome not in FINE for counts in counts_of.values() for outcome in counts))
