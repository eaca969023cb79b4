"""What each part of the model is worth: cross-validation with and without it, over several deals of the folds.

Measures on the clips of the project as they are extracted and labelled now (`dvc repro build_dataset` first). With
--face, also a face network, which takes a few minutes per row and seed. If labels.csv has rows about VODs with chat,
two more lines say what the chat is worth on these rows:

    python -m benchmarks.ablation --seeds 3
    python -m benchmarks.ablation --face resnet18 --seeds 1
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from autotosis.model import chat_weight, cross_validation, examples, learning, metrics
from autotosis.model.examples import Clip
from autotosis.project import command_line, params
from autotosis.project.params import Params
from autotosis.signals import chat_rate, context, face, features
from autotosis.signals.cepstrum import CEPSTRUM
from autotosis.signals.face import FACE
from autotosis.signals.flux import FLUX
from autotosis.signals.motion import MOTION

Change = Callable[[Clip], np.ndarray]


def without(columns: slice) -> Change:
    """Values of a clip in which some columns are absent."""

    def change(clip: Clip) -> np.ndarray:
        values = clip.values.copy()
        values[:, columns] = np.nan
        return values

    return change


def without_baseline(clip: Clip) -> np.ndarray:
    """Values of a clip without its baselines subtracted."""
    values, columns = clip.shard.signals(), features.columns(FACE)
    fps = params.load().extract.fps
    values[:, columns] = np.column_stack([face.interpolate(column, fps) for column in values[:, columns].T])
    return values


def as_it_is(clip: Clip) -> np.ndarray:
    return clip.values


PICTURE, SOUND, EVERYTHING = features.VISUAL_COLUMNS, features.AUDIO_COLUMNS, slice(None)
# The first column of the face is the mouth.
EXPRESSION = slice(features.columns(FACE).start + 1, features.columns(FACE).stop)
# Each part: what is changed of the clips, the windows of context, whether a face network takes part.
ALL_WINDOWS, NO_WINDOWS = context.WINDOWS, ((0.0, 0.0),)
VARIANTS = {
    "motion, face, sound, context, baseline (the default)": (as_it_is, ALL_WINDOWS, False),
    "without motion": (without(features.columns(MOTION)), ALL_WINDOWS, False),
    "without the expression": (without(EXPRESSION), ALL_WINDOWS, False),
    "without the face": (without(features.columns(FACE)), ALL_WINDOWS, False),
    "without the cepstrum": (without(features.columns(CEPSTRUM)), ALL_WINDOWS, False),
    "without the flux": (without(features.columns(FLUX)), ALL_WINDOWS, False),
    "without sound": (without(SOUND), ALL_WINDOWS, False),
    "without motion and face": (without(PICTURE), ALL_WINDOWS, False),
    "without baseline": (without_baseline, ALL_WINDOWS, False),
    "without context": (as_it_is, NO_WINDOWS, False),
    "motion and face, without context or baseline": (lambda clip: without(SOUND)(as_raw_clip(clip)), NO_WINDOWS, False),
    "sound alone, without context or baseline": (lambda clip: without(PICTURE)(as_raw_clip(clip)), NO_WINDOWS, False),
    "the default and a face network": (as_it_is, ALL_WINDOWS, True),
    "a face network alone": (without(EVERYTHING), ALL_WINDOWS, True),
}


def as_raw_clip(clip: Clip) -> Clip:
    """A clip whose values are not relative."""
    return dataclasses.replace(clip, values=without_baseline(clip))


def main(seeds: int, network: str | None) -> None:
    settings = params.load()
    clips = list(examples.read_clips(settings.extract.fps))
    print("| what the model sees | average precision | ROC-AUC |")
    print("| --- | --- | --- |")
    for name, (change, windows, uses_face) in VARIANTS.items():
        if uses_face and network is None:
            continue
        context.WINDOWS = windows
        changed = [dataclasses.replace(clip, values=change(clip)) for clip in clips]
        architecture = network if uses_face else None
        figures = np.array([measure(changed, settings, seed, architecture) for seed in range(seeds)])
        print(f"| {name} | {cells(figures)} |", flush=True)
    context.WINDOWS = ALL_WINDOWS
    if written := chat_rate.read():
        figures = np.array([measure_chat(written, clips, settings, seed) for seed in range(seeds)])
        for name, of_seeds in zip(("without chat", "with chat"), figures.swapaxes(0, 1), strict=True):
            print(f"| rows on VODs with chat, {name} | {cells(of_seeds)} |")


def cells(figures: np.ndarray) -> str:
    """The mean of each figure over the seeds, and its spread."""
    pairs = zip(figures.mean(0), figures.std(0), strict=True)
    return " | ".join(f"{mean:.3f} ± {spread:.3f}" for mean, spread in pairs)


def measure(clips: Sequence[Clip], settings: Params, seed: int, architecture: str | None) -> tuple[float, float]:
    """Average precision and ROC-AUC of out-of-fold predictions."""
    changes = {"seed": seed, "architecture": architecture}
    settings = settings.model_copy(update={"train": settings.train.model_copy(update=changes)})
    ordered = cross_validation.in_random_order(clips, seed)
    scored = cross_validation.score(ordered, settings)
    scored = scored.at(scored.measured)
    figures = metrics.out_of_fold(scored.labels, scored.probabilities(), scored.fold)
    return figures["ap"], figures["auc"]


def measure_chat(
    written: dict[str, np.ndarray], clips: Sequence[Clip], settings: Params, seed: int
) -> list[tuple[float, float]]:
    """Average precision and ROC-AUC over the rows on VODs with chat, without and with it."""
    ordered = cross_validation.in_random_order(clips, seed)
    scored = cross_validation.score(ordered, learning.with_network(settings, None))
    rows = chat_weight.collect(written, ordered, scored.logits)
    videos = np.array([clip.vod for clip in ordered if clip.is_excerpt and clip.name in written])
    logits = (rows.logits, score_chat(rows, videos))
    return [(metrics.average_precision(rows.labels, column), metrics.roc_auc(rows.labels, column)) for column in logits]


def score_chat(rows: chat_weight.Rows, videos: np.ndarray) -> np.ndarray:
    """The logit of each row with its chat, weighted as learned from other VODs, or other rows if all are of one."""
    parts = videos if len(set(videos)) > 1 else np.arange(len(videos))
    logits = rows.logits.copy()
    for part in np.unique(parts):
        others = parts != part
        learned = chat_weight.learn(chat_weight.Rows(rows.levels[others], rows.labels[others], rows.logits[others]))
        level = rows.levels[~others, chat_rate.DELAYS.index(int(learned.delay))]
        logits[~others] += learned.weight * level
    return logits


if __name__ == "__main__":
    parser = command_line.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="how many assignments to folds (3)")
    parser.add_argument("--face", help="torchvision's name of a face network to measure too, such as resnet18")
    arguments = parser.parse_args()
    main(arguments.seeds, arguments.face)
