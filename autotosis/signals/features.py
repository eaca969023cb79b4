"""From video to what the model sees. Training and scanning use the same functions, so that both see the same.

A moment is described by its frame, the face camera's picture, and by the signals that are listed here.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from autotosis.annotations.facecams import Box, Facecam
from autotosis.project.params import Extract
from autotosis.signals import cepstrum, mel
from autotosis.signals.cepstrum import CEPSTRUM
from autotosis.signals.face import FACE
from autotosis.signals.flux import FLUX
from autotosis.signals.motion import MOTION
from autotosis.signals.signal import Signal, baseline, in_moments
from autotosis.video.faces import faces_at
from autotosis.video.recording import Recording

# The version of the signals. Raise it by one with every change that gives other numbers for the same video;
# tests/test_signals.py detects such changes. Shards and models of another version are made again.
VERSION = 10

# The signals of the picture, and those of the sound. Sound costs so little that the first pass of a scan reads it for
# the whole VOD. To add a signal, write a file for it and add its name to one of these lists.
VISUAL = (MOTION, FACE)
AUDIO = (CEPSTRUM, FLUX)
SIGNALS = VISUAL + AUDIO
COLUMNS = sum(signal.width for signal in SIGNALS)
# The columns of all signals of the picture, and of all signals of the sound.
VISUAL_COLUMNS = slice(0, sum(signal.width for signal in VISUAL))
AUDIO_COLUMNS = slice(VISUAL_COLUMNS.stop, COLUMNS)
# Where a face is found at less than this share of the moments around, the picture does not show the streamer. In
# recordings of other people without a face camera, reels show 27 of 36 highlights with this, and 14 without.
MIN_FACES = 0.1
# Digital silence that lasts this long (seconds) is sound that was muted, as streaming services do where music is
# protected. A microphone with a noise gate is silent for shorter times, in which the streamer is calm.
MUTED_SECONDS = 60.0


@dataclass(frozen=True)
class Moments:
    """Consecutive moments of a video.

    Attributes
    ----------
    times : ndarray of float64, shape (moments,)
        The time of each moment, seconds from the beginning of the video.
    frames : ndarray of uint8, shape (moments, size, size, 3)
        The face camera's picture at each moment: red, green, blue.
    signals : ndarray of float32, shape (moments, COLUMNS)
        The signals, in the order of SIGNALS; the file of each signal says what it measures. NaN where there is nothing
        to measure, as where the sound is muted.
    """

    times: np.ndarray
    frames: np.ndarray
    signals: np.ndarray


def columns(signal: Signal) -> slice:
    """Return the columns of a signal."""
    before = SIGNALS[: SIGNALS.index(signal)]
    start = sum(other.width for other in before)
    return slice(start, start + signal.width)


def has_picture(signals: np.ndarray) -> np.ndarray:
    """Return whether a face camera is shown at each moment: bool of shape (moments,).

    Parameters
    ----------
    signals : ndarray of float32, shape (moments, columns)
        The signals of the moments, as in `Moments`, or those of the picture alone.
    """
    # Where a picture is shown, its motion is known.
    shown: np.ndarray = ~np.isnan(signals[:, columns(MOTION).start])
    return shown


def without_muted(sound: np.ndarray, fps: float) -> np.ndarray:
    """Remove the signals of the sound where it is muted: where it is digitally silent for MUTED_SECONDS or throughout.

    Parameters
    ----------
    sound : ndarray of float32, shape (moments, columns of the sound)
        The signals of the sound of consecutive moments.
    fps : float
        Moments per second, Hz.

    Returns
    -------
    ndarray of float32, shape (moments, columns of the sound)
        The same, but NaN where the sound is muted.
    """
    silent = sound[:, columns(CEPSTRUM).start - AUDIO_COLUMNS.start] < cepstrum.SILENCE + 0.01
    shortest = min(len(sound), round(MUTED_SECONDS * fps))
    edges = np.flatnonzero(np.diff(silent, prepend=False, append=False))
    sound = sound.copy()
    for start, end in edges.reshape(-1, 2):
        if end - start >= shortest:
            sound[start:end] = np.nan
    return sound


def without_faceless(picture: np.ndarray, fps: float) -> np.ndarray:
    """Remove the signals of the picture where hardly any face is found around, because what moves there is a game.

    Parameters
    ----------
    picture : ndarray of float32, shape (moments, columns of the picture)
        The signals of the picture of consecutive moments, from `Signal.relative`.
    fps : float
        Moments per second, Hz.

    Returns
    -------
    ndarray of float32, shape (moments, columns of the picture)
        The same, but NaN where faces are found at less than MIN_FACES of the moments that show a picture.
    """
    found = ~np.isnan(picture[:, columns(FACE).start])
    shown = np.where(has_picture(picture), found.astype(np.float32), np.float32(np.nan))
    return np.where(baseline(shown, fps, np.mean)[:, None] < MIN_FACES, np.float32(np.nan), picture)


def reach(fps: float) -> int:
    """Return how many moments before and after one are needed for its signals, at `fps` moments per second (Hz)."""
    return in_moments(max(signal.reach for signal in VISUAL), fps)


def read_moments(
    recording: Recording, facecam: Facecam, extract: Extract, start: float = 0.0, end: float | None = None
) -> Moments:
    """Read a clip, or a stretch of a VOD.

    Parameters
    ----------
    recording : Recording
        The video.
    facecam : Facecam
        The position of the face camera.
    extract : Extract
        The parameters of extraction. Moments are at multiples of 1 / `extract.fps` seconds.
    start, end : float
        The stretch to read, seconds: the moments from `start` until just before `end`. None is the end of the video.

    Returns
    -------
    Moments
        The moments of the stretch.

    Raises
    ------
    UserError
        If the video is cut off or damaged.
    """
    fps, duration = extract.fps, recording.duration
    first, last, count = (
        math.ceil(seconds * fps - 1e-6)
        for seconds in (start, duration if end is None else min(end, duration), duration)
    )
    times = np.arange(first, last) / fps
    (moments,) = map(list, read_visual(recording, [times], facecam, extract))
    frames, values = zip(*moments, strict=True)
    # Only with the sound before and after the stretch can it be told from a short silence that it is muted.
    around = round(MUTED_SECONDS * fps)
    before = min(first, around)
    heard = read_audio(recording, np.arange(first - before, min(last + around, count)) / fps)
    sound = without_muted(heard, fps)[before : before + len(times)]
    return Moments(times, np.stack(frames), np.column_stack([np.stack(values), sound]))


def read_visual(
    recording: Recording, stretches: Iterable[np.ndarray], facecam: Facecam, extract: Extract
) -> Iterator[Iterator[tuple[np.ndarray, np.ndarray]]]:
    """Read the frames and the signals of the picture.

    Where no face camera is shown, the frame is the whole picture, and its signals are NaN. Frames of different scenes
    are not compared.

    Parameters
    ----------
    recording : Recording
        The video.
    stretches : iterable of ndarray of float64, shape (moments,)
        The times of the moments to read, seconds: for each stretch, consecutive moments.
    facecam : Facecam
        The position of the face camera.
    extract : Extract
        The parameters of extraction.

    Yields
    ------
    iterator of (ndarray of uint8, ndarray of float32)
        For each stretch, an iterator over its moments: the frame, of shape (size, size, 3), and the signals of the
        picture, of shape (columns,), as in `Moments`. Use up each iterator before asking for the next one.

    Raises
    ------
    UserError
        If the video is cut off or damaged.
    """
    scenes_of_each = [_scenes(times, facecam) for times in stretches]
    pieces = ((times.tolist(), box or Box()) for scenes in scenes_of_each for times, box in scenes)
    faces_of_each = faces_at(recording, pieces, extract)
    for scenes in scenes_of_each:
        moments = (_read_scene(recording, times, box, next(faces_of_each), extract) for times, box in scenes)
        yield itertools.chain.from_iterable(moments)


def _scenes(times: np.ndarray, facecam: Facecam) -> list[tuple[np.ndarray, Box | None]]:
    """Split times where the face camera changes; return each part with its box."""
    changes = facecam.changes(times[0], times[-1] + 1e-6)
    return [(part, facecam.at(part[0])) for part in np.split(times, np.searchsorted(times, changes)) if len(part)]


def _read_scene(
    recording: Recording, times: np.ndarray, box: Box | None, faces: Iterator[np.ndarray], extract: Extract
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Return the frame and the signals of the picture at consecutive moments of one scene."""
    if box is None:
        return ((frame, np.full(VISUAL_COLUMNS.stop, np.nan, np.float32)) for frame in faces)
    frames, measured = itertools.tee(faces)
    first, aspect = round(times[0] * extract.fps), box.aspect(recording.width, recording.height)
    return zip(frames, _read(VISUAL, measured, first, extract.fps, aspect), strict=True)


def read_audio(recording: Recording, times: np.ndarray) -> np.ndarray:
    """Read the signals of the sound.

    Parameters
    ----------
    recording : Recording
        The video.
    times : ndarray of float64, shape (moments,)
        The times of consecutive moments, seconds.

    Returns
    -------
    ndarray of float32, shape (moments, columns)
        The signals of the sound, as in `Moments`; NaN if the video has no sound.
    """
    return np.stack(list(_read(AUDIO, mel.read(recording, times))))


def _read(signals: Sequence[Signal], moments: Iterator[np.ndarray], *arguments: float) -> Iterator[np.ndarray]:
    """Yield the columns of several signals for each moment."""
    copies = itertools.tee(moments, len(signals))
    read = (signal.read(copy, *arguments) for signal, copy in zip(signals, copies, strict=True))
    return map(np.concatenate, zip(*read, strict=True))
