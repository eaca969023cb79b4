"""Scanning a VOD in stretches: listening costs little and is done everywhere, looking is done where it is asked for.

What is found does not depend on how many stretches are worked on at once: they are always the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from stages.lib import features, media, model
from stages.lib.facecam import Box
from stages.lib.params import Extract

# Seconds of video that are worked on at once.
STRETCH = 300.0
# Where only parts of a VOD are looked at, normal motion is measured every so many seconds.
GLANCES = 5.0


@dataclass(frozen=True)
class Vod:
    """What to scan.

    Attributes
    ----------
    path : Path
    probe : Probe
        What `media.probe` says of it.
    box : Box
        Where the face is.
    extract : Extract
        How moments are made.
    device, precision : str
        What computes a face network, and its arithmetic, as in the parameters.
    architecture : str or None
        Of the model's face network, as on its card.
    model : str
        `files.digest` of the model, which a process may have read already.
    """

    path: Path
    probe: media.Probe
    box: Box
    extract: Extract
    device: str
    precision: str
    architecture: str | None
    model: str

    @property
    def moments(self) -> int:
        """How many there are."""
        return int(np.ceil(self.probe.duration * self.extract.fps - 1e-6))


def stretches(wanted: np.ndarray, fps: float) -> list[range]:
    """The moments that are wanted, bool of shape (moments,), as runs of at most STRETCH."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]])))
    longest = max(1, round(STRETCH * fps))
    return [
        range(start, min(start + longest, last))
        for first, last in edges.reshape(-1, 2).tolist()
        for start in range(first, last, longest)
    ]


def first_look(vod: Vod, glancing: bool, stretch: range) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """What a stretch sounds like, and a few glances at it.

    Returns
    -------
    ndarray of float32, shape (moments, features.BANDS)
        As in `features.Moments`.
    list of (float, float)
        If `glancing`: at which moments, as numbers with a fraction, ascending, and the motion there.
    """
    fps = vod.extract.fps
    times = np.array(stretch) / fps
    sound = np.stack(list(features.heard(vod.path, vod.probe, times)))
    if not glancing:
        return sound, []
    glanced = times[:: max(1, round(GLANCES * fps))]
    taken = features.glances(vod.path, glanced, vod.box, fps, vod.extract.size, vod.probe.duration)
    return sound, [(time * fps, motion) for time, motion in taken]


def look(vod: Vod, stretch: range) -> tuple[np.ndarray, np.ndarray]:
    """The motion of a stretch, as in `features.Moments`, and the logits of its faces, 0 without a face network."""
    fps, reach = vod.extract.fps, features.lag(vod.extract.fps)
    # Motion is measured with what is before and after, so that no seam shows.
    read = range(max(0, stretch.start - reach), min(vod.moments, stretch.stop + reach))
    times = np.array(read) / fps
    motion = []

    def faces() -> Iterator[np.ndarray]:
        for place, (frame, moved) in zip(
            read, features.seen(vod.path, times, vod.box, fps, vod.extract.size, threads=1), strict=True
        ):
            if place in stretch:
                motion.append(moved)
                yield frame

    logits = _score(faces(), vod)
    return np.array(motion, np.float32), logits


def _score(frames: Iterable[np.ndarray], vod: Vod) -> np.ndarray:
    if vod.architecture is None:
        return np.zeros(sum(1 for _ in frames), np.float32)
    # Only here, since it takes seconds and the default needs none of it.
    from stages.lib import network

    face = _face_network(vod.architecture, vod.device, vod.model)
    return network.score(face, frames, network.arithmetic(vod.precision, face.device))


@lru_cache(maxsize=1)
def _face_network(architecture: str, device: str, digest: str):
    """The face network of the model with this digest, read once by each process."""
    import torch

    from stages.lib import network

    torch.set_num_threads(1)
    weights = model.under("face.", model.tensors(model.PATH))
    return network.from_tensors(architecture, weights, network.device("predict.device", device))
