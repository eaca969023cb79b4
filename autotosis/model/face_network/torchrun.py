"""The processes that `torchrun` starts to train a face network together; without `torchrun`, there is only this one.

All of them do the same, but each takes only its share of every batch, and of the clips to score. Only the first one
writes and prints.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import distributed

from autotosis.project.errors import UserError
from autotosis.project.params import PARAMS_FILE

Item = TypeVar("Item")
Result = TypeVar("Result")


def rank() -> int:
    """Return the number of this process among all, from 0, which torchrun puts into the environment."""
    return int(os.environ.get("RANK", 0))


def local_rank() -> int:
    """Return the number of this process among those on this machine, from 0."""
    return int(os.environ.get("LOCAL_RANK", 0))


def processes() -> int:
    """Return the number of processes on all machines."""
    return int(os.environ.get("WORLD_SIZE", 1))


@contextmanager
def reporting_failures() -> Iterator[None]:
    """Turn PyTorch's error into a UserError if another process fails."""
    try:
        yield
    except RuntimeError as error:
        if processes() == 1:
            raise
        reason = str(error).splitlines()[0]
        raise UserError(f"another process of this training has failed, or cannot be reached ({reason})") from None


@reporting_failures()
def join(device: torch.device) -> None:
    """Connect to the other processes, if there are any.

    Parameters
    ----------
    device : device
        The device that trains the network. It decides which backends are used to communicate.
    """
    if processes() > 1 and not distributed.is_initialized():
        distributed.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")


def leave() -> None:
    """Disconnect from the other processes, if this one is connected to them."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


@reporting_failures()
def wait() -> None:
    """Wait until all processes are here."""
    if processes() > 1:
        distributed.barrier()


def share(batch: Sequence[Item]) -> Sequence[Item]:
    """Return this process's share of a batch, consecutive items; UserError if it would be less than two."""
    if len(batch) < 2 * processes():
        raise UserError(
            f"{PARAMS_FILE}: a batch of {len(batch)} frames (train.batch, train.epoch_frames) is too small for "
            f"{processes()} processes, since each takes two or more; start fewer, or raise it"
        )
    first, last = (len(batch) * number // processes() for number in (rank(), rank() + 1))
    return batch[first:last]


@reporting_failures()
def mean(value: torch.Tensor) -> torch.Tensor:
    """Average a number over all processes."""
    if processes() > 1:
        distributed.all_reduce(value)
    return value / processes()


@reporting_failures()
def broadcast(tensors: Iterable[torch.Tensor]) -> None:
    """Overwrite tensors in all processes with those of the first one."""
    if processes() > 1:
        for tensor in tensors:
            distributed.broadcast(tensor, 0)


def check_same_epoch(epochs: int) -> None:
    """Check that all processes found a checkpoint after the same number of epochs; UserError if they did not."""
    if len(set(gather(epochs))) > 1:
        raise UserError(
            "the machines of this training have different checkpoints: remove models/.checkpoints on all of them"
        )


@reporting_failures()
def gather(value: Item) -> list[Item]:
    """Collect the value of each process, in the order of ranks."""
    if processes() == 1:
        return [value]
    parts: list[Item] = [value] * processes()
    distributed.all_gather_object(parts, value)
    return parts


def map_shared(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Apply a function to all items, divided among the processes. Each gets all results, in the order of the items."""
    parts = gather([function(item) for item in items[rank() :: processes()]])
    return [parts[number % processes()][number // processes()] for number in range(len(items))]
