"""Train the model on the indexed frames: models/model.safetensors, models/metrics.json and plots in models/live/.

Every epoch is logged with DVCLive and checkpointed; a training that was killed goes on from its last epoch, to
the same bytes. Run from the project's folder: python -m stages.train
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from stages.lib import (
    batches,
    checkpoint,
    errors,
    features,
    files,
    index,
    measures,
    model_card,
    network,
    params,
    split,
    training,
)
from stages.lib.errors import UserError
from stages.lib.index import Entry
from stages.lib.model_card import ModelCard

METRICS = Path("models/metrics.json")


def main() -> None:
    settings = params.load()
    learned, held_back = index.read(split.TRAIN), index.read(split.VALIDATION)
    if not learned or not held_back:
        raise UserError(f"{index.PATH}: holds no frames to train on; build it with `dvc repro build_dataset`")
    torch.set_num_threads(settings.train.threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(settings.train.seed)
    reader = batches.Reader(learned + held_back)
    model = network.build(settings.train.architecture, settings.train.weights, settings.extract.size)
    set_sound_range(model, reader, learned)
    probabilities, threshold, progress = training.fit(model, settings, reader, learned, held_back)
    labels = np.array([entry.label for entry in held_back])
    card = ModelCard(settings.train.architecture, settings.extract.model_dump(), features.VERSION, threshold)
    network.save(model_card.PATH, model, card)
    write_metrics(labels, probabilities, threshold, progress)
    checkpoint.remove()


def set_sound_range(model: network.Classifier, reader: batches.Reader, entries: Sequence[Entry]) -> None:
    """Let the model know the mean and the deviation of each band over the training frames."""
    sums, squares, count = np.zeros(features.BANDS), np.zeros(features.BANDS), 0
    for batch in batches.in_order(entries, 256):
        sound = reader.read(batch).sound.reshape(-1, features.BANDS).astype(np.float64)
        sound = sound[~np.isnan(sound[:, 0])]
        sums, squares, count = sums + sound.sum(0), squares + (sound**2).sum(0), count + len(sound)
    if count:
        mean = sums / count
        deviation = np.sqrt(np.maximum(squares / count - mean**2, 1e-6))
        model.sound_mean.copy_(torch.from_numpy(mean))
        model.sound_deviation.copy_(torch.from_numpy(deviation))


def write_metrics(
    labels: np.ndarray, probabilities: np.ndarray, threshold: float, progress: checkpoint.Progress
) -> None:
    """Write what the best epoch reaches on the validation clips."""
    figures = measures.summary(labels, probabilities, threshold)
    figures |= {"threshold": threshold, "best_epoch": progress.best_epoch + 1}
    files.write_bytes(METRICS, (json.dumps({"validation": figures}, indent=2) + "\n").encode())
    print(f"validation: average precision {figures['average_precision']:.3f} in epoch {figures['best_epoch']}")


if __name__ == "__main__":
    errors.run(main, __doc__)
