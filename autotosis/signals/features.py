"""From video to what the model sees: the one function for clips and VODs alike, so that training and scanning agree.

A moment is described by its face picture, by how much that picture moves and by how loud it is in each band.
"""

import itertools
import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from autotosis.annotations.facecams import Box
from autotosis.project.params import Extract
from autotosis.video.faces import faces_at, glances_at
from autotosis.video.recording import Recording
from autotosis.video.sound import read_mono

# Raise it by one with every change after which the same video gives other numbers: shards and models of another version
# are made anew. tests/test_signals.py says when.
VERSION = 1

# Sound is analysed as speech recognisers do: windows of 25 ms at 16 kHz and bands on the mel scale (Davis and
# Mermelstein, 1980). A step of 20 ms follows syllables, and the five around a moment are taken together.
SAMPLE_RATE = 16_000
WINDOW = 400
STEP = 320
STEPS = 5
BANDS = 16
LOWEST, HIGHEST = 60.0, 7600.0
# Far below any recording's noise, so that digital silence has a logarithm.
SILENCE = 1e-9

# Motion is the change of the grey picture, this small, to that of 0.2 s before and after, in proportion to its
# contrast: of 0.1, 0.2, 0.3 and 0.5 s, with and without contrast, what separates outbursts best on 36 clips of
# different people, by cross-validation.
GREY = 32
LAG = 0.2
# The contrast of a picture that is nearly of one grey, and the change of one that stands still.
FLAT = 0.05
STILL = 0.005


@dataclass(frozen=True)
class Moments:
    """Some consecutive moments of a video.

    Attributes
    ----------
    times : ndarray of float64, shape (moments,)
        Seconds.
    frames : ndarray of uint8, shape (moments, size, size, 3)
        The face box, red, green, blue.
    motion : ndarray of float32, shape (moments,)
        Logarithm of the mean change of the picture within LAG, over its contrast.
    sound : ndarray of float32, shape (moments, BANDS)
        Logarithm of the power in each band; NaN where the video has no sound.
    """

    times: np.ndarray
    frames: np.ndarray
    motion: np.ndarray
    sound: np.ndarray


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
    (moments,) = (list(moments) for moments in seen(recording.path, [times], box, extract))
    frames, motion = zip(*moments, strict=True)
    return Moments(times, np.stack(frames), np.array(motion, np.float32), np.stack(list(heard(recording, times))))


def lag(fps: float) -> int:
    """LAG in moments, of which there are `fps` per second (Hz)."""
    return max(1, round(LAG * fps))


def seen(
    path: Path, stretches: Iterable[np.ndarray], box: Box, extract: Extract
) -> Iterator[Iterator[tuple[np.ndarray, float]]]:
    """The frame and the motion at each of the times of each stretch of consecutive moments; the rest as in `read`."""
    for faces in faces_at(path, (times.tolist() for times in stretches), box, extract):
        yield with_motion(faces, lag(extract.fps))


def glances(
    path: Path, times: np.ndarray, box: Box, extract: Extract, duration: float
) -> Iterator[tuple[float, float]]:
    """The motion at a few moments that cost little to decode, near each of the times; seconds, and as in `Moments`.

    The change is that from the moment until LAG after it, which has the same median as that of both sides.
    """
    reach = lag(extract.fps) / extract.fps
    inside = times[times < duration - reach].tolist()
    for start, frames in glances_at(path, inside, (0.0, reach), box, extract):
        grey, after = map(_grey, frames)
        yield start, _motion(float(np.abs(after - grey).mean()), grey)


