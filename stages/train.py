"""Train the model: models/model.safetensors, how good it is, models/metrics.json, and plots of that, models/live/.

How good it is, is measured by cross-validation: each clip is scored by a model that learned from clips of other
groups. The model that is kept learns from all. Run from the project's folder: python -m stages.train

A face network learns faster in several processes, each on a graphics card or some cores of its own:
torchrun --nproc-per-node 2 -m stages.train
"""

import json
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from dvclive.live import Live

from autotosis.model import calibration, examples, folds, index, learning, metrics, model_file
from autotosis.model.calibration import Calibration
from autotosis.model.examples import Clip
from autotosis.project import command_line, files, params
from autotosis.project.errors import UserError
from autotosis.project.params import Params
from autotosis.signals import context

METRICS = Path("models/metrics.json")
LIVE = Path("models/live")


def main() -> None:
    settings = params.load()
    train = settings.train
    clips = in_random_order(list(examples.read_clips(settings.extract.fps)), train.seed)
    fold_of = deal(clips, settings)
    labels = examples.labels(clips)
    fold = np.repeat([fold_of[clip.group] for clip in clips], [len(clip.labels) for clip in clips])
    logits = cross_validate(clips, fold_of, settings)
    calibrated = calibration.fit(logits, labels).for_share(labels.mean(), train.prevalence)
    in_stream = calibrated.probabilities(logits)
    threshold = calibration.threshold(in_stream, labels, train.prevalence, train.target_precision)
    kept = first_of(clips, settings.dataset.clips)
    learned = learning.learn(kept, settings, "all clips")
    listened, first_look, clearly_calm = learn_first_look(clips, fold_of, in_stream >= threshold / 2, settings)
    if "RANK" in os.environ:
        # Only here, since it takes seconds and the default needs none of it.
        from autotosis.model.face_network import torchrun

        torchrun.leave()
        if torchrun.rank() > 0:
            return
    card = model_file.Card(
        architecture=train.architecture,
        extract=settings.extract.seen(),
        code=context.VERSION,
        slope=calibrated.slope,
        offset=calibrated.offset,
        first_slope=first_look.slope,
        first_offset=first_look.offset,
        clearly_calm=clearly_calm,
        threshold=threshold,
        prevalence=train.prevalence,
    )
    model_file.save(model_file.PATH, card, learned.tensors("linear.") | listened.tensors("first_look."))

    probabilities = cross_calibrate(logits, labels, fold)
    precision, recall = calibration.precision_and_recall(in_stream, labels, train.prevalence, threshold)
    figures = metrics.cross_validation(labels, probabilities, fold)
    details = {
        "clips": len(kept),
        "minutes": len(examples.labels(kept)) / settings.extract.fps / 60,
        "base_rate": float(labels.mean()),
        "ece": metrics.expected_calibration_error(labels, probabilities),
        "threshold": threshold,
        "precision": precision,
        "recall": recall,
    }
    details = {name: round(figure, 3) for name, figure in details.items()}
    files.write_bytes(METRICS, (json.dumps(figures, indent=2) + "\n").encode())
    log(learned.losses, labels, probabilities, details)
    files.remove(learning.UNFINISHED)
    print(json.dumps(figures | details, indent=2))
    if precision < train.target_precision:
        print(f"train.target_precision {train.target_precision:g} is out of reach: {precision:.2f} is the nearest")


def in_random_order(clips: list[Clip], seed: int) -> list[Clip]:
    """The clips so that the first few of them are a fair sample; UserError if there are none."""
    if not clips:
        raise UserError(f"{index.PATH}: holds no frames to train on; build it with `dvc repro build_dataset`")
    names = folds.in_random_order({clip.name: bool(clip.labels.any()) for clip in clips}, seed)
    by_name = {clip.name: clip for clip in clips}
    return [by_name[name] for name in names]


def first_of(clips: Sequence[Clip], count: int | None) -> Sequence[Clip]:
    """So many clips, None for all of them; UserError if there is nothing to tell apart in them."""
    if len(set(examples.labels(clips[:count]))) < 2:
        raise UserError(f"{params.PARAMS_FILE}: dataset.clips {count} is too few: all of their frames have one label")
    return clips[:count]


