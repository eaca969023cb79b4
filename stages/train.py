"""Train the model: models/model.safetensors, its metrics, models/metrics.json, and their plots, models/live/.

The metrics are out-of-fold: cross-validation scores each clip with a model that learned from clips of other groups.
The model that is saved learns from all clips. Run from the project's folder: python -m stages.train

A face network trains faster in several processes, each on a graphics card or on some cores of its own:
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
        # Imported here because it takes seconds, and the default model does not need it.
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
    with files.replacing_all(model_file.PATH, METRICS, LIVE) as (model, table, plots):
        model_file.save(model, card, learned.tensors("linear.") | listened.tensors("first_look."))
        files.write_bytes(table, (json.dumps(figures, indent=2) + "\n").encode())
        log(plots, learned.losses, labels, probabilities, details)
    files.remove(learning.UNFINISHED)
    print(json.dumps(figures | details, indent=2))
    if precision < train.target_precision:
        print(f"train.target_precision {train.target_precision:g} cannot be reached; the nearest is {precision:.2f}")


def in_random_order(clips: list[Clip], seed: int) -> list[Clip]:
    """Shuffle the clips so that the first few are a fair sample of all; UserError if there are none."""
    if not clips:
        raise UserError(f"{index.PATH}: contains no moments to learn from; build it with `dvc repro build_dataset`")
    names = folds.in_random_order({clip.name: bool(clip.labels.any()) for clip in clips}, seed)
    by_name = {clip.name: clip for clip in clips}
    return [by_name[name] for name in names]


def first_of(clips: Sequence[Clip], count: int | None) -> Sequence[Clip]:
    """Take the first `count` clips, or all if it is None; UserError if all of their moments have the same label."""
    if len(set(examples.labels(clips[:count]))) < 2:
        raise UserError(f"{params.PARAMS_FILE}: dataset.clips {count} is too few: all moments have the same label")
    return clips[:count]


def deal(clips: Sequence[Clip], settings: Params) -> dict[str, int]:
    """Assign a fold to each group of clips; UserError if there are too few clips for cross-validation."""
    groups: defaultdict[str, set[int]] = defaultdict(set)
    for clip in clips:
        groups[clip.group] |= set(clip.labels.tolist())
    fold_of = folds.deal(groups, settings.train.folds, settings.train.seed)
    if fold_of is None:
        raise UserError(
            f"{settings.folder / 'labels.csv'}: too few clips: without one of their groups, no highlight or no calm "
            "moment is left to learn from; label more clips, or split the groups in groups.csv"
        )
    return fold_of


def cross_validate(clips: Sequence[Clip], fold_of: dict[str, int], settings: Params) -> np.ndarray:
    """Score each moment with a model that did not learn from its group: logits, float64 of shape (moments,)."""
    scored = {}
    for fold in sorted(set(fold_of.values())):
        others = [clip for clip in clips if fold_of[clip.group] != fold]
        learned = learning.learn(first_of(others, settings.dataset.clips), settings, f"without fold {fold + 1}")
        held_out = [clip for clip in clips if fold_of[clip.group] == fold]
        for clip, logits in zip(held_out, learning.score(learned, held_out, settings), strict=True):
            scored[clip.name] = logits
    return np.concatenate([scored[clip.name] for clip in clips])


def cross_calibrate(logits: np.ndarray, labels: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Turn logits into probabilities, calibrated on the other folds: float64 of shape (moments,)."""
    probabilities = np.empty(len(logits))
    for each in np.unique(fold):
        held_out = fold == each
        probabilities[held_out] = calibration.fit(logits[~held_out], labels[~held_out]).probabilities(logits[held_out])
    return probabilities


def learn_first_look(
    clips: Sequence[Clip], fold_of: dict[str, int], found: np.ndarray, settings: Params
) -> tuple[learning.Model, Calibration, float]:
    """Train the model of the first pass, which only listens and decides where the second pass looks.

    Parameters
    ----------
    clips : sequence of Clip
        The labelled clips.
    fold_of : dict of str to int
        The fold of each group.
    found : ndarray of bool, shape (moments,)
        Whether the full model, out-of-fold, finds each moment.
    settings : Params
        The parameters.

    Returns
    -------
    Model
        The model of the sound alone.
    Calibration
        Turns its logits into probabilities for streams.
    float
        The logit below which a moment is clearly calm. train.first_pass_recall of the moments found are above it.
    """
    plain = settings.model_copy(update={"train": settings.train.model_copy(update={"architecture": None})})
    heard, labels = learning.by_sound_alone(clips), examples.labels(clips)
    logits = cross_validate(heard, fold_of, plain)
    calibrated = calibration.fit(logits, labels).for_share(labels.mean(), settings.train.prevalence)
    clearly_calm = float(np.quantile(logits[found], 1 - settings.train.first_pass_recall))
    return learning.learn(first_of(heard, settings.dataset.clips), plain, "sound"), calibrated, clearly_calm


def log(
    folder: Path, losses: Sequence[float], labels: np.ndarray, probabilities: np.ndarray, details: dict[str, float]
) -> None:
    """Write the loss of each epoch of a face network, the data that `dvc plots` draws, and details.json."""
    with Live(str(folder), dvcyaml=None, save_dvc_exp=False) as live:
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
