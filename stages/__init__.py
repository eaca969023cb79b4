"""The stages of the pipeline, one script each. Ctrl-C or a kill signal ends a stage with one line, at any time."""

import multiprocessing
import signal
import sys
from types import FrameType


def _end(number: int, _: FrameType | None) -> None:
    # Only the main process of a stage prints.
    if multiprocessing.parent_process() is None:
        print("interrupted" if number == signal.SIGINT else "terminated", file=sys.stderr)
    raise SystemExit(128 + number)


signal.signal(signal.SIGINT, _end)
signal.signal(signal.SIGTERM, _end)
