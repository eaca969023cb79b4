"""Running other programs so that none is left behind."""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from autotosis.project import interruption

# Of Linux, <sys/prctl.h>: the signal that a process gets when the one that started it ends, however it ends.
PR_SET_PDEATHSIG = 1
# Loaded beforehand, since a process between fork and exec had better load nothing.
LIBC = ctypes.CDLL(None)


def run(command: Sequence[str], folder: Path, stdin: Iterable[memoryview] = ()) -> tuple[int, str]:
    """Run a program in a folder until it ends, or until this process is interrupted or, on Linux, killed.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments.
    folder : Path
        Its working folder.
    stdin : iterable of memoryview
        What is written to its standard input.

    Returns
    -------
    int
        Its exit code.
    str
        What it printed on standard error.
    """
    # A file, because nobody would read from a pipe while the input is written.
    with tempfile.TemporaryFile("w+", errors="replace") as errors:
        with interruption.held():
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                preexec_fn=partial(_end_with, os.getpid()) if sys.platform == "linux" else None,
            )
            interruption.programs.add(process)
        assert process.stdin is not None
        try:
            # A program that stops reading says why.
            with suppress(BrokenPipeError), process.stdin as reader:
                for block in stdin:
                    reader.write(block)
            process.wait()
        finally:
            process.kill()
            process.wait()
            interruption.programs.discard(process)
        errors.seek(0)
        return process.returncode, errors.read()


def _end_with(parent: int) -> None:
    """Have this process, which is about to become another program, end when its parent does."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # It ended before it could be watched.
        os._exit(1)
