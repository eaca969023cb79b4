"""Scanning a VOD in stretches: listening costs little and is done everywhere, looking is done where it is asked for.

What is found does not depend on how many stretches are worked on at once: they are always the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from autotosis.annotations.facecams import Box
from autotosis.model import model_file
from autotosis.project.params import Extract
from autotosis.signals import features, motion, signal
from autotosis.video.recording import Recording

if TYPE_CHECKING:
    # It takes seconds to import, and most scans need no network.
    from autotosis.model.face_network.network import FaceNetwork

# Seconds of video that are worked on at once.
STRETCH = 100.0


@dataclass(frozen=True)
class Scan:
    """What to scan.

    Attributes
    ----------
    recording : Recording
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

    recording: Recording
    box: Box
    extract: Extract
    device: str
    precision: str
    architecture: str | None
    model: str

    @property
    def moments(self) -> int:
        """How many there are."""
        return int(np.ceil(self.recording.duration * self.extract.fps - 1e-6))


def stretches(wanted: np.ndarray, fps: float) -> list[list[range]]:
    """The moments that are wanted, bool of shape (moments,): what of them is in each STRETCH that has some, as runs."""
    longest = max(1, round(STRETCH * fps))
    parts = []
    for start in range(0, len(wanted), longest):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted[start : start + longest], [False]])))
        if len(edges):
            parts.append([range(start + first, start + last) for first, last in edges.reshape(-1, 2).tolist()])
    return parts


def listen(scan: Scan, runs: list[range]) -> tuple[np.ndarray, list[tuple[float, np.ndarray]]]:
    """What a stretch, all of it one run, sounds like, and a few glances at it.

    Returns
    -------
    ndarray of float32, shape (moments, heard columns)
        As in `features.Moments`.
    list of (float, ndarray of float32, shape (1,))
        At which moments, as numbers with a fraction, ascending, and the motion there.
    """
    fps, duration = scan.extract.fps, scan.recording.duration
    (run,) = runs
    times = np.array(run) / fps
    sound = features.heard(scan.recording, times)
    spacing = min(signal.NORMAL_BY_GLANCES, duration) / signal.GLANCES
    glanced = times[:: max(1, round(spacing * fps))]
    taken = motion.glances(scan.recording, glanced, scan.box, scan.extract)
    return sound, [(time * fps, moved) for time, moved in taken]


def look(scan: Scan, runs: list[range]) -> tuple[np.ndarray, np.ndarray]:
    """What is seen in runs of moments, and the logits of their faces.

    Returns
    -------
    ndarray of float32, shape (moments, seen columns)
        As in `features.Moments`.
    ndarray of float32, shape (moments,)
        0 without a face network.
    """
    fps, reach = scan.extract.fps, features.reach(scan.extract.fps)
    # Some signals are measured with what is before and after, so that no seam shows.
    read = [range(max(0, run.start - reach), min(scan.moments, run.stop + reach)) for run in runs]
    times = [np.array(places) / fps for places in read]
    signals = []

    def faces() -> Iterator[np.ndarray]:
        seen_runs = features.seen(scan.recording, times, scan.box, scan.extract)
        for run, places, seen in zip(runs, read, seen_runs, strict=True):
            for place, (frame, values) in zip(places, seen, strict=True):
                if place in run:
                    signals.append(values)
                    yield frame

    logits = _score(faces(), scan)
    return np.stack(signals), logits


def _score(frames: Iterable[np.ndarray], scan: Scan) -> np.ndarray:
    if scan.architecture is None:
        return np.zeros(sum(1 for _ in frames), np.float32)
    # Only here, since it takes seconds and the default needs none of it.
    from autotosis.model.face_network import network

    face = _face_network(scan.architecture, scan.device, scan.model)
    return network.score(face, frames, network.arithmetic(scan.precision, face.device))


@lru_cache(maxsize=1)
def _face_network(architecture: str, device: str, digest: str) -> "FaceNetwork":
    """The face network of the model with this digest, read once by each process."""
    import torch

    from autotosis.model.face_network import network

    torch.set_num_threads(1)
    weights = model_file.under("face.", model_file.tensors(model_file.PATH))
    return network.from_tensors(architecture, weights, network.device("predict.device", device))