def deal(clips: Sequence[Clip], settings: Params) -> dict[str, int]:
    """The fold of each group of clips; UserError if there are too few to learn from some and measure on others."""
    groups: defaultdict[str, set[int]] = defaultdict(set)
    for clip in clips:
        groups[clip.group] |= set(clip.labels.tolist())
    fold_of = folds.deal(groups, settings.train.folds, settings.train.seed)
    if fold_of is None:
        raise UserError(
            f"{settings.folder / 'labels.csv'}: too few clips: without one group of them, highlight or calm frames are "
            "all gone; label more clips, or divide groups.csv into smaller groups"
        )
    return fold_of


def cross_validate(clips: Sequence[Clip], fold_of: dict[str, int], settings: Params) -> np.ndarray:
    """The logit of each frame by a model that did not learn from its group: float64 of shape (frames,)."""
    scored = {}
    for fold in sorted(set(fold_of.values())):
        others = [clip for clip in clips if fold_of[clip.group] != fold]
        learned = learning.learn(first_of(others, settings.dataset.clips), settings, f"without fold {fold + 1}")
        held_out = [clip for clip in clips if fold_of[clip.group] == fold]
        for clip, logits in zip(held_out, learning.score(learned, held_out, settings), strict=True):
            scored[clip.name] = logits
    return np.concatenate([scored[clip.name] for clip in clips])


def cross_calibrate(logits: np.ndarray, labels: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """The probability of each frame, calibrated on the other folds: float64 of shape (frames,)."""
    probabilities = np.empty(len(logits))
    for each in np.unique(fold):
        held_out = fold == each
        probabilities[held_out] = calibration.fit(logits[~held_out], labels[~held_out]).probabilities(logits[held_out])
    return probabilities


def learn_first_look(
    clips: Sequence[Clip], fold_of: dict[str, int], found: np.ndarray, settings: Params
) -> tuple[learning.Model, Calibration, float]:
    """A model of the sound alone, to say where a VOD need not be looked at.

    Parameters
    ----------
    clips, fold_of, settings
        As for `cross_validate`.
    found : ndarray of bool, shape (frames,)
        Which frames the whole model finds when it has not learned from their group.

    Returns
    -------
    Model, Calibration
        Its probabilities are for streams.
    float
        The logit below which a moment is clearly calm: few of those found are.
    """
    plain = settings.model_copy(update={"train": settings.train.model_copy(update={"architecture": None})})
    heard, labels = learning.by_sound_alone(clips), examples.labels(clips)
    logits = cross_validate(heard, fold_of, plain)
    calibrated = calibration.fit(logits, labels).for_share(labels.mean(), settings.train.prevalence)
    clearly_calm = float(np.quantile(logits[found], 1 - settings.train.first_pass_recall))
    return learning.learn(first_of(heard, settings.dataset.clips), plain, "sound"), calibrated, clearly_calm


def log(losses: Sequence[float], labels: np.ndarray, probabilities: np.ndarray, details: dict[str, float]) -> None:
    """Log the loss of each epoch, if there are any, what `dvc plots` draws, and details.json."""
    with files.replacing(LIVE) as folder, Live(str(folder), dvcyaml=None, save_dvc_exp=False) as live:
        for loss in losses:
            live.log_metric("loss", loss)
            live.next_step()
        live.log_sklearn_plot("precision_recall", labels, probabilities, drop_intermediate=True)
        live.log_sklearn_plot("roc", labels, probabilities, drop_intermediate=True)
        live.log_sklearn_plot("calibration", labels, probabilities, n_bins=10)
        (folder / "details.json").write_text(json.dumps(details, indent=2) + "\n")
        names = np.array(["calm", "highlight"])
        chosen = (probabilities >= 0.5).astype(int)
        live.log_sklearn_plot("confusion_matrix", names[labels].tolist(), names[chosen].tolist())


if __name__ == "__main__":
    command_line.run(main, __doc__)
