"""Train the model: models/model.safetensors, its metrics, models/metrics.json, and their plots, models/live/.

The metrics are out-of-fold: cross-validation scores each clip with a model that learned from clips of other groups.
The model file holds the labelled moments, because `predict` learns from them again for each VOD, and a face network, if
one helps. Run from the project's folder: python -m stages.train

A face network trains faster in several processes, each on a graphics card or on some cores of its own:
torchrun --nproc-per-node 2 -m stages.train
"""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from dvclive.live import Live
from scmrepo.exceptions import SCMError
from scmrepo.git import Git

from autotosis.annotations import config_files
from autotosis.model import (
    architecture,
    chat_weight,
    cross_validation,
    examples,
    index,
    judgements,
    labelled_moments,
    learning,
    metrics,
    model_file,
)
from autotosis.model.architecture import NetworkChoice
from autotosis.model.chat_weight import ChatWeight
from autotosis.model.cross_validation import OutOfFold
from autotosis.model.examples import Clip
from autotosis.project import command_line, files, params
from autotosis.project.errors import UserError
from autotosis.signals import context

METRICS = Path("models/metrics.json")
LIVE = Path("models/live")
# Warn if the area under the ROC curve is below this; chance gives 0.5.
CHANCE = 0.6


def main() -> None:
    check_repository()
    settings = params.load()
    config_files.check_recorded("train", settings)
    labelled = cross_validation.in_random_order(list(examples.read_clips(settings.extract.fps)), settings.train.seed)
    if not labelled:
        raise UserError(f"{index.PATH}: contains no moments to learn from; build it with `dvc repro build_dataset`")
    clips, set_apart, remark = judgements.agreeing(labelled, settings)
    signal_scores = cross_validation.score(clips, learning.with_network(settings, None))
    choice = architecture.choose(clips, settings, signal_scores)
    out_of_fold, settings = choice.out_of_fold, learning.with_network(settings, choice.architecture)
    measured = out_of_fold.at(out_of_fold.measured)
    kept = cross_validation.limit_clips(clips, settings)
    kept_scores = cross_validation.restrict_to(out_of_fold, kept, settings)
    learned = learning.learn(kept, settings, "all clips")
    if "RANK" in os.environ and not leave_torchrun():
        return
    network_logits = out_of_fold.logits - signal_scores.logits
    moments, own_vods = labelled_moments.collect(kept, set_apart, settings, kept_scores, network_logits)
    card = model_file.Card(
        architecture=choice.architecture,
        extract=settings.extract.signal_params(),
        code=context.VERSION,
        l2=settings.train.l2,
        prevalence=settings.train.prevalence,
        own_vods=own_vods,
    )
    chat = chat_weight.learn_from_rows(clips, out_of_fold.logits, settings.train.review_weight)
    tensors = moments.tensors() | learned.face_tensors() | chat.tensors()
    probabilities = measured.probabilities()
    figures = metrics.out_of_fold(measured.labels, probabilities, measured.fold)
    details = describe(kept, choice, chat, probabilities, settings.extract.fps)
    with files.replacing_all(model_file.PATH, METRICS, LIVE) as (model, table, plots):
        model_file.save(model, card, tensors)
        table.write_text(json.dumps(figures, indent=2) + "\n")
        log(plots, learned.losses, measured.labels, probabilities, details)
    files.remove(learning.CHECKPOINTS)
    print(json.dumps(figures | details, indent=2))
    if remark:
        print(remark)
    print(f"face network: {choice.architecture or 'none'}, because {choice.reason}")
    warn(figures["auc"], measured, settings.folder / "labels.csv")


def check_repository() -> None:
    """Raise a UserError in a git repository without a commit, where DVCLive would fail after all is learned."""
    with suppress(SCMError), Git() as repository:
        if repository.no_commits:
            raise UserError(
                f"{repository.root_dir}: the git repository has no commit yet; make one with "
                "`git add -A && git commit -m Start`"
            )


def leave_torchrun() -> bool:
    """Disconnect from the other processes of torchrun; return whether this is the first one, which writes the model."""
    # Imported here because it takes seconds, and the default model does not need it.
    from autotosis.model.face_network import torchrun

    torchrun.leave()
    return torchrun.rank() == 0


def describe(
    clips: Sequence[Clip], choice: NetworkChoice, chat: ChatWeight, probabilities: np.ndarray, fps: float
) -> dict[str, float]:
    """Return the figures of details.json about a model that learned from these clips, at `fps` moments per second.

    `probabilities` are those of the measured moments, out-of-fold.
    """
    scores = choice.out_of_fold
    labels = scores.labels[scores.measured]
    details = {
        "clips": len(clips),
        "minutes": len(examples.labels(clips)) / fps / 60,
        "base_rate": float(labels.mean()),
        "ece": metrics.expected_calibration_error(labels, probabilities),
        **choice.figures,
        **measure_excerpts(scores.at(~scores.measured)),
        **chat.figures(),
    }
    return {name: round(figure, 3) for name, figure in details.items()}


def warn(auc: float, measured: OutOfFold, table: Path) -> None:
    """Print a warning if clips are too few to measure on, or if the model ranks them hardly better than chance."""
    if measured.is_excerpt.any():
        print(
            f"{table}: the metrics include rows about VODs, because the clips of fewer than two folds have highlights, "
            "or calm moments; label more clips"
        )
    if auc < CHANCE:
        print(
            f"{table}: the model ranks new clips hardly better than chance (auc {auc:.2f}): reels show whatever stands "
            "out in a VOD; label more highlights, and more loud but calm clips"
        )


def measure_excerpts(excerpts: OutOfFold) -> dict[str, float]:
    """Measure how well labelled stretches of VODs are ranked, out-of-fold; empty unless they have both labels."""
    if len(set(excerpts.labels)) < 2:
        return {}
    return {
        "review_ap": metrics.average_precision(excerpts.labels, excerpts.logits),
        "review_auc": metrics.roc_auc(excerpts.labels, excerpts.logits),
        "review_base_rate": float(excerpts.labels.mean()),
    }


def log(
    folder: Path, losses: Sequence[float], labels: np.ndarray, probabilities: np.ndarray, details: dict[str, float]
) -> None:
    """Write the loss of each epoch of a face network, the data that `dvc plots` draws, and details.json."""
    # git keeps the plots, some of which have a line per moment.
    drawn = labelled_moments.evenly_spaced(len(labels))
    labels, probabilities = labels[drawn], probabilities[drawn]
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
