"""Ctrl-C and a request to end: one line, exit code 130 or 143, and nothing that goes on, at every moment.

Imported before all else, so that a stage that is still importing ends so, too: it imports little itself.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# As in `typing`, which takes a while to import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess

SECONDS_BETWEEN_LOOKS = 0.5
# What is not put away by then stays: hidden files, which the next run replaces (seconds).
PATIENCE = 3
WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
# As early as can be, since DVC may be killed while a stage is still importing.
PARENT = os.getppid()

# What FFmpeg and the like are at work for this process.
programs: "set[subprocess.Popen[bytes]]" = set()


class _State:
    """Which signal has come, whether there is anything to put away, and whether one has to wait."""

    asked: int | None = None
    in_main = False
    held = 0
    waiting: int | None = None


_state = _State()


def install() -> None:
    """End as said above from now on, also when DVC, which started this stage, is killed."""
    signal.signal(signal.SIGINT, _end)
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGALRM, _end)
    if "DVC_STAGE" in os.environ and not _is_worker():
        import threading

        # DVC could not be told any more what a stage left behind has made.
        threading.Thread(target=_end_with_dvc, daemon=True).start()


def is_starting() -> bool:
    """Whether Python was started to run a module, and is on its way to it; not where a test merely imports one."""
    return sys.argv[0] == "-m" or _is_worker()


@contextmanager
def put_away() -> Iterator[None]:
    """A block that is left, when a signal comes, as by an exception, so that what it has begun is put away."""
    _state.in_main = True
    try:
        yield
    except BaseException:
        # Whatever became of the exception on its way, as in a library that turns all of them into its own.
        if _state.asked is None:
            raise
    finally:
        _state.in_main = False
        if _state.asked is not None:
            _end_now(_state.asked)
        # All is done, or has failed, and Python ends in a moment, in which it forgets the handlers.
        for number in WORDS:
            signal.signal(number, signal.SIG_IGN)


def asked() -> bool:
    """Whether a signal has come, so that nobody waits for what is still at work."""
    return _state.asked is not None


@contextmanager
def held() -> Iterator[None]:
    """A short block that no signal interrupts: it is dealt with at the end."""
    _state.held += 1
    try:
        yield
    finally:
        _state.held -= 1
        if not _state.held and _state.waiting is not None:
            _end(_state.waiting, None)


def _end(number: int, _: FrameType | None) -> None:
    if _state.held:
        _state.waiting = number
        return
    if _state.asked is not None or _is_worker() or not _state.in_main:
        _end_now(_state.asked or number)
    _state.asked = number
    # What is raised in here may be lost: where there is nobody to raise it to, Python shows it and goes on.
    sys.unraisablehook = lambda _: None
    signal.alarm(PATIENCE)
    raise SystemExit


def _end_now(number: int) -> None:
    end_programs()
    # A signal may come while multiprocessing is half imported; then there are no children.
    children = getattr(sys.modules.get("multiprocessing"), "active_children", list)
    for child in children():
        child.terminate()
    # Of a stage's processes only the first one speaks.
    if not _is_worker() and os.environ.get("RANK", "0") == "0":
        os.write(2, f"{WORDS[signal.Signals(number)]}\n".encode())
    os._exit(128 + number)


def end_programs() -> None:
    """Kill what is at work for this process."""
    for program in programs.copy():
        program.kill()


def _is_worker() -> bool:
    return "--multiprocessing-fork" in sys.orig_argv


def _end_with_dvc() -> None:
    import time

    while os.getppid() == PARENT:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGTERM)