def with_motion(frames: Iterator[np.ndarray], reach: int) -> Iterator[tuple[np.ndarray, float]]:
    """Each frame with the logarithm of how much the picture changes from `reach` frames before to `reach` after.

    The mean of both changes; of one at the video's ends, where there is no other.
    """
    kept: deque[tuple[np.ndarray, np.ndarray]] = deque()
    before: deque[float] = deque()
    for frame in frames:
        kept.append((frame, _grey(frame)))
        if len(kept) > reach:
            after = float(np.abs(kept[-1][1] - kept[0][1]).mean())
            before.append(after)
            earlier = before.popleft() if len(before) > reach else after
            frame, grey = kept.popleft()
            yield frame, _motion((earlier + after) / 2, grey)
    # The last of `before` belongs to the last frame. In a video shorter than twice the reach there are fewer of them
    # than frames left: the first of these take the nearest change.
    missing = len(kept) - len(before)
    before.extendleft([before[0] if before else 0.0] * missing)
    for (frame, grey), earlier in zip(kept, before, strict=True):
        yield frame, _motion(earlier, grey)


def _motion(change: float, grey: np.ndarray) -> float:
    return math.log(change / max(float(grey.std()), FLAT) + STILL)


def _grey(frame: np.ndarray) -> np.ndarray:
    small = Image.fromarray(frame).convert("L").resize((GREY, GREY), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / 255


def heard(recording: Recording, times: np.ndarray) -> Iterator[np.ndarray]:
    """The sound at each of the times, which are consecutive moments, as in `Moments`: float32 of shape (BANDS,)."""
    if not recording.sound:
        yield from (np.full(BANDS, np.nan, np.float32) for _ in times)
        return
    # Analysis begins a little before the first moment, where there is any before.
    first = max(0, _step(times[0]) - STEPS)
    powers = _powers(read_mono(recording.path, SAMPLE_RATE, recording.duration, first * STEP / SAMPLE_RATE))
    kept = np.empty((0, BANDS), np.float32)
    for time in times:
        start = _step(time) - STEPS // 2
        passed = min(max(0, start - first), len(kept))
        kept, first = kept[passed:], first + passed
        while first + len(kept) < start + STEPS and (block := next(powers, None)) is not None:
            kept = np.concatenate([kept, block])
        around = kept[max(0, start - first) : start + STEPS - first]
        yield np.log((around if len(around) else kept[-1:]).mean(axis=0) + SILENCE)


def _step(time: float) -> int:
    return round(time * SAMPLE_RATE / STEP)


def _powers(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Power per band, float32 of shape (steps, BANDS), of consecutive blocks of samples; step n is at n * STEP."""
    filters = _mel_filters()
    taper = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    pending = np.zeros(WINDOW // 2, np.float32)
    # Half a window of silence after the last sample, as before the first.
    for block in _gather(itertools.chain(blocks, [pending]), SAMPLE_RATE):
        pending = np.concatenate([pending, block])
        steps = (len(pending) - WINDOW) // STEP + 1
        if steps > 0:
            windows = np.lib.stride_tricks.sliding_window_view(pending, WINDOW)[::STEP][:steps]
            power = np.abs(np.fft.rfft(windows * taper)) ** 2 / WINDOW
            yield power.astype(np.float32) @ filters
            pending = pending[steps * STEP :]


def _gather(blocks: Iterator[np.ndarray], samples: int) -> Iterator[np.ndarray]:
    """The same in blocks of at least so many samples, but for the last: a call for every few costs more than they."""
    gathered, count = [], 0
    for block in blocks:
        gathered.append(block)
        count += len(block)
        if count >= samples:
            yield np.concatenate(gathered)
            gathered, count = [], 0
    if gathered:
        yield np.concatenate(gathered)


def _mel_filters() -> np.ndarray:
    """Triangles evenly spaced on the mel scale, 2595 log10(1 + f / 700) (O'Shaughnessy, 1987); (bins, BANDS)."""
    lowest, highest = (2595 * math.log10(1 + hertz / 700) for hertz in (LOWEST, HIGHEST))
    edges = 700 * (10 ** (np.linspace(lowest, highest, BANDS + 2) / 2595) - 1)
    bins = np.arange(WINDOW // 2 + 1) * SAMPLE_RATE / WINDOW
    rising = (bins[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    return np.clip(np.minimum(rising, falling), 0, None).astype(np.float32)
