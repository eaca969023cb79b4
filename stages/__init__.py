"""The stages of the pipeline, a script each. Ctrl-C and a request to end are one line, from the first import on."""

import multiprocessing
import signal
import sys
from types import FrameType


def _end(number: int, _: FrameType | None) -> None:
    # Of a stage's processes only the first one speaks.
    if multiprocessing.parent_process() is None:
        print("interrupted" if number == signal.SIGINT else "asked to end", file=sys.stderr)
    raise SystemExit(128 + number)


signal.signal(signal.SIGINT, _end)
signal.signal(signal.SIGTERM, _end)
