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
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from dvclive.live import Live
from scmrepo.exceptions import SCMError
from scmrepo.git import Git

from autotosis.model import background, calibration, examples, folds, index, learning, metrics, model_file
from autotosis.model.examples import Clip
from autotosis.model.linear import Linear
from autotosis.project import command_line, files, params
from autotosis.project.errors import UserError
from autotosis.project.params import Params
from autotosis.signals import context

METRICS = Path("models/metrics.json")
LIVE = Path("models/live")
# Warn if the area under the ROC curve is below this; chance gives 0.5.
CHANCE = 0.6


@dataclass(frozen=True)
class FirstPass:
    """The model of the first pass.

    Attributes
    ----------
    linear : Linear
        A model of the sound alone.
    clearly_calm : float
        The logit below which a moment is clearly calm. train.first_pass_recall of the moments found are above it.
    """

    linear: Linear
    clearly_calm: float


def main() -> None:
    check_repository()
    settings = params.load()
    train = settings.train
    clips = in_random_order(list(examples.read_clips(settings.extract.fps)), train.seed)
    fold_of = deal(clips, settings)
    every_label, every_fold = examples.labels(clips), of_moments(clips, fold_of)
    every_logit = cross_validate(clips, fold_of, settings)
    measured = to_measure(clips)
    logits, labels, fold = every_logit[measured], every_label[measured], every_fold[measured]
    calibrated = calibration.fit(logits, labels).for_share(labels.mean(), train.prevalence)
    in_stream = calibrated.probabilities(logits)
    threshold = float(np.median(in_stream[labels == 1]))
    kept = first_of(clips, settings.dataset.clips)
    count = len(examples.labels(kept))
    learned = learning.learn(kept, settings, "all clips")
    faces = np.zeros(len(every_logit))
    if train.architecture is not None:
        faces = every_logit - cross_validate(clips, fold_of, without_network(settings))
    by_sound = learn_first_pass(clips, fold_of, measured, in_stream >= threshold / 2, settings)
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
        l2=train.l2,
        target_precision=train.target_precision,
        clearly_calm=by_sound.clearly_calm,
        threshold=threshold,
        prevalence=train.prevalence,
    )
    known = background.labelled(
        kept,
        settings.extract.fps,
        train.review_weight,
        every_fold[:count],
        measured[:count],
        faces[:count],
    )
    tensors = known.tensors("labelled.") | by_sound.linear.tensors("first_pass.") | learned.face_tensors("face.")
    probabilities = cross_calibrate(logits, labels, fold)
    precision, recall = calibration.precision_and_recall(in_stream, labels, train.prevalence, threshold)
    figures = metrics.cross_validation(labels, probabilities, fold)
    details = {
        "clips": len(kept),
        "minutes": count / settings.extract.fps / 60,
        "base_rate": float(labels.mean()),
        "ece": metrics.expected_calibration_error(labels, probabilities),
        "threshold": threshold,
        "precision": precision,
        "recall": recall,
        **review(every_label[~measured], every_logit[~measured]),
    }
    details = {name: round(figure, 3) for name, figure in details.items()}
    with files.replacing_all(model_file.PATH, METRICS, LIVE) as (model, table, plots):
        model_file.save(model, card, tensors)
        files.write_bytes(table, (json.dumps(figures, indent=2) + "\n").encode())
        log(plots, learned.losses, labels, probabilities, details)
    files.remove(learning.UNFINISHED)
    print(json.dumps(figures | details, indent=2))
    if (auc := figures["auc"]) < CHANCE:
        print(
            f"{settings.folder / 'labels.csv'}: the model ranks new clips hardly better than chance (auc {auc:.2f}): "
            "reels show whatever stands out in a VOD; label more highlights, and more loud but calm clips"
        )


def check_repository() -> None:
    """Raise a UserError in a git repository without a commit, where DVCLive would fail after all is learned."""
    with suppress(SCMError), Git() as repository:
        if repository.no_commits:
            raise UserError(
                f"{repository.root_dir}: the git repository has no commit yet; make one with "
                "`git add -A && git commit -m Start`"
            )


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
            f"{index.PATH}: too few clips: without one of their groups, no highlight or no calm moment is left to "
            f"learn from; label more clips in {settings.folder / 'labels.csv'}, or split the groups in groups.csv; if "
            f"there are enough, {index.ANEW}"
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


def of_moments(clips: Sequence[Clip], fold_of: dict[str, int]) -> np.ndarray:
    """Return the fold of each moment: int of shape (moments,)."""
    return np.repeat([fold_of[clip.group] for clip in clips], [len(clip.labels) for clip in clips])


def to_measure(clips: Sequence[Clip]) -> np.ndarray:
    """Tell which moments to calibrate and measure on: those of clips, or all of them if clips have only one label.

    Labelled stretches of VODs are left out because they are mostly taken from reels, which resemble neither clips nor
    streams.

    Returns
    -------
    ndarray of bool, shape (moments,)
    """
    of_clips = ~examples.judged(clips)
    return of_clips if len(set(examples.labels(clips)[of_clips])) == 2 else np.full(len(of_clips), True)


def review(labels: np.ndarray, logits: np.ndarray) -> dict[str, float]:
    """Measure how well labelled stretches of VODs are ranked, out-of-fold; empty unless they have both labels."""
    if len(set(labels)) < 2:
        return {}
    ap, auc = metrics.average_precision(labels, logits), metrics.roc_auc(labels, logits)
    return {"review_ap": ap, "review_auc": auc, "review_base_rate": float(labels.mean())}


def without_network(settings: Params) -> Params:
    """Return the parameters without a face network."""
    return settings.model_copy(update={"train": settings.train.model_copy(update={"architecture": None})})


def cross_calibrate(logits: np.ndarray, labels: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Turn logits into probabilities, calibrated on the other folds: float64 of shape (moments,)."""
    probabilities = np.empty(len(logits))
    for each in np.unique(fold):
        held_out = fold == each
        probabilities[held_out] = calibration.fit(logits[~held_out], labels[~held_out]).probabilities(logits[held_out])
    return probabilities


def learn_first_pass(
    clips: Sequence[Clip], fold_of: dict[str, int], measured: np.ndarray, found: np.ndarray, settings: Params
) -> FirstPass:
    """Train the model of the first pass, which only listens and decides where the second pass looks.

    Parameters
    ----------
    clips : sequence of Clip
        The labelled clips.
    fold_of : dict of str to int
        The fold of each group.
    measured : ndarray of bool, shape (moments,)
        The moments to measure on, from `to_measure`.
    found : ndarray of bool, shape (measured moments,)
        Whether the full model, out-of-fold, finds each of these.
    settings : Params
        The parameters.
    """
    plain, heard = without_network(settings), learning.by_sound_alone(clips)
    logits = cross_validate(heard, fold_of, plain)[measured]
    clearly_calm = float(np.quantile(logits[found], 1 - settings.train.first_pass_recall))
    learned = learning.learn(first_of(heard, settings.dataset.clips), plain, "sound")
    return FirstPass(learned.linear, clearly_calm)


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
