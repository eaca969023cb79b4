"""What a face network costs, and how much of its speed in training is left once frames are read and augmented.

Measures in turn the bare step of the network (forward, loss, backward, optimizer) on one random batch in memory, and
an epoch of training on shards that it makes in a temporary folder. It takes two minutes on two cores:

    python -m benchmarks.training
"""

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from autotosis.model.face_network import batches, network, training
from autotosis.model.face_network.network import FaceNetwork
from autotosis.project import command_line, params
from autotosis.project.params import Train
from autotosis.signals import features, shards

ARCHITECTURE = "resnet18"
SIZE = 128
CLIPS = 24
MOMENTS = 80
STEPS = 4
ROUNDS = 8
LOOKS = 640
# Moments of an hour, ten per second.
HOUR = 36_000


def measure(precision: str = "auto") -> tuple[float, float, float]:
    """Train as in params.yaml, on any device, in this arithmetic.

    Returns
    -------
    float
        Images per second of the bare step, the median over rounds.
    float
        The same of an epoch.
    float
        The second over the first, the median over rounds.
    """
    train = params.load().train
    train = train.model_copy(
        update={
            "architecture": ARCHITECTURE,
            "epoch_frames": STEPS * train.batch,
            "epochs": 1 + ROUNDS,
            "precision": precision,
        }
    )
    device, dtype = training.prepare(train)
    model = network.build(ARCHITECTURE, None, SIZE, device)
    optimizer, scheduler = training.build_optimizer(model, train)
    with tempfile.TemporaryDirectory() as folder:
        frames = make_frames(Path(folder))
        bare = partial(bare_steps, model, optimizer, random_batch(train, device), dtype)
        epoch = partial(training.train_epoch, model, optimizer, scheduler, train, frames, 0, dtype, "an epoch")
        seconds = []
        for _ in range(1 + ROUNDS):
            torch.use_deterministic_algorithms(False)
            of_bare = timed(bare)
            training.prepare(train)
            seconds.append((of_bare, timed(epoch)))
    # The first round warms up.
    speeds = STEPS * train.batch / np.array(seconds[1:])
    return *np.median(speeds, axis=0).tolist(), float(np.median(speeds[:, 1] / speeds[:, 0]))


def make_frames(folder: Path) -> list[batches.LabelledFrame]:
    """Labelled frames of noise, in shards as of clips of eight seconds."""
    draw = np.random.default_rng(0)
    frames = []
    for clip in range(CLIPS):
        path = folder / f"{clip}{shards.SUFFIX}"
        moments = features.Moments(
            np.arange(MOMENTS) / 10,
            draw.integers(0, 256, (MOMENTS, SIZE, SIZE, 3), np.uint8),
            np.zeros((MOMENTS, features.COLUMNS), np.float32),
        )
        shards.write(path, moments, slice(0, MOMENTS), MOMENTS / 10, str(clip))
        shard = shards.Shard(path)
        frames += [batches.LabelledFrame(shard, moment, moment % 2, 0.0, 1.0) for moment in range(MOMENTS)]
    return frames


def random_batch(train: Train, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures in the network's memory format, and their labels."""
    pictures = torch.rand(train.batch, 3, SIZE, SIZE, device=device).to(memory_format=torch.channels_last)
    return pictures, torch.arange(train.batch, device=device).remainder(2).float()


def bare_steps(
    model: FaceNetwork,
    optimizer: torch.optim.Optimizer,
    batch: tuple[torch.Tensor, torch.Tensor],
    dtype: torch.dtype,
) -> None:
    """As many steps as an epoch has."""
    pictures, labels = batch
    model.train()
    for _ in range(STEPS):
        loss = functional.binary_cross_entropy_with_logits(network.logits(model, pictures, dtype), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    # Waits for the device.
    loss.item()


def timed(run: Callable[[], object]) -> float:
    """Time a call (seconds)."""
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def main() -> None:
    table = []
    for precision in ("float32", "bfloat16"):
        bare, epoch, ratio = measure(precision)
        table.append(
            [f"{bare:.0f}", f"{epoch:.0f}", f"{ratio:.2f}", f"{HOUR / epoch:.0f}", f"{HOUR / look(precision):.0f}"]
        )
    names = ("bare step, images per second", "epoch, images per second", "ratio")
    names += ("an epoch over an hour of clips, seconds", "looking at an hour of faces, seconds")
    print(f"| {ARCHITECTURE} | float32 | bfloat16 |\n| --- | --- | --- |")
    for name, *cells in zip(names, *table, strict=True):
        print(f"| {name} | {' | '.join(cells)} |")


def look(precision: str) -> float:
    """Images per second of scoring."""
    train = params.load().train
    device = network.choose_device("train.device", train.device)
    model = network.build(ARCHITECTURE, None, SIZE, device).eval()
    faces = [np.zeros((SIZE, SIZE, 3), np.uint8)] * LOOKS
    return LOOKS / timed(lambda: network.score(model, faces, network.choose_dtype(precision, device)))


if __name__ == "__main__":
    command_line.parser(__doc__).parse_args()
    main()
