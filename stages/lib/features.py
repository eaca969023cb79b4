"""From video to model input: the one function for clips and VODs alike, so that training and scanning agree."""

import hashlib
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stages.lib import media
from stages.lib.facecam import Box

# Changes whenever the code does that decides what features a video gives: shards and models made by other code
# are then refused.
VERSION = hashlib.sha256(b"".join(Path(source).read_bytes() for source in (__file__, media.__file__))).hexdigest()

# Sound is analysed as speech recognisers do: windows of 25 ms at 16 kHz and 40 mel bands (Davis and
# Mermelstein, 1980, for the bands on the mel scale); a step of 20 ms follows syllables closely enough.
SAMPLE_RATE = 16_000
WINDOW = 400
STEP = 320
BANDS = 40
LOWEST, HIGHEST = 60.0, 7600.0
FLOOR = 1e-9
# Steps of sound around a moment: one second before it and one after.
SURROUNDINGS = 100

CHUNK = 64


@dataclass(frozen=True)
class Moments:
    """Model input for some moments of a video.

    Attributes
    ----------
    times : ndarray of float64, shape (moments,)
        Seconds.
    frames : ndarray of uint8, shape (moments, size, size, 3)
        The face box, red, green, blue.
    sound : ndarray of float16, shape (moments, SURROUNDINGS, BANDS)
        Log-mel energies of the sound around the moment, in time order; NaN where the video has no sound.
    """

    times: np.ndarray
    frames: np.ndarray
    sound: np.ndarray


def moments(path: Path, probe: media.Probe, box: Box, fps: float, size: int, threads: int) -> Iterator[Moments]:
    """Read a video as model input, on an even grid of time, a chunk at a time.

    Parameters
    ----------
    path : Path
        A video.
    probe : Probe
        What `media.probe` says of it.
    box : Box
        Where the face is.
    fps : float
        Moments per second (Hz); the first is at 0 s.
    size : int
        Width and height of a frame, pixels.
    threads : int
        Decoding threads.

    Yields
    ------
    Moments
        At most CHUNK of them at a time.
    """
    times = np.arange(math.ceil(probe.duration * fps - 1e-6)) / fps
    faces = media.faces(path, iter(times), box, size, threads)
    sounds = _surroundings(path, probe, times)
    for start in range(0, len(times), CHUNK):
        chunk = times[start : start + CHUNK]
        yield Moments(
            chunk,
            np.stack([next(faces) for _ in chunk]),
            np.stack([next(sounds) for _ in chunk]).astype(np.float16),
        )


def read(path: Path, probe: media.Probe, box: Box, fps: float, size: int) -> Moments:
    """All of `moments` at once, for a video that is short."""
    chunks = moments(path, probe, box, fps, size, threads=1)
    parts = zip(*((chunk.times, chunk.frames, chunk.sound) for chunk in chunks), strict=True)
    return Moments(*(np.concatenate(part) for part in parts))


def _surroundings(path: Path, probe: media.Probe, times: np.ndarray) -> Iterator[np.ndarray]:
    if not probe.sound:
        yield from (np.full((SURROUNDINGS, BANDS), np.nan, np.float32) for _ in times)
        return
    steps = _log_mel(media.sound(path, SAMPLE_RATE, probe.duration))
    kept, first, ended = np.empty((0, BANDS), np.float32), 0, False
    for time in times:
        start = round(time * SAMPLE_RATE / STEP) - SURROUNDINGS // 2
        # At the beginning, the steps that stand in for those before it reach one further than those after.
        needed = max(start + SURROUNDINGS, 1 - start)
        while not ended and first + len(kept) < needed:
            block = next(steps, None)
            if block is None:
                ended = True
            else:
                kept = np.concatenate([kept, block])
        wanted = np.arange(start, start + SURROUNDINGS)
        # Before the first step and after the last the sound is mirrored, so that an edge is nothing special.
        total = first + len(kept) if ended else math.inf
        yield kept[_mirrored(wanted, total) - first]
        unused = max(0, start - SURROUNDINGS - first)
        kept, first = kept[unused:], first + unused


def _mirrored(steps: np.ndarray, total: float) -> np.ndarray:
    if math.isinf(total):
        return np.abs(steps)
    period = max(1, 2 * (int(total) - 1))
    steps = steps % period
    return np.minimum(steps, period - steps)


def _log_mel(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Log-mel energies, float32 of shape (steps, BANDS), of consecutive blocks of samples; step n is at n * STEP."""
    filters = _mel_filters()
    taper = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    pending = np.zeros(WINDOW // 2, np.float32)
    # Half a window of silence after the last sample, as before the first.
    for block in itertools.chain(blocks, [pending]):
        pending = np.concatenate([pending, block])
        steps = (len(pending) - WINDOW) // STEP + 1
        if steps > 0:
            windows = np.lib.stride_tricks.sliding_window_view(pending, WINDOW)[::STEP][:steps]
            power = np.abs(np.fft.rfft(windows * taper)) ** 2 / WINDOW
            yield np.log(power.astype(np.float32) @ filters + FLOOR)
            pending = pending[steps * STEP :]


def _mel_filters() -> np.ndarray:
    """Triangles evenly spaced on the mel scale, 2595 log10(1 + f / 700) (O'Shaughnessy, 1987); (bins, BANDS)."""
    lowest, highest = (2595 * math.log10(1 + hertz / 700) for hertz in (LOWEST, HIGHEST))
    edges = 700 * (10 ** (np.linspace(lowest, highest, BANDS + 2) / 2595) - 1)
    bins = np.arange(WINDOW // 2 + 1) * SAMPLE_RATE / WINDOW
    rising = (bins[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    return np.clip(np.minimum(rising, falling), 0, None).astype(np.float32)
