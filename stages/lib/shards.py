"""A clip's shard: its frames and sound in one safetensors file, with the key that says whether it is current."""

import hashlib
import json
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from stages.lib import features, files
from stages.lib.facecam import Box
from stages.lib.params import Extract

FOLDER = Path("data/frames")
SUFFIX = ".safetensors"


def key(clip: Path, box: Box, extract: Extract) -> str:
    """A hash of everything that a shard is made from: same key, same bytes.

    Parameters
    ----------
    clip : Path
        Its bytes count, its name does not.
    box : Box
        Where the face is.
    extract : Extract
        The parameters of extraction.
    """
    settings = {"box": vars(box), "extract": extract.model_dump(), "features": features.VERSION}
    with clip.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(json.dumps(settings, sort_keys=True).encode())
    return digest.hexdigest()


def write(path: Path, moments: features.Moments, duration: float, key: str) -> None:
    """Write the shard of a clip that lasts `duration` seconds."""
    tensors = {"times": moments.times, "frames": moments.frames, "sound": moments.sound}
    # One entry: safetensors writes several in any order, and the same shard must have the same bytes.
    metadata = {"clip": json.dumps({"key": key, "duration": duration})}
    files.write_bytes(path, safetensors.numpy.save(tensors, metadata))


class Shard:
    """A shard opened for reading, mapped into memory: a moment is read when asked for.

    Parameters
    ----------
    path : Path
        A shard.

    Attributes
    ----------
    key : str
    duration : float
        Of the clip, seconds.
    times : ndarray of float64, shape (moments,)
        Seconds.
    """

    def __init__(self, path: Path):
        self.file = safetensors.safe_open(path, "np")
        metadata = json.loads(self.file.metadata()["clip"])
        self.key, self.duration = metadata["key"], metadata["duration"]
        self.times = self.file.get_tensor("times")

    def frame(self, moment: int) -> np.ndarray:
        """The face of a moment: uint8 of shape (size, size, 3)."""
        return self.file.get_slice("frames")[moment]

    def sound(self, moment: int) -> np.ndarray:
        """The sound around a moment: float16 of shape (features.SURROUNDINGS, features.BANDS)."""
        return self.file.get_slice("sound")[moment]


def key_of(path: Path) -> str | None:
    """The key of a shard, or None if there is no whole shard."""
    try:
        return Shard(path).key
    except (OSError, safetensors.SafetensorError, KeyError, TypeError, ValueError):
        return None


def path(clip: str) -> Path:
    """Where the shard of the clip of this file name is."""
    return FOLDER / (clip + SUFFIX)


def clip_of(shard: Path) -> str:
    """The clip's name of a shard."""
    return shard.name.removesuffix(SUFFIX)
