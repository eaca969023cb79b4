"""Ctrl-C (SIGINT) and SIGTERM: a stage prints one line, leaves no process running, and exits with 130 or 143.

It is imported first, so that signals are handled while a stage is still importing. It therefore imports little itself.
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

# How often to check whether DVC is still running (seconds).
POLL = 0.5
# How long cleaning up may take (seconds). Temporary files left after that are hidden, and the next run replaces them.
PATIENCE = 3
WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
# Read as early as possible, because DVC may be killed while a stage is still importing.
PARENT = os.getppid()

# Programs that this process has started, such as FFmpeg.
programs: "set[subprocess.Popen[bytes]]" = set()


class _State:
    """The signal that has come, whether it is to raise SystemExit, the blocks of `held`, and the signal held back."""

    received: int | None = None
    cleans_up = False
    held = 0
    held_back: int | None = None


_state = _State()


def install() -> None:
    """Install the signal handlers, and end this stage if DVC, which started it, is killed."""
    signal.signal(signal.SIGINT, _end)
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGALRM, _end)
    if "DVC_STAGE" in os.environ and not _is_worker():
        import threading

        # Without DVC, nothing would record the stage's output.
        threading.Thread(target=_end_with_dvc, daemon=True).start()


def install_at_start() -> None:
    """Install the signal handlers if Python is importing the module that it was started to run, and not in a test."""
    if sys.argv[0] == "-m" or _is_worker():
        install()


@contextmanager
def cleaning_up() -> Iterator[None]:
    """Within this block, a signal raises SystemExit, so that `finally` clauses clean up before the process ends."""
    _state.cleans_up = True
    try:
        yield
    except BaseException:
        # After a signal, the exception may be another one, because some libraries convert all of them to their own.
        if _state.received is None:
            raise
    finally:
        _state.cleans_up = False
        if _state.received is not None:
            _end_now(_state.received)
        # Python removes the handlers while it shuts down, and a signal would then end it without a message.
        for number in WORDS:
            signal.signal(number, signal.SIG_IGN)


def received() -> bool:
    """Return whether a signal has come, so that nothing need be waited for."""
    return _state.received is not None


@contextmanager
def held() -> Iterator[None]:
    """Within this short block, signals are held back; they are handled at its end."""
    _state.held += 1
    try:
        yield
    finally:
        _state.held -= 1
        if not _state.held and _state.held_back is not None:
            _end(_state.held_back, None)


def _end(number: int, _: FrameType | None) -> None:
    if _state.held:
        _state.held_back = number
        return
    if _state.received is not None or _is_worker() or not _state.cleans_up:
        _end_now(_state.received or number)
    _state.received = number
    # Raised in a destructor, SystemExit is only printed by Python, and lost; then the alarm ends the process.
    sys.unraisablehook = lambda _: None
    signal.alarm(PATIENCE)
    raise SystemExit


def _end_now(number: int) -> None:
    end_programs()
    # A signal may come while multiprocessing is half imported; then there are no children.
    children = getattr(sys.modules.get("multiprocessing"), "active_children", list)
    for child in children():
        child.terminate()
    # Only the first of a stage's processes prints a message.
    if not _is_worker() and os.environ.get("RANK", "0") == "0":
        os.write(2, f"{WORDS[signal.Signals(number)]}\n".encode())
    os._exit(128 + number)


def end_programs() -> None:
    """Kill the programs that this process has started."""
    for program in programs.copy():
        program.kill()


def _is_worker() -> bool:
    return "--multiprocessing-fork" in sys.orig_argv


def _end_with_dvc() -> None:
    import time

    while os.getppid() == PARENT:
        time.sleep(POLL)
    os.kill(os.getpid(), signal.SIGTERM)
