"""Applying a function to many independent items in parallel, on this machine or a cluster, with a progress bar."""

import errno
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache, partial
from typing import TYPE_CHECKING, TypeVar

from autotosis.project import interruption
from autotosis.project.errors import UserError, error_sentence
from autotosis.project.progress import ProgressBar

if TYPE_CHECKING:
    from distributed import Client, Worker

# An environment variable of Dask: the address of a cluster's scheduler, such as tcp://10.0.0.1:8786.
SCHEDULER = "DASK_SCHEDULER_ADDRESS"
# How often to ask whether the cluster has finished what it is doing (seconds).
POLL = 0.5

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """Return the number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_parallel(
    function: Callable[[Item], Result], items: Sequence[Item], message: str, unit: str, at_most: int | None = None
) -> Iterator[Result]:
    """Apply a function to every item, in one process per core or on the Dask cluster that the environment names.

    With a single item or a single core, this process does the work itself.

    Parameters
    ----------
    function : function
        The function to apply. It must be defined at the top level of a module, because processes import it by name.
    items : sequence
        The arguments; items and results must be picklable.
    message, unit : str
        The name of the work and the unit that items are counted in, for the progress bar.
    at_most : int, optional
        The largest number of processes on this machine, if something other than cores is scarce. Such work is not
        spread over a cluster, whose machines may lack it.

    Yields
    ------
    object
        The results in the order of the items, each as soon as it and all before it are available.

    Raises
    ------
    UserError
        If processes cannot be started, one is killed, or the cluster cannot be reached any more. Errors raised by the
        function are passed on.
    """
    if not items:
        return
    processes = min(cores(), at_most or cores())
    if SCHEDULER in os.environ and at_most is None:
        results = _over_cluster(function, items, message)
    elif min(processes, len(items)) == 1:
        results = map(function, items)
    else:
        results = _over_cores(processes, function, items, message)
    with ProgressBar(message, len(items), unit) as bar:
        for result in results:
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
        # Ctrl-C reaches all processes of the terminal. Workers inherit this mask, so they never see it: this process
        # ends them, without waiting.
        seen = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            results = pool.map(function, items)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, seen)
        yield from results
        whole = True
    except BrokenProcessPool:
        raise UserError(
            f"{message}: a process was killed, most likely because memory ran out; free some memory"
        ) from None
    finally:
        if not whole:
            _pool.cache_clear()
            if interruption.received():
                for child in multiprocessing.active_children():
                    child.terminate()
            pool.shutdown(wait=True, cancel_futures=True)


@lru_cache
def _pool(processes: int) -> ProcessPoolExecutor:
    """Create the worker processes. They live until the stage ends, because starting one takes half a second."""
    try:
        return ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=_die_with_parent)
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise
        # It names no file.
        raise UserError(
            f"/dev/shm: the semaphores of worker processes cannot be created there ({error_sentence(error)}); free "
            "some space in it, or make it writable"
        ) from None


def _die_with_parent() -> None:
    interruption.install()

    # A killed parent closes no queue that its workers wait on: without this they would wait for ever.
    def watch() -> None:
        parent = multiprocessing.parent_process()
        if parent:
            parent.join()
        interruption.end_programs()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _over_cluster(function: Callable[[Item], Result], items: Sequence[Item], message: str) -> Iterator[Result]:
    # Imported here because it takes a second, and few users have a cluster.
    from distributed import Client
    from distributed.scheduler import KilledWorker

    address = os.environ[SCHEDULER]
    try:
        client = Client(address)
    except (OSError, ValueError) as error:
        raise UserError(f"{SCHEDULER} is {address}: no Dask scheduler answers there ({error})") from None
    with client:
        if not client.scheduler_info()["workers"]:
            print(f"{address}: the cluster has no workers yet; waiting", file=sys.stderr, flush=True)
            client.wait_for_workers(1)
        _wait_until_idle(client, address)
        try:
            # Workers on other machines see the project in the same folder.
            for future in client.map(partial(_in_folder, os.getcwd(), function), items, pure=False):
                yield future.result()
        except CancelledError:
            raise UserError(
                f"{message}: the Dask scheduler {address} does not answer any more; check that it is running, and run "
                "the same command again"
            ) from None
        except KilledWorker:
            raise UserError(
                f"{message}: several workers of the cluster were killed by the same task, most likely because memory "
                "ran out; free some memory"
            ) from None


def _wait_until_idle(client: "Client", address: str) -> None:
    """Wait until no worker has a task. A run that was interrupted leaves some, and they write the same files."""
    waiting = False
    while any(client.run(_is_busy, on_error="ignore").values()):
        if not waiting:
            print(f"{address}: waiting until the cluster has finished the tasks of another run", file=sys.stderr)
        waiting = True
        time.sleep(POLL)


def _is_busy(dask_worker: "Worker") -> bool:
    # Tasks that were cancelled while they ran are among them.
    return bool(dask_worker.state.executing)


def _in_folder(folder: str, function: Callable[[Item], Result], item: Item) -> Result:
    os.chdir(folder)
    return function(item)
