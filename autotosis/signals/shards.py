"""Shards: the signals and frames of a video, with a key that tells whether they are up to date.

The shard of a clip holds the whole clip. The shard of an excerpt, a stretch of a VOD that labels.csv names, holds
frames of this stretch only, but also the signals around it, from which baselines are computed, and which count as calm.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated

import numpy as np
import safetensors
import safetensors.numpy
from pydantic import Field, ValidationError

from autotosis.project import files
from autotosis.project.errors import UserError
from autotosis.project.params import Extract
from autotosis.project.section import Section
from autotosis.signals import features
from autotosis.video.clips import MAX_NAME_BYTES

FOLDER = Path("data/frames")
EXCERPTS = Path("data/excerpts")
SUFFIX = ".safetensors"
# No signal is larger: they are logarithms, shares and ratios.
MAX_SIGNAL = 1e4


def write(path: Path, moments: features.Moments, with_frames: slice, duration: float, key: str) -> None:
    """Write a shard.

    Parameters
    ----------
    path : Path
        The path of the shard.
    moments : Moments
        The moments that were read.
    with_frames : slice
        The moments whose frames are kept.
    duration : float
        The length of the video, seconds.
    key : str
        A hash of everything that the shard is made from.
    """
    tensors = vars(moments) | {"frames": moments.frames[with_frames]}
    # One entry, because safetensors writes several in random order, and the same shard must have the same bytes.
    header = Header(key=key, duration=duration, first_frame=with_frames.start)
    files.write_bytes(path, safetensors.numpy.save(tensors, {"clip": json.dumps(header.model_dump())}))


class Header(Section):
    """The metadata in a shard's file; see `Shard`."""

    key: str
    duration: Annotated[float, Field(gt=0)]
    first_frame: Annotated[int, Field(ge=0)]


class Shard:
    """A shard, opened for reading. Its file is mapped into memory, so a frame is read only when it is asked for.

    Parameters
    ----------
    path : Path
        The path of the shard.

    Attributes
    ----------
    path : Path
        The same path.
    key : str
        A hash of everything that the shard is made from. Shards with the same key have the same content.
    duration : float
        The length of the video, seconds.
    first_frame, frames : int
        The number of the first moment that has a frame, and how many moments have one: in an excerpt, maybe none.
    times : ndarray of float64, shape (moments,)
        The time of each moment, seconds from the beginning of the video.

    Raises
    ------
    UserError
        If there is no such file, or it is not a shard.
    """

    def __init__(self, path: Path):
        files.check_regular(path)
        self.path = path
        try:
            # safetensors reports an unreadable file as missing.
            path.open("rb").close()
            self.file = safetensors.safe_open(path, "np")
            header = Header.model_validate_json((self.file.metadata() or {})["clip"])
            self.key, self.duration, self.first_frame = header.key, header.duration, header.first_frame
            self.times = self.file.get_tensor("times")
            self._check()
        except FileNotFoundError:
            raise UserError(f"{path}: no such shard; make it with `dvc repro build_dataset`") from None
        except (safetensors.SafetensorError, ValidationError, KeyError, TypeError, ValueError, AttributeError):
            raise UserError(
                f"{path}: not a shard made by this project; remove it and make it again with `dvc repro build_dataset`"
            ) from None

    def _check(self) -> None:
        """Raise a ValueError unless all tensors have the right names, types and shapes, and hold valid numbers."""
        moments = len(self.times)
        self.frames: int
        self.frames, side, *_ = self.file.get_slice("frames").get_shape()
        expected = {
            "times": ("F64", [moments]),
            "frames": ("U8", [self.frames, side, side, 3]),
            "signals": ("F32", [moments, features.COLUMNS]),
        }
        slices = {name: self.file.get_slice(name) for name in self.file.keys()}  # noqa: SIM118
        if not (
            {name: (part.get_dtype(), part.get_shape()) for name, part in slices.items()} == expected
            and self.first_frame + self.frames <= moments
            # An excerpt may lie between two moments.
            and (self.frames or (moments and self.path.is_relative_to(EXCERPTS)))
            # Signals are NaN where there is nothing to measure, such as no face, but never infinite.
            and not (np.abs(self.signals()) > MAX_SIGNAL).any()
            and np.isfinite(self.times).all()
            and (np.diff(self.times) > 0).all()
            # Or rows of labels.csv would seem to be outside the video.
            and 0 <= self.times[0] <= self.times[-1] < self.duration
        ):
            raise ValueError

    def check_fits(self, extract: Extract) -> None:
        """Raise a UserError unless the shard was made with these parameters of extraction."""
        size: int = self.file.get_slice("frames").get_shape()[1]
        # Any error of rounding is far smaller than a tenth of the time between two moments.
        if size != extract.size or np.abs(np.diff(self.times) * extract.fps - 1).max(initial=0) > 0.1:
            raise UserError(
                f"{self.path}: not made with extract.size {extract.size} and extract.fps {extract.fps:g}; "
                "remove it and make it again with `dvc repro build_dataset`"
            )

    def has_frame(self, moment: int) -> bool:
        """Return whether the moment with this number has a frame."""
        return 0 <= moment - self.first_frame < self.frames

    def frame(self, moment: int) -> np.ndarray:
        """Read the frame of the moment with this number: uint8 of shape (size, size, 3)."""
        frame: np.ndarray = self.file.get_slice("frames")[moment - self.first_frame]
        return frame

    def signals(self) -> np.ndarray:
        """Read the signals of all moments, as in `features.Moments`: float32 of shape (moments, features.COLUMNS)."""
        signals: np.ndarray = self.file.get_tensor("signals")
        return signals


def key_of(path: Path) -> str | None:
    """Read the key of a shard; None if the file is missing or is not a shard."""
    try:
        return Shard(path).key
    except (OSError, UserError):
        return None


def between(times: np.ndarray, start: float, end: float) -> tuple[int, int]:
    """Return the numbers of the first moment from `start` on and of the first one from `end` on.

    Parameters
    ----------
    times : ndarray of float64, shape (moments,)
        The times of the moments, seconds, in ascending order.
    start, end : float
        Seconds. They may be off by 1e-6, because sums of decimal numbers are not exact.
    """
    first, last = np.searchsorted(times, (start - 1e-6, end - 1e-6)).tolist()
    return first, last


def excerpt_name(video: str, start: float, end: float | None) -> str:
    """Return the name of an excerpt: the VOD's name inside the streamer's folder, and start and end in seconds."""
    return f"{video}@{start:.3f}-{'end' if end is None else f'{end:.3f}'}"


def path(clip: str) -> Path:
    """Return the path of the shard of a clip, given by its file name, or of an excerpt, given by its `excerpt_name`."""
    if re.search(r"@\d+\.\d{3}-(\d+\.\d{3}|end)$", clip):
        name = clip.replace("%", "%25").replace("/", "%2F")
        # File systems do not allow longer names. Those of one VOD still begin alike, for `vod_of`.
        if len(name.encode()) > MAX_NAME_BYTES:
            name = "@".join(hashlib.sha256(part.encode()).hexdigest() for part in name.rsplit("@", 1))
        return EXCERPTS / (name + SUFFIX)
    return FOLDER / (clip + SUFFIX)


def vod_of(shard: Path) -> str:
    """Return what the file name of the shard of an excerpt begins with, which tells of which VOD it is."""
    return shard.name.rpartition("@")[0]


def clip_of(shard: Path) -> str:
    """Return the file name of the clip that a shard is made from."""
    return shard.name.removesuffix(SUFFIX)
