"""Fitting a face network to what motion and sound leave unexplained, epoch by epoch.

Processes that `torchrun` started do it together: each learns from its share of every batch, and PyTorch's
DistributedDataParallel adds up their gradients, so that all make the same step.
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

# Gradients longer than this are shortened, so that one odd batch cannot undo the training.
LONGEST_GRADIENT = 1.0


def fit(
    train: Train, size: int, frames: Sequence[LabelledFrame], name: str, unfinished: Path
) -> tuple[FaceNetwork, list[float]]:
    """Train a face network.

    Parameters
    ----------
    train : Train
        The parameters of training.
    size : int
        Width and height of the frames, pixels.
    frames : sequence of LabelledFrame
        What to learn from; the logit of the network is added to their offsets.
    name : str
        What to call this training, of the several that cross-validation takes.
    unfinished : Path
        Where its state is kept after each epoch; what is there already is gone on from.

    Returns
    -------
    FaceNetwork
        Ready to score.
    list of float
        The mean loss of each epoch, nats per frame.

    Raises
    ------
    UserError
        No such network or device, batches too small for so many processes, or the training diverges.
    """
    device, dtype = prepare(train)
    torch.manual_seed(train.seed)
    model = network.build(train.architecture or "", train.weights, size, device)
    torchrun.join(device)
    optimizer, scheduler = build_optimizer(model, train)
    key = training_key(train, frames, device, dtype)
    losses, state = checkpoint.load(unfinished, key)
    torchrun.check_same(len(losses))
    if losses:
        checkpoint.restore(state, model, optimizer, scheduler)
    with torchrun.failures_told():
        together = DistributedDataParallel(model) if torchrun.processes() > 1 else model
    for epoch in range(len(losses), train.epochs):
        loss = train_epoch(together, optimizer, scheduler, train, frames, epoch, dtype, name)
        if not math.isfinite(loss):
            raise UserError(
                f"{params.PARAMS_FILE}: train.learning_rate {train.learning_rate:g} is too high: the loss is {loss}"
            )
        losses.append(loss)
        if torchrun.rank() == 0:
            checkpoint.save(unfinished, key, losses, model, optimizer, scheduler)
        torchrun.wait()
    # The running means of normalization layers are shared before each batch, not after the last one.
    torchrun.take_first(model.buffers())
    return model.eval(), losses


def prepare(train: Train) -> tuple[torch.device, torch.dtype]:
    """Have PyTorch compute the same in every run; the device to train on, and the number type."""
    torch.set_num_threads(train.threads)
    # Where a device has no such algorithm for some layer, PyTorch says so and goes on.
    torch.use_deterministic_algorithms(True, warn_only=True)
    # It costs some percent, and nothing here reads memory that it has not written.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    device = network.device("train.device", train.device, torchrun.local_rank())
    return device, network.arithmetic(train.precision, device)


def build_optimizer(model: FaceNetwork, train: Train) -> tuple[torch.optim.Optimizer, OneCycleLR]:
    """AdamW, and a learning rate that rises over the first epoch and falls along a cosine (Smith and Topin, 2018)."""
    # Fused, it goes over the weights once.
    optimizer = torch.optim.AdamW(model.parameters(), train.learning_rate, weight_decay=train.weight_decay, fused=True)
    scheduler = OneCycleLR(
        optimizer,
        train.learning_rate,
        epochs=train.epochs,
        steps_per_epoch=batches.count(train.epoch_frames, train.batch),
        pct_start=min(1 / train.epochs, 0.5),
        cycle_momentum=False,
    )
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
    """One round of training; the mean loss, in nats per frame."""
    # All chance in an epoch follows from its number, so that one that is resumed is the one that was cut off.
    chance = np.random.default_rng([train.seed, epoch, torchrun.rank()])
    torch.manual_seed(int(chance.integers(2**63)))
    model.train()
    device = next(model.parameters()).device
    drawn = list(batches.balanced(frames, train.epoch_frames, train.batch, [train.seed, epoch]))
    losses = []
    message, silent = f"{name}: epoch {epoch + 1} of {train.epochs}", torchrun.rank() > 0
    with ProgressBar(message, len(drawn), "batches", silent) as bar:
        for chosen in drawn:
            batch = batches.load(torchrun.share(chosen))
            pictures = augment.pictures(network.pictures(batch.frames, device))
            offsets, labels = network.to(device, batch.offsets), network.to(device, batch.labels)
            logits = network.logits(model, pictures, dtype) + offsets
            # DistributedDataParallel takes the mean over processes, which makes this the mean over the batch.
            total = functional.binary_cross_entropy_with_logits(logits, labels, reduction="sum")
            loss = total * torchrun.processes() / len(chosen)
            optimizer.zero_grad()
            with torchrun.failures_told():
                loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), LONGEST_GRADIENT)
            optimizer.step()
            scheduler.step()
            # Read when all is done, since that waits for the device.
            losses.append(loss.detach())
            bar.advance()
    return torchrun.mean(torch.stack(losses).mean()).item()


def training_key(train: Train, frames: Sequence[LabelledFrame], device: torch.device, dtype: torch.dtype) -> str:
    """A hash of everything that decides the training: a checkpoint of another one is not gone on from."""
    digest = hashlib.sha256()
    for source in (__file__, augment.__file__, batches.__file__, network.__file__):
        digest.update(Path(source).read_bytes())
    learned = [(frame.shard.key, frame.moment, frame.label, frame.offset) for frame in frames]
    machine = [device.type, torchrun.processes(), torch.__version__, torchvision.__version__]
    state = [train.model_dump(), learned, str(dtype), machine]
    digest.update(json.dumps(state, sort_keys=True).encode())
    return digest.hexdigest()
