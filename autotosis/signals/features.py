"""From video to what the model sees: the one function for clips and VODs alike, so that training and scanning agree.

A moment is described by its face picture and by the signals that are listed here.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from autotosis.annotations.facecams import Box
from autotosis.project.params import Extract
from autotosis.signals.face import MOUTH
from autotosis.signals.loudness import LOUDNESS
from autotosis.signals.motion import MOTION
from autotosis.signals.signal import Signal, in_moments
from autotosis.video.faces import faces_at
from autotosis.video.recording import Recording

# Raise it by one with every change after which the same video gives other numbers: shards and models of another version
# are made anew. tests/test_signals.py says when.
VERSION = 3

# What is seen, by decoding the picture, and what is heard, which costs so little that a scan's first pass reads it of
# the whole VOD. Another signal is a file of its own and its name in one of these lists.
SEEN = (MOTION, MOUTH)
HEARD = (LOUDNESS,)
SIGNALS = SEEN + HEARD
COLUMNS = sum(signal.width for signal in SIGNALS)
# The columns of all that is seen, and of all that is heard.
SEEN_COLUMNS = slice(0, sum(signal.width for signal in SEEN))
HEARD_COLUMNS = slice(SEEN_COLUMNS.stop, COLUMNS)


@dataclass(frozen=True)
class Moments:
    """Some consecutive moments of a video.

    Attributes
    ----------
    times : ndarray of float64, shape (moments,)
        Seconds.
    frames : ndarray of uint8, shape (moments, size, size, 3)
        The face box, red, green, blue.
    signals : ndarray of float32, shape (moments, COLUMNS)
        The signals in their order, as their files say; NaN where there is nothing to measure.
    """

    times: np.ndarray
    frames: np.ndarray
    signals: np.ndarray

    def of(self, signal: Signal) -> np.ndarray:
        """The values of one signal: float32 of shape (moments, its width)."""
        return self.signals[:, columns(signal)]


def columns(signal: Signal) -> slice:
    """The columns of a signal."""
    before = SIGNALS[: SIGNALS.index(signal)]
    start = sum(other.width for other in before)
    return slice(start, start + signal.width)


def reach(fps: float) -> int:
    """How many moments before and after one are read to see it, of which there are `fps` per second (Hz)."""
    return in_moments(max(signal.reach for signal in SEEN), fps)


def read_moments(
    recording: Recording, box: Box, extract: Extract, start: float = 0.0, end: float | None = None
) -> Moments:
    """Read a clip, or a stretch of a VOD, as model input, on an even grid of time.

    Parameters
    ----------
    recording : Recording
        A video.
    box : Box
        Where the face is.
    extract : Extract
        How many moments a second has, the grid beginning at 0 s, and how large frames are.
    start, end : float
        The moments from `start` until before `end` are read; None is the end of the video.
    """
    fps, end = extract.fps, recording.duration if end is None else min(end, recording.duration)
    times = np.arange(math.ceil(start * fps - 1e-6), math.ceil(end * fps - 1e-6)) / fps
    (moments,) = (list(moments) for moments in seen(recording, [times], box, extract))
    frames, looks = zip(*moments, strict=True)
    return Moments(times, np.stack(frames), np.column_stack([np.stack(looks), heard(recording, times)]))


def seen(
    recording: Recording, stretches: Iterable[np.ndarray], box: Box, extract: Extract
) -> Iterator[Iterator[tuple[np.ndarray, np.ndarray]]]:
    """The frame and what is seen in it, at each of the times of each stretch of consecutive moments.

    As in `Moments`, each of them; each stretch is to be used up before the next one.
    """
    stretches = list(stretches)
    aspect = box.aspect(recording.width, recording.height)
    faces_of_each = faces_at(recording, (times.tolist() for times in stretches), box, extract)
    for times, faces in zip(stretches, faces_of_each, strict=True):
        frames, *copies = itertools.tee(faces, 1 + len(SEEN))
        first = round(times[0] * extract.fps)
        read = (signal.read(copy, first, extract.fps, aspect) for signal, copy in zip(SEEN, copies, strict=True))
        yield zip(frames, map(np.concatenate, zip(*read, strict=True)), strict=True)


def heard(recording: Recording, times: np.ndarray) -> np.ndarray:
    """What is heard at each of the times, which are consecutive moments, as in `Moments`."""
    return np.column_stack([np.stack(list(signal.read(recording, times))) for signal in HEARD])
