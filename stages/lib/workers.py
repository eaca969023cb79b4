"""A map over independent items, in parallel, with a progress bar."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from stages.lib.errors import UserError
from stages.lib.progress_bar import ProgressBar

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """The number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map(function: Callable[[Item], Result], items: Sequence[Item], message: str, unit: str) -> Iterator[Result]:
    """Apply a function to every item, one process per core.

    Parameters
    ----------
    function : function
        Defined at the top of a module, since the processes import it by name.
    items : sequence
        What to apply it to; each item and result must be picklable.
    message, unit : str
        For the progress bar.

    Yields
    ------
    The results in the order of the items, each as soon as it and those before it are there.

    Raises
    ------
    Whatever the function raises for the first item that fails; UserError if a process is killed.
    """
    if not items:
        return
    with (
        ProgressBar(message, len(items), unit) as bar,
        ProcessPoolExecutor(
            min(cores(), len(items)), multiprocessing.get_context("spawn"), initializer=_die_with_parent
        ) as pool,
    ):
        try:
            for result in pool.map(function, items):
                bar.advance()
                yield result
        except BrokenProcessPool:
            raise UserError(f"{message}: a process was killed, most likely for want of memory; free some") from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _die_with_parent() -> None:
    # A killed parent closes no queue that its workers wait on: without this they would wait for ever.
    def watch() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
