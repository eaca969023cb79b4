"""The labelled clips that a model learns from, read from the index and the shards."""

import math
import reprlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from autotosis.model import index
from autotosis.project.errors import UserError
from autotosis.signals import context, features, shards

# Someone who calls nearly everything calm may have overlooked highlights, or have judged by other standards. In eight
# recordings of other people, calling all events of one calm hides 1 of 68 highlights of the others with this limit, and
# 6 without. With a third, a few false positives still count fully.
CALM_LIMIT = 1 / 3


@dataclass(frozen=True)
class Clip:
    """A labelled clip, or a labelled excerpt of a VOD.

    Attributes
    ----------
    name, group : str
        The names of the clip and of its group, as in the index.
    shard : Shard
        The shard of the clip, which has its frames.
    values : ndarray of float32, shape (moments, features.COLUMNS)
        The signals of all moments of the shard, from `context.relative`.
    baselines : ndarray of float32, shape (moments, columns of the sound)
        What `context.relative` subtracted from the signals of the sound; 0 where there is no sound.
    moments : ndarray of int, shape (labelled,)
        The numbers of the labelled moments.
    labels : ndarray of int, shape (labelled,)
        The label of each labelled moment: 1 for a highlight, 0 for calm.
    """

    name: str
    group: str
    shard: shards.Shard
    values: np.ndarray
    baselines: np.ndarray
    moments: np.ndarray
    labels: np.ndarray

    @property
    def vod(self) -> str:
        """The file of the VOD that an excerpt is of."""
        return self.name.rpartition("@")[0]

    @property
    def is_excerpt(self) -> bool:
        """Whether this is an excerpt of a VOD, which a reviewer judged, and not a clip."""
        return shards.path(self.name).is_relative_to(shards.EXCERPTS)

    def without(self, columns: np.ndarray) -> "Clip":
        """Return this clip with NaN for some signals, given as bool of shape (columns,)."""
        return replace(self, values=np.where(columns, np.float32(np.nan), self.values))


def read_clips(fps: float) -> Iterator[Clip]:
    """Read the labelled clips that the index names.

    Parameters
    ----------
    fps : float
        Moments per second in the shards, Hz.

    Yields
    ------
    Clip
        The clips and excerpts, in the order of the index.

    Raises
    ------
    UserError
        If the index or a shard is missing or malformed, or if they do not fit together.
    """
    for (name, group), entries in groupby(index.read_index(), key=lambda entry: (entry.clip, entry.group)):
        rows = list(entries)
        if not shards.path(name).is_file():
            raise UserError(f"{index.PATH}: there is no shard of {reprlib.repr(name)}; {index.REBUILD}")
        shard = shards.Shard(shards.path(name))
        if not shard.has_frame(rows[0].moment) or not shard.has_frame(rows[-1].moment):
            raise UserError(
                f"{index.PATH}: names frames of {reprlib.repr(name)} that it does not have; {index.REBUILD}"
            )
        signals = shard.signals()
        values = context.relative(signals, fps)
        yield Clip(
            name,
            group,
            shard,
            values,
            np.nan_to_num((signals - values)[:, features.AUDIO_COLUMNS]),
            np.array([row.moment for row in rows]),
            np.array([row.label for row in rows]),
        )


def labels(clips: Sequence[Clip]) -> np.ndarray:
    """Return the labels of all labelled moments, clip by clip: int of shape (moments,)."""
    return np.concatenate([clip.labels for clip in clips])


def contexts(clips: Sequence[Clip], fps: float) -> np.ndarray:
    """Compute `context.windows` of all labelled moments, clip by clip: float32 of shape (moments, windows, columns)."""
    return np.concatenate([context.windows(clip.values, fps, clip.moments) for clip in clips])


def baselines(clips: Sequence[Clip]) -> np.ndarray:
    """Return the baselines of all labelled moments, clip by clip: float32 of shape (moments, columns of the sound)."""
    return np.concatenate([clip.baselines[clip.moments] for clip in clips])


def unknown_signals(highlights: np.ndarray) -> np.ndarray:
    """Return which signals are missing from most highlights, so that a model must ignore them.

    Models replace missing values by the mean or the median. So most highlights would get the same value, and any other
    would seem calm.

    Parameters
    ----------
    highlights : ndarray of float, shape (moments, windows, columns)
        The surroundings of highlights, from `context.windows`.

    Returns
    -------
    ndarray of bool, shape (columns,)
        Whether a signal is missing in more than half of the windows.
    """
    unknown: np.ndarray = np.isnan(highlights).mean(axis=(0, 1)) > 0.5
    return unknown


def by_moment(clips: Sequence[Clip], of_clips: Sequence[float]) -> np.ndarray:
    """Repeat a value of each clip for each of its labelled moments, clip by clip: shape (moments,)."""
    return np.repeat(of_clips, [len(clip.labels) for clip in clips])


