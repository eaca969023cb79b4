"""A shard: one video as model input, with the key that says whether it is current.

That of a clip holds all of it. That of an excerpt, a stretch of a VOD that labels.csv names, holds the signals around
it too, since a moment is seen relative to what is normal, but no pictures of that.
"""

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from autotosis.annotations.facecams import Box
from autotosis.project import files
from autotosis.project.params import Extract
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
    metadata = {"clip": json.dumps({"key": key, "duration": duration, "first_frame": shown.start})}
    files.write_bytes(path, safetensors.numpy.save(tensors, metadata))


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
    first_frame : int
        The number of the first moment that has a frame.
    times : ndarray of float64, shape (moments,)
        Seconds from the video's beginning.
    """

    def __init__(self, path: Path):
        self.file = safetensors.safe_open(path, "np")
        metadata = json.loads(self.file.metadata()["clip"])
        self.key, self.duration, self.first_frame = (metadata[name] for name in ("key", "duration", "first_frame"))
        self.times = self.file.get_tensor("times")

    def frame(self, moment: int) -> np.ndarray:
        """The face at a moment: uint8 of shape (size, size, 3)."""
        return self.file.get_slice("frames")[moment - self.first_frame]

    def signals(self) -> np.ndarray:
        """As `features.Moments.signals`: float32 of shape (moments, features.COLUMNS)."""
        return self.file.get_tensor("signals")


def key_of(path: Path) -> str | None:
    """The key of a shard, or None if there is no whole shard."""
    try:
        return Shard(path).key
    except (OSError, safetensors.SafetensorError, KeyError, TypeError, ValueError):
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
