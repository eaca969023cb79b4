"""The processes that `torchrun` starts to train a face network together, or this one alone.

Each does the same, but for its share of every batch and of the clips that are scored. The first one writes and prints.
"""

import os
from collections.abc import Callable, Iterator, Sequence
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


def join(device: torch.device) -> None:
    """Meet the other processes; what they are to add up is on this device."""
    if processes() > 1 and not distributed.is_initialized():
        with _together():
            distributed.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")


def leave() -> None:
    """Part from the other processes, if this one has met them."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def share(batch: Sequence[Item]) -> Sequence[Item]:
    """This process's share of a batch, consecutive items; UserError if there are not two of them for each."""
    if len(batch) < 2 * processes():
        raise UserError(
            f"{PARAMS_FILE}: a batch of {len(batch)} frames (train.batch, train.epoch_frames) is too small for "
            f"{processes()} processes, since each takes two or more; start fewer, or raise it"
        )
    first, last = (len(batch) * number // processes() for number in (rank(), rank() + 1))
    return batch[first:last]


def add(tensors: Sequence[torch.Tensor]) -> None:
    """Make each tensor the sum of what the processes have in its place."""
    if processes() == 1 or not tensors:
        return
    # All in one go, and always in one order: so that they are rounded in the same way in every run.
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    # gloo cannot add on an Apple card.
    total = flat.cpu() if flat.device.type == "mps" else flat
    with _together():
        distributed.all_reduce(total)
    for tensor, part in zip(tensors, total.split([tensor.numel() for tensor in tensors]), strict=True):
        tensor.copy_(part.view(tensor.shape))


def of_first(value: Item) -> Item:
    """What the first process has in this place."""
    held = [value]
    if processes() > 1:
        with _together():
            distributed.broadcast_object_list(held)
    return held[0]


def map_shared(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Apply a function to every item, each in one of the processes; all of them get all results, in order."""
    done = [function(item) for item in items[rank() :: processes()]]
    if processes() == 1:
        return done
    parts = [None] * processes()
    with _together():
        distributed.all_gather_object(parts, done)
    return [parts[number % processes()][number // processes()] for number in range(len(items))]


@contextmanager
def _together() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"another process of this training has failed, or cannot be reached ({reason})") from None