def weights(clips: Sequence[Clip], review_weight: float, calm_limit: float = CALM_LIMIT) -> np.ndarray:
    """Compute the weight of each labelled moment, clip by clip.

    The weight is 1, or less for the moments of excerpts. For each label, those of excerpts together weigh at most
    `review_weight` times as much as the moments of clips, so that no number of wrong judgements can outweigh the clips.
    If no clip has that label, they weigh 1. The calm moments of excerpts also weigh at most as much as their
    highlights, or `calm_limit` times the first limit if that is more.

    Parameters
    ----------
    clips : sequence of Clip
        The labelled clips and excerpts.
    review_weight : float
        The limit on the weight of excerpts, relative to that of clips.
    calm_limit : float
        The share of the limit that calm moments of excerpts may reach even without highlights, 0 to 1.

    Returns
    -------
    ndarray of float64, shape (moments,)
        The weights, 0 to 1.
    """
    in_excerpt, label_of = by_moment(clips, [clip.is_excerpt for clip in clips]), labels(clips)
    weight = np.ones(len(label_of))
    for label in (1, 0):
        of_clips, of_excerpts = ~in_excerpt & (label_of == label), in_excerpt & (label_of == label)
        if of_clips.any() and of_excerpts.any():
            limit = review_weight * int(of_clips.sum())
            if label == 0:
                limit = min(limit, max(calm_limit * limit, weight[in_excerpt & (label_of == 1)].sum()))
            weight[of_excerpts] = min(1.0, limit / int(of_excerpts.sum()))
    return weight


def around_excerpts(clips: Sequence[Clip], fps: float, most: int, margin: float) -> list[Clip]:
    """Return the unlabelled time around excerpts, with calm as its label, because highlights are rare.

    Moments whose windows reach into an excerpt, or that are within the margin of it, are left out, even if it is too
    short to be in the index.

    Parameters
    ----------
    clips : sequence of Clip
        The labelled clips and excerpts.
    fps : float
        Moments per second, Hz.
    most : int
        The largest number of moments in total. Of more, evenly spaced ones are kept.
    margin : float
        The time on both sides of an excerpt that is left out (seconds), if it is longer than the reach of the windows.

    Returns
    -------
    list of Clip
        For each excerpt, the moments around it. A moment that is in several shards is in one of them only.
    """
    unlabelled, beside = [], max(context.reach(fps), math.ceil(margin * fps))
    for vod in sorted({clip.vod for clip in clips if clip.is_excerpt}):
        excerpts = [clip for clip in clips if clip.is_excerpt and clip.vod == vod]
        numbers = [np.rint(excerpt.shard.times * fps).astype(int) for excerpt in excerpts]
        taken = np.zeros(max(moments[-1] for moments in numbers) + 1, bool)
        for shard in [excerpt.shard for excerpt in excerpts] + all_margin(excerpts):
            first = round(shard.times[0] * fps) + shard.first_frame
            taken[max(0, first - beside) : first + shard.frames + beside] = True
        for excerpt, moments in zip(excerpts, numbers, strict=True):
            unlabelled.append((excerpt, np.flatnonzero(~taken[moments])))
            taken[moments] = True
    total, passed = sum(len(moments) for _, moments in unlabelled), 0
    every = max(1, -(-total // most))
    around = []
    for excerpt, moments in unlabelled:
        few = moments[-passed % every :: every]
        around.append(replace(excerpt, moments=few, labels=np.zeros(len(few), int)))
        passed += len(moments)
    return around


def all_margin(excerpts: Sequence[Clip]) -> list[shards.Shard]:
    """Open the shards of these excerpts' VOD that have no moments in the index, because their margins cover them."""
    indexed = {excerpt.shard.path for excerpt in excerpts}
    vod, paths = shards.vod_of(excerpts[0].shard.path), sorted(shards.EXCERPTS.glob(f"*{shards.SUFFIX}"))
    return [shards.Shard(path) for path in paths if path not in indexed and shards.vod_of(path) == vod]


def weights_with_own_limit(clips: Sequence[Clip], others: Sequence[Clip], review_weight: float) -> np.ndarray:
    """Compute the weight of each moment of other stretches of VODs as `weights` does, but with a limit of their own.

    CALM_LIMIT does not apply: they were not judged, or are used only for the VOD that they are of.

    Parameters
    ----------
    clips : sequence of Clip
        The labelled clips and excerpts.
    others : sequence of Clip
        The other stretches, such as those from `around_excerpts`.
    review_weight : float
        The limit on their weight, relative to that of the moments of clips.

    Returns
    -------
    ndarray of float64, shape (moments,)
        The weights, 0 to 1.
    """
    own = [clip for clip in clips if not clip.is_excerpt]
    return weights([*own, *others], review_weight, 1.0)[sum(len(clip.labels) for clip in own) :]
