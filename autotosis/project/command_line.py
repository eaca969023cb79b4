"""Running a stage from the command line: never twice at once, and errors are one sentence instead of a traceback."""

import argparse
import fcntl
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from autotosis.project import interruption
from autotosis.project.errors import UserError, error_sentence

LOCKS = Path(".dvc/tmp/stages")
# Of a file, in bytes, on most file systems.
MAX_NAME_LENGTH = 255


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Make a parser of the command line of a module that is run with `python -m`; its docstring describes it."""
    spec = sys.modules["__main__"].__spec__
    program = f"python -m {spec.name.removesuffix('.__main__')}" if spec else None
    return argparse.ArgumentParser(program, description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)


def run(main: Callable[..., None], doc: str | None, **arguments: str) -> None:
    """Run a stage from the command line.

    Parameters
    ----------
    main : function
        The stage's function; it is called with one string for each of `arguments`.
    doc : str
        The stage's docstring, shown by `--help`.
    arguments : str
        The name and the help text of each positional argument.
    """
    options = parser(doc)
    for name, text in arguments.items():
        options.add_argument(name, help=text)
    values = vars(options.parse_args())
    # A folder can be written in several ways.
    work = [Path(sys.argv[0]).stem, *(os.path.relpath(value or ".") for value in values.values())]
    with errors_as_sentences(), interruption.cleaning_up(), exclusively(" ".join(work)):
        main(**values)


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """End with one sentence and exit code 1 where the block raises an error that the user can fix."""
    try:
        yield
    except (UserError, OSError) as error:
        sys.exit(f"error: {error_sentence(error)}")


@contextmanager
def exclusively(work: str) -> Iterator[int | None]:
    """Wait until no other process does the same work in this folder, since both write the same files.

    Parameters
    ----------
    work : str
        What it is called, such as "render demo".

    Yields
    ------
    int or None
        The file descriptor of the lock; a program that inherits it keeps the lock until it ends.

    Raises
    ------
    UserError
        If the file system has no locks.
    """
    if "RANK" in os.environ:
        # The processes of torchrun work together.
        yield None
        return
    LOCKS.mkdir(parents=True, exist_ok=True)
    name = work.replace("/", "%")
    if len(os.fsencode(name)) > MAX_NAME_LENGTH:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    with (LOCKS / name).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{work}: waiting for process {_holder(lock)}, which is doing the same", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError as error:
            cause = error_sentence(error)
            raise UserError(
                f"{LOCKS}: this file system cannot lock files ({cause}); keep the project on another one"
            ) from None
        # On a full disk the lock holds all the same.
        with suppress(OSError):
            os.truncate(lock.fileno(), 0)
            os.write(lock.fileno(), str(os.getpid()).encode())
        yield lock.fileno()


def _holder(lock: TextIO) -> str:
    """Read which process holds a lock. It writes its number just after it has taken the lock."""
    for _ in range(100):
        lock.seek(0)
        if number := lock.read():
            return number
        time.sleep(0.01)
    return "(unknown)"
