"""Running a stage from the command line: never twice at once, and errors are one sentence instead of a traceback."""

import argparse
import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from autotosis.project.errors import UserError, error_sentence

LOCKS = Path(".dvc/tmp/stages")
SECONDS_BETWEEN_LOOKS = 0.5


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
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, text in arguments.items():
        parser.add_argument(name, help=text)
    values = vars(parser.parse_args())
    end_with_dvc()
    try:
        with alone(" ".join([Path(sys.argv[0]).stem, *values.values()])):
            main(**values)
    except (UserError, OSError) as error:
        sys.exit(f"error: {error_sentence(error)}")


def end_with_dvc() -> None:
    """End this stage if the `dvc` that started it is killed, because nobody would record what it makes."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        os.kill(os.getpid(), signal.SIGTERM)

    if "DVC_STAGE" in os.environ:
        threading.Thread(target=watch, daemon=True).start()


@contextmanager
def alone(work: str) -> Iterator[None]:
    """Wait until no other process does the same work in this folder, because both would write the same files.

    Parameters
    ----------
    work : str
        The name of the work, such as "render demo"; processes with the same name exclude each other.
    """
    if "RANK" in os.environ:
        # torchrun starts several processes of one stage, which share the work.
        yield
        return
    LOCKS.mkdir(parents=True, exist_ok=True)
    with (LOCKS / work.replace("/", "%")).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            print(f"{work}: waiting for process {lock.read() or '(unknown)'}, which is doing the same", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield
