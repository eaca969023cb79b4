"""Fitting the model to the indexed frames, epoch by epoch."""

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torchvision
from dvclive import Live
from torch.nn import functional

from stages.lib import augment, batches, checkpoint, files, index, measures, network, params
from stages.lib.errors import UserError
from stages.lib.index import Entry
from stages.lib.params import Params, Train
from stages.lib.progress_bar import ProgressBar

LIVE = Path("models/live")
# Gradients longer than this are shortened, so that one odd batch cannot undo the training.
LONGEST_GRADIENT = 1.0


def fit(
    model: network.Classifier,
    settings: Params,
    reader: batches.Reader,
    training: Sequence[Entry],
    validation: Sequence[Entry],
) -> tuple[np.ndarray, float, checkpoint.Progress]:
    """Train to the last epoch and return to the best one.

    Returns
    -------
    ndarray of float64, shape (len(validation),)
        Probability of each validation frame by the best epoch, which the model then has the weights of.
    float
        The threshold with the best F1 on them.
    Progress
        What was logged.

    Raises
    ------
    UserError
        The training diverges.
    """
    train, dtype = settings.train, network.arithmetic(settings.train.precision)
    optimizer = torch.optim.AdamW(model.parameters(), lr=train.learning_rate, weight_decay=train.weight_decay)
    key = training_key(settings, reader, dtype)
    progress = checkpoint.restore(key, model, optimizer)
    labels = np.array([entry.label for entry in validation], np.float32)
    with files.replacing(LIVE) as folder, Live(str(folder), dvcyaml=None, save_dvc_exp=False) as live:
        for figures in progress.history:
            log(live, figures)
        for epoch in range(len(progress.history), train.epochs):
            loss = train_epoch(model, optimizer, train, reader, training, epoch, dtype)
            probabilities = validate(model, reader, validation, dtype)
            if not (math.isfinite(loss) and np.isfinite(probabilities).all()):
                raise UserError(
                    f"{params.PARAMS_FILE}: train.learning_rate {train.learning_rate:g} is too high: the loss is {loss}"
                )
            figures = {
                "train/loss": loss,
                "validation/loss": cross_entropy(labels, probabilities),
                "validation/average_precision": measures.average_precision(labels, probabilities),
                "learning_rate": optimizer.param_groups[0]["lr"],
            }
            progress.history.append(figures)
            best = progress.history[progress.best_epoch]
            if epoch == 0 or figures["validation/average_precision"] > best["validation/average_precision"]:
                progress.best_epoch = epoch
                progress.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
            checkpoint.save(key, progress, model, optimizer)
            log(live, figures)
        model.load_state_dict(progress.best_weights)
        probabilities = validate(model, reader, validation, dtype)
        threshold = measures.best_threshold(labels, probabilities)
        log_curves(live, labels, probabilities, threshold)
    return probabilities, threshold, progress


def train_epoch(
    model: network.Classifier,
    optimizer: torch.optim.Optimizer,
    train: Train,
    reader: batches.Reader,
    entries: Sequence[Entry],
    epoch: int,
    dtype: torch.dtype,
) -> float:
    """One round of training; the mean loss, in nats per frame."""
    # All chance in an epoch follows from its number, so that one that is resumed is the one that was cut off.
    torch.manual_seed(int(np.random.default_rng([train.seed, epoch]).integers(2**63)))
    model.train()
    drawn = list(batches.balanced(entries, train.epoch_frames, train.batch, [train.seed, epoch]))
    losses = []
    with ProgressBar(f"epoch {epoch + 1} of {train.epochs}", len(drawn), "batches") as bar:
        for step, chosen in enumerate(drawn):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(train, epoch + step / len(drawn))
            batch = reader.read(chosen)
            frames, sound = network.inputs(batch.frames, batch.sound)
            logits = network.logits(model, augment.pictures(frames), augment.sounds(sound), dtype)
            loss = functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(batch.labels))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), LONGEST_GRADIENT)
            optimizer.step()
            losses.append(loss.item())
            bar.advance()
    return float(np.mean(losses))


def learning_rate(train: Train, epochs: float) -> float:
    """The learning rate after so many epochs: up along a line, down along a cosine (Loshchilov and Hutter, 2017)."""
    warm = min(1.0, train.epochs / 2)
    if epochs < warm:
        return train.learning_rate * max(epochs / warm, 0.01)
    return train.learning_rate * (1 + math.cos(math.pi * (epochs - warm) / (train.epochs - warm))) / 2


def validate(
    model: network.Classifier, reader: batches.Reader, entries: Sequence[Entry], dtype: torch.dtype
) -> np.ndarray:
    """The probability of each of the entries: float64 of shape (len(entries),)."""
    model.eval()
    scores = [network.score(model, reader.read(batch), dtype) for batch in batches.in_order(entries, 64)]
    return np.concatenate(scores).astype(np.float64)


def cross_entropy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean of -log(probability of the true label), in nats per frame."""
    right = np.where(labels == 1, probabilities, 1 - probabilities)
    return float(-np.log(np.maximum(right, 1e-7)).mean())


def training_key(settings: Params, reader: batches.Reader, dtype: torch.dtype) -> str:
    """A hash of everything that decides the training: a checkpoint of another one is not gone on from."""
    digest = hashlib.sha256(index.PATH.read_bytes())
    for source in (__file__, augment.__file__, batches.__file__, measures.__file__, network.__file__):
        digest.update(Path(source).read_bytes())
    keys = {clip: shard.key for clip, shard in reader.shards.items()}
    state = [settings.train.model_dump(), keys, str(dtype), torch.__version__, torchvision.__version__]
    digest.update(json.dumps(state, sort_keys=True).encode())
    return digest.hexdigest()


def log(live: Live, figures: dict[str, float]) -> None:
    """Log the figures of an epoch."""
    for name, figure in figures.items():
        live.log_metric(name, figure)
    live.next_step()


def log_curves(live: Live, labels: np.ndarray, probabilities: np.ndarray, threshold: float) -> None:
    """Log what `dvc plots` draws of the best epoch."""
    live.log_sklearn_plot("precision_recall", labels, probabilities, drop_intermediate=True)
    live.log_sklearn_plot("roc", labels, probabilities, drop_intermediate=True)
    live.log_sklearn_plot("calibration", labels, probabilities, n_bins=10)
    names, chosen = (
        np.array(["calm", "highlight"]),
        probabilities >= threshold,
    )
    live.log_sklearn_plot("confusion_matrix", names[labels.astype(int)].tolist(), names[chosen.astype(int)].tolist())
