"""Training a face network on what the linear model does not explain, epoch by epoch.

If `torchrun` started several processes, they train together: each learns from its share of every batch, and PyTorch's
DistributedDataParallel averages their gradients, so that all take the same step.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torchvision
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel
from torch.optim.lr_scheduler import OneCycleLR

from autotosis.model.face_network import augment, batches, checkpoint, network, torchrun
from autotosis.model.face_network.batches import LabelledFrame
from autotosis.model.face_network.network import FaceNetwork
from autotosis.project import params
from autotosis.project.errors import UserError
from autotosis.project.params import Train
from autotosis.project.progress import ProgressBar

# Gradients with a larger norm are scaled down to this one, so that one odd batch cannot undo the training.
MAX_GRADIENT_NORM = 1.0


def fit(
    train: Train, size: int, frames: Sequence[LabelledFrame], name: str, checkpoint_path: Path
) -> tuple[FaceNetwork, list[float]]:
    """Train a face network, starting from its checkpoint, if there is one.

    Parameters
    ----------
    train : Train
        The parameters of training.
    size : int
        The width and height of the frames, pixels.
    frames : sequence of LabelledFrame
        The frames to learn from. The logit of the network is added to their offsets.
    name : str
        The name of this training in messages, since cross-validation trains several networks.
    checkpoint_path : Path
        The path of the checkpoint, which is written after each epoch.

    Returns
    -------
    FaceNetwork
        The network, in evaluation mode.
    list of float
        The mean loss of each epoch, nats per frame.

    Raises
    ------
    UserError
        If there is no such network or device, if batches are too small for the number of processes, or if the training
        diverges.
    """
    device, dtype = prepare(train)
    torch.manual_seed(train.seed)
    model = network.build(train.architecture or "", train.weights, size, device)
    torchrun.join(device)
    optimizer, scheduler = build_optimizer(model, train)
    key = training_key(train, frames, device, dtype)
    losses = checkpoint.load(checkpoint_path, key, model, optimizer, scheduler)
    torchrun.check_same_epoch(len(losses))
    with torchrun.reporting_failures():
        parallel = DistributedDataParallel(model) if torchrun.processes() > 1 else model
    for epoch in range(len(losses), train.epochs):
        loss = train_epoch(parallel, optimizer, scheduler, train, frames, epoch, dtype, name)
        if not math.isfinite(loss):
            raise UserError(
                f"{params.PARAMS_FILE}: train.learning_rate {train.learning_rate:g} is too high: the loss is {loss}"
            )
        losses.append(loss)
        if torchrun.rank() == 0:
            checkpoint.save(checkpoint_path, key, losses, model, optimizer, scheduler)
        torchrun.wait()
    # DistributedDataParallel shares the running means of normalization layers before each batch, but not after the last
    # one.
    torchrun.broadcast(model.buffers())
    return model.eval(), losses


def prepare(train: Train) -> tuple[torch.device, torch.dtype]:
    """Make PyTorch compute the same in every run, and choose the device and the number format.

    Parameters
    ----------
    train : Train
        The parameters of training.

    Returns
    -------
    device
        The device that trains the network.
    dtype
        The number format of its calculations.
    """
    torch.set_num_threads(train.threads)
    # If a layer has no deterministic algorithm on this device, PyTorch only warns.
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Filling memory takes a few percent of the time, and nothing here reads memory before writing to it.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    device = network.choose_device("train.device", train.device, torchrun.local_rank())
    return device, network.choose_dtype(train.precision, device)


def build_optimizer(model: FaceNetwork, train: Train) -> tuple[torch.optim.Optimizer, OneCycleLR]:
    """Build AdamW and a schedule whose learning rate rises in the first epoch, then falls (Smith and Topin, 2018)."""
    # The fused implementation passes over the weights only once.
    optimizer = torch.optim.AdamW(model.parameters(), train.learning_rate, weight_decay=train.weight_decay, fused=True)
    steps = batches.count(train.epoch_frames, train.batch)
    # OneCycleLR divides by zero if the rise has a single step.
    total = max(4, train.epochs * steps)
    rise = min(max(2, steps) / total, 0.5)
    scheduler = OneCycleLR(optimizer, train.learning_rate, total_steps=total, pct_start=rise, cycle_momentum=False)
    return optimizer, scheduler


def train_epoch(
    model: FaceNetwork | DistributedDataParallel,
    optimizer: torch.optim.Optimizer,
    scheduler: OneCycleLR,
    train: Train,
    frames: Sequence[LabelledFrame],
    epoch: int,
    dtype: torch.dtype,
    name: str,
) -> float:
    """Train for one epoch, and return the mean loss, nats per frame."""
    # Everything random in an epoch follows from its number, so that an interrupted training continues exactly as it
    # would have without the interruption.
    random = np.random.default_rng([train.seed, epoch, torchrun.rank()])
    torch.manual_seed(int(random.integers(2**63)))
    model.train()
    device = next(model.parameters()).device
    drawn = batches.balanced(frames, train.epoch_frames, train.batch, [train.seed, epoch])
    losses = []
    message, silent = f"{name}: epoch {epoch + 1} of {train.epochs}", torchrun.rank() > 0
    with ProgressBar(message, len(drawn), "batches", silent) as bar:
        for chosen in drawn:
            loaded, *numbers = batches.load(torchrun.share(chosen))
            pictures = augment.pictures(network.to_input(loaded, device))
            labels, offsets, weights = (network.to_device(device, column) for column in numbers)
            logits = network.logits(model, pictures, dtype) + offsets
            # DistributedDataParallel averages over the processes, so this becomes the mean over the batch.
            total = functional.binary_cross_entropy_with_logits(logits, labels, weights, reduction="sum")
            loss = total * torchrun.processes() / len(chosen)
            optimizer.zero_grad()
            with torchrun.reporting_failures():
                loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRADIENT_NORM)
            optimizer.step()
            scheduler.step()
            # Read the losses at the end of the epoch, because reading waits for the device.
            losses.append(loss.detach())
            bar.advance()
    return torchrun.mean(torch.stack(losses).mean()).item()


def training_key(train: Train, frames: Sequence[LabelledFrame], device: torch.device, dtype: torch.dtype) -> str:
    """Compute a hash of everything that affects a training. A checkpoint with another key is not continued."""
    digest = hashlib.sha256()
    for source in (__file__, augment.__file__, batches.__file__, network.__file__):
        digest.update(Path(source).read_bytes())
    learned = [(frame.shard.key, frame.moment, frame.label, frame.offset, frame.weight) for frame in frames]
    machine = [device.type, torchrun.processes(), torch.__version__, torchvision.__version__]
    state = [train.model_dump(), learned, str(dtype), machine]
    digest.update(json.dumps(state, sort_keys=True).encode())
    return digest.hexdigest()
