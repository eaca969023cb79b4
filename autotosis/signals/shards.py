"""A shard: one video as model input, with the key that says whether it is current.

That of a clip holds all of it. That of an excerpt, a stretch of a VOD that labels.csv names, holds the signals around
it too, since a moment is seen relative to what is normal, but no pictures of that.
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

from autotosis.annotations.facecams import Box
from autotosis.project import files
from autotosis.project.errors import UserError
from autotosis.project.params import Extract, Section
from autotosis.signals import features

FOLDER = Path("data/frames")
EXCERPTS = Path("data/excerpts")
SUFFIX = ".safetensors"


def key(digest: str, box: Box, extract: Extract, *stretches: float | None) -> str:
    """A hash of everything that a shard is made from: same key, same bytes.

    Parameters
    ----------
    digest : str
        `files.digest` of the video; its name does not count.
    box : Box
        Where the face is.
    extract : Extract
        The parameters of extraction.
    stretches : float or None
        What of the video is kept and what is read, seconds.
    """
    made_from = [digest, vars(box), extract.seen(), stretches, features.VERSION]
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def write(path: Path, moments: features.Moments, shown: slice, duration: float, key: str) -> None:
    """Write a shard.

    Parameters
    ----------
    path : Path
        Where.
    moments : Moments
        What was read.
    shown : slice
        The moments whose frames are kept.
    duration : float
        Of the video, seconds.
    key : str
        From `key`.
    """
    tensors = vars(moments) | {"frames": moments.frames[shown]}
    # One entry: safetensors writes several in any order, and the same shard must have the same bytes.
    about = About(key=key, duration=duration, first_frame=shown.start)
    files.write_bytes(path, safetensors.numpy.save(tensors, {"clip": json.dumps(about.model_dump())}))


class About(Section):
    """What a shard says of itself; see `Shard`."""

    key: str
    duration: Annotated[float, Field(gt=0)]
    first_frame: Annotated[int, Field(ge=0)]


class Shard:
    """A shard opened for reading, mapped into memory: a frame is read when asked for.

    Parameters
    ----------
    path : Path
        A shard.

    Attributes
    ----------
    key : str
    duration : float
        Of the video, seconds.
    first_frame, frames : int
        The number of the first moment that has a frame, and how many have one.
    times : ndarray of float64, shape (moments,)
        Seconds from the video's beginning.

    Raises
    ------
    UserError
        It is no shard that `write` wrote.
    """

    def __init__(self, path: Path):
        files.check_regular(path)
        try:
            self.file = safetensors.safe_open(path, "np")
            about = About.model_validate_json((self.file.metadata() or {})["clip"])
            self.key, self.duration, self.first_frame = about.key, about.duration, about.first_frame
            self.times = self.file.get_tensor("times")
            self._check()
        except FileNotFoundError:
            raise UserError(f"{path}: no such shard; make it with `dvc repro build_dataset`") from None
        except (safetensors.SafetensorError, ValidationError, KeyError, TypeError, ValueError):
            raise UserError(
                f"{path}: not a shard made by this project; remove it and make it anew with `dvc repro build_dataset`"
            ) from None

    def _check(self) -> None:
        """ValueError unless the tensors have the names, types and shapes that they shall have, and hold numbers."""
        moments = len(self.times)
        self.frames: int
        self.frames, *picture = self.file.get_slice("frames").get_shape()
        expected = {
            "times": ("F64", [moments]),
            "frames": ("U8", [self.frames, picture[0], picture[0], 3]),
            "signals": ("F32", [moments, features.COLUMNS]),
        }
        slices = {name: self.file.get_slice(name) for name in self.file.keys()}  # noqa: SIM118
        if {name: (part.get_dtype(), part.get_shape()) for name, part in slices.items()} != expected:
            raise ValueError
        if not (self.has_frame(self.first_frame) and self.first_frame + self.frames <= moments):
            raise ValueError
        # What is not there, such as sound or a face, is not a number.
        if np.isinf(self.signals()).any():
            raise ValueError
        if not (np.isfinite(self.times).all() and (np.diff(self.times) > 0).all()):
            raise ValueError
        # Or rows of labels.csv would seem to be outside the video.
        if not 0 <= self.times[0] <= self.times[-1] < self.duration:
            raise ValueError

    def has_frame(self, moment: int) -> bool:
        """Whether a moment, by its number, has a frame."""
        return 0 <= moment - self.first_frame < self.frames

    def frame(self, moment: int) -> np.ndarray:
        """The face at a moment: uint8 of shape (size, size, 3)."""
        frame: np.ndarray = self.file.get_slice("frames")[moment - self.first_frame]
        return frame

    def signals(self) -> np.ndarray:
        """As `features.Moments.signals`: float32 of shape (moments, features.COLUMNS)."""
        signals: np.ndarray = self.file.get_tensor("signals")
        return signals


def key_of(path: Path) -> str | None:
    """The key of a shard, or None if there is no whole shard."""
    try:
        return Shard(path).key
    except (OSError, UserError):
        return None


def excerpt(video: str, start: float, end: float | None) -> str:
    """The name of the excerpt of a VOD (its name inside the streamer's folder) between two times, in seconds."""
    return f"{video}@{start:.3f}-{'end' if end is None else f'{end:.3f}'}"


def path(clip: str) -> Path:
    """Where the shard of a clip, by its file name, or of an excerpt is."""
    if re.search(r"@\d+\.\d{3}-(\d+\.\d{3}|end)$", clip):
        return EXCERPTS / (clip.replace("%", "%25").replace("/", "%2F") + SUFFIX)
    return FOLDER / (clip + SUFFIX)


def clip_of(shard: Path) -> str:
    """The clip's name of a shard."""
    return shard.name.removesuffix(SUFFIX)
