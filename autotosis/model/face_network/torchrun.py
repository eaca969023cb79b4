"""The processes that `torchrun` starts to train a face network together, or this one alone.

Each does the same, but for its share of every batch and of the clips that are scored. The first one writes and prints.
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
    """Which of the processes this is, from 0; torchrun says so in the environment."""
    return int(os.environ.get("RANK", 0))


def local_rank() -> int:
    """Which of the processes on this machine this is, from 0."""
    return int(os.environ.get("LOCAL_RANK", 0))


def processes() -> int:
    """How many there are, on all machines."""
    return int(os.environ.get("WORLD_SIZE", 1))


@contextmanager
def failures_told() -> Iterator[None]:
    """Where another process fails, PyTorch's error becomes a UserError."""
    try:
        yield
    except RuntimeError as error:
        if processes() == 1:
            raise
        reason = str(error).splitlines()[0]
        raise UserError(f"another process of this training has failed, or cannot be reached ({reason})") from None


@failures_told()
def join(device: torch.device) -> None:
    """Meet the other processes, if there are any, and use this device for what they compute together."""
    if processes() > 1 and not distributed.is_initialized():
        distributed.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")


def leave() -> None:
    """Part from the other processes, if this one has met them."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


@failures_told()
def wait() -> None:
    """Wait until all processes are here."""
    if processes() > 1:
        distributed.barrier()


def share(batch: Sequence[Item]) -> Sequence[Item]:
    """This process's share of a batch, consecutive items; UserError if there are not two of them for each."""
    if len(batch) < 2 * processes():
        raise UserError(
            f"{PARAMS_FILE}: a batch of {len(batch)} frames (train.batch, train.epoch_frames) is too small for "
            f"{processes()} processes, since each takes two or more; start fewer, or raise it"
        )
    first, last = (len(batch) * number // processes() for number in (rank(), rank() + 1))
    return batch[first:last]


@failures_told()
def mean(value: torch.Tensor) -> torch.Tensor:
    """The mean over all processes of a number that each has."""
    if processes() > 1:
        distributed.all_reduce(value)
    return value / processes()


@failures_told()
def take_first(tensors: Iterable[torch.Tensor]) -> None:
    """Give all processes the tensors of the first one, in place."""
    if processes() > 1:
        for tensor in tensors:
            distributed.broadcast(tensor, 0)


def check_same(epochs: int) -> None:
    """UserError unless all processes have found a checkpoint after so many epochs."""
    if len(set(gather(epochs))) > 1:
        raise UserError("the machines of this training have different checkpoints: remove models/.checkpoints on all")


@failures_told()
def gather(value: Item) -> list[Item]:
    """What each process has in this place, in the order of their ranks."""
    if processes() == 1:
        return [value]
    parts: list[Item] = [value] * processes()
    distributed.all_gather_object(parts, value)
    return parts


def map_shared(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Apply a function to every item, each in one of the processes; all of them get all results, in order."""
    parts = gather([function(item) for item in items[rank() :: processes()]])
    return [parts[number % processes()][number // processes()] for number in range(len(items))]
