"""The two passes over a VOD: listening, which is cheap, and looking, which is done only for chosen moments.

A VOD is processed in stretches, whose length depends on the VOD alone, so the result does not depend on the number of
processes.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from autotosis.annotations.facecams import Facecam
from autotosis.model import model_file
from autotosis.project.params import Extract
from autotosis.signals import features, motion, signal
from autotosis.video.recording import Recording

if TYPE_CHECKING:
    # Importing it takes seconds, and most scans need no network.
    from autotosis.model.face_network.network import FaceNetwork

# The length of a stretch, which one process works on (seconds), and the largest number of stretches: long VODs have
# longer ones. Each stretch opens the file, and to open an MP4, FFmpeg reads its whole index, 40 ms per hour of 1080p60.
STRETCH, MAX_STRETCHES = 100.0, 100


@dataclass(frozen=True)
class Scan:
    """A scan: the VOD, and how to read it.

    Attributes
    ----------
    recording : Recording
        The VOD.
    facecam : Facecam
        The position of the face camera.
    extract : Extract
        The parameters of extraction.
    device : str
        The device that computes the face network, as `predict.device` names it.
    precision : str
        The number format of the face network, as `predict.precision` names it.
    architecture : str or None
        torchvision's name of the model's face network; None if there is none.
    model_digest : str
        `files.digest` of the model file, so that each process reads it only once.
    """

    recording: Recording
    facecam: Facecam
    extract: Extract
    device: str
    precision: str
    architecture: str | None
    model_digest: str

    @property
    def moments(self) -> int:
        """The number of moments in the VOD."""
        return math.ceil(self.recording.duration * self.extract.fps - 1e-6)


def stretches(wanted: np.ndarray, fps: float) -> list[list[range]]:
    """Divide moments among stretches.

    Parameters
    ----------
    wanted : ndarray of bool, shape (moments,)
        Whether each moment of the VOD is to be processed.
    fps : float
        Moments per second, Hz.

    Returns
    -------
    list of list of range
        For each stretch with wanted moments, their numbers, as runs of consecutive moments.
    """
    longest = max(1, round(STRETCH * fps), math.ceil(len(wanted) / MAX_STRETCHES))
    parts = []
    for start in range(0, len(wanted), longest):
        edges = np.flatnonzero(np.diff(wanted[start : start + longest], prepend=False, append=False))
        if len(edges):
            parts.append([range(start + first, start + last) for first, last in edges.reshape(-1, 2).tolist()])
    return parts


def listen(scan: Scan, runs: list[range]) -> tuple[np.ndarray, list[tuple[float, np.ndarray]]]:
    """First pass: read the sound of a stretch, and the motion at a few of its moments.

    Parameters
    ----------
    scan : Scan
        The VOD, and how to read it.
    runs : list of range
        The moments of the stretch, in a single run.

    Returns
    -------
    ndarray of float32, shape (moments, columns of the sound)
        The signals of the sound, as in `features.Moments`.
    list of (float, ndarray of float32, shape (1,))
        The glances, in the order of time: the number of the moment, which may have a fraction, and the motion there.
    """
    fps, duration = scan.extract.fps, scan.recording.duration
    (run,) = runs
    times = np.array(run) / fps
    sound = features.read_audio(scan.recording, times)
    spacing = min(signal.GLANCED_BASELINE_SECONDS, duration) / signal.GLANCES_PER_BASELINE
    glanced = times[:: max(1, round(spacing * fps))]
    taken = motion.glances(scan.recording, glanced, scan.facecam, scan.extract)
    return sound, [(time * fps, moved) for time, moved in taken]


def look(scan: Scan, runs: list[range]) -> tuple[np.ndarray, np.ndarray]:
    """Second pass: read the picture at the moments of a stretch.

    Parameters
    ----------
    scan : Scan
        The VOD, and how to read it.
    runs : list of range
        The moments to read, as runs of consecutive ones.

    Returns
    -------
    ndarray of float32, shape (moments, columns of the picture)
        The signals of the picture, as in `features.Moments`.
    ndarray of float32, shape (moments,)
        The logits of the face network; 0 if there is none.
    """
    fps, reach = scan.extract.fps, features.reach(scan.extract.fps)
    # Some signals depend on the frames before and after, so these are read as well, even from the next stretch.
    read = [range(max(0, run.start - reach), min(scan.moments, run.stop + reach)) for run in runs]
    times = [np.array(places) / fps for places in read]
    signals = []

    def faces() -> Iterator[np.ndarray]:
        seen_runs = features.read_visual(scan.recording, times, scan.facecam, scan.extract)
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
    # Imported here because it takes seconds, and the default model does not need it.
    from autotosis.model.face_network import network

    face = _face_network(scan.architecture, scan.device, scan.model_digest)
    return network.score(face, frames, network.choose_dtype(scan.precision, face.device))


@lru_cache(maxsize=1)
def _face_network(architecture: str, device: str, digest: str) -> "FaceNetwork":
    """Read the face network of the model with this digest; each process does so only once."""
    import torch

    from autotosis.model.face_network import network

    torch.set_num_threads(1)
    weights = model_file.subset(model_file.FACE, model_file.tensors(model_file.read_card()))
    return network.from_tensors(architecture, weights, network.choose_device("predict.device", device))
