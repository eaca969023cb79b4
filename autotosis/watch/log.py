"""The log of `autotosis.watch`: watch.log has a line for each thing that happened."""

import time
from contextlib import suppress
from pathlib import Path

from autotosis.project import names

LOG = Path("watch.log")


def log(line: str) -> None:
    """Print a line, and append it to the log with the time."""
    line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {names.printable(' '.join(line.splitlines()))}"
    # The disk may be full, or the program that reads what is printed may have ended. Each of the two may work alone.
    with suppress(OSError):
        print(line, flush=True)
    with suppress(OSError), LOG.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
