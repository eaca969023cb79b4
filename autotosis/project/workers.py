"""A map over independent items, in parallel, on this machine or many, with a progress bar."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache, partial
from typing import TypeVar

from autotosis.project.errors import UserError
from autotosis.project.progress import ProgressBar

# Dask's own variable, which holds the address of a cluster's scheduler, such as tcp://10.0.0.1:8786.
SCHEDULER = "DASK_SCHEDULER_ADDRESS"
SECONDS_TO_CONNECT = 10

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """The number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_parallel(
    function: Callable[[Item], Result], items: Sequence[Item], message: str, unit: str, at_most: int | None = None
) -> Iterator[Result]:
    """Apply a function to every item: one process per core or, where the environment names one, a Dask cluster.

    Parameters
    ----------
    function : function
        Defined at the top of a module, since the processes import it by name.
    items : sequence
        What to apply it to; each item and result must be picklable.
    message, unit : str
        For the progress bar.
    at_most : int, optional
        Processes on this machine, where something else than cores is scarce.

    Yields
    ------
    The results in the order of the items, each as soon as it and those before it are there.

    Raises
    ------
    Whatever the function raises for the first item that fails; UserError if a process is killed, or the cluster
    cannot be reached.
    """
    if not items:
        return
    over = _over_cluster if SCHEDULER in os.environ else partial(_over_cores, min(cores(), at_most or cores()))
    with ProgressBar(message, len(items), unit) as bar:
        for result in over(function, items, message):
            bar.advance()
            yield result


def run_all(
    function: Callable[[Item], None], items: Sequence[Item], message: str, unit: str, at_most: int | None = None
) -> None:
    """Call a function that returns nothing for every item; see `run_parallel`."""
    for _ in run_parallel(function, items, message, unit, at_most):
        pass


def _over_cores(
    processes: int, function: Callable[[Item], Result], items: Sequence[Item], message: str
) -> Iterator[Result]:
    pool, whole = _pool(processes), False
    try:
        yield from pool.map(function, items)
        whole = True
    except BrokenProcessPool:
        raise UserError(f"{message}: a process was killed, most likely for want of memory; free some") from None
    finally:
        if not whole:
            _pool.cache_clear()
            pool.shutdown(wait=True, cancel_futures=True)


@lru_cache
def _pool(processes: int) -> ProcessPoolExecutor:
    """Processes that are there until the stage ends, since it takes half a second to start one."""
    return ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=_die_with_parent)


def _die_with_parent() -> None:
    # A killed parent closes no queue that its workers wait on: without this they would wait for ever.
    def watch() -> None:
        parent = multiprocessing.parent_process()
        if parent:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _over_cluster(function: Callable[[Item], Result], items: Sequence[Item], message: str) -> Iterator[Result]:
    # Only here, since it takes a second and most machines are alone.
    from distributed import Client
    from distributed.scheduler import KilledWorker

    address = os.environ[SCHEDULER]
    try:
        client = Client(address, timeout=SECONDS_TO_CONNECT)
    except (OSError, ValueError) as error:
        raise UserError(f"{SCHEDULER} is {address}: no Dask scheduler answers there ({error})") from None
    with client:
        try:
            # Workers on other machines find the files by the same names, in the same folder.
            for future in client.map(partial(_in_folder, os.getcwd(), function), items, pure=False):
                yield future.result()
        except KilledWorker:
            raise UserError(
                f"{message}: several workers of the cluster were killed on the same task, most likely for want of "
                "memory; free some"
            ) from None


def _in_folder(folder: str, function: Callable[[Item], Result], item: Item) -> Result:
    os.chdir(folder)
    return function(item)
