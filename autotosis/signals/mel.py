"""The power of the sound in each of 16 bands, from low to high, which all signals of the sound are computed from."""

import itertools
import math
from collections.abc import Iterator

import numpy as np

from autotosis.video.recording import Recording
from autotosis.video.sound import read_stereo

# Sound is analysed as in speech recognition: in windows of 25 ms at 16 kHz, and in bands on the mel scale (Davis and
# Mermelstein, 1980). A step of 20 ms is short enough to follow syllables. A moment has the five steps around it. Units:
# samples per second (Hz), samples per window, samples per step; the limits of the bands in Hz.
SAMPLE_RATE = 16_000
WINDOW = 400
STEP = 320
STEPS_PER_MOMENT = 5
BANDS = 16
LOWEST, HIGHEST = 60.0, 7600.0
# Added to the power before its logarithm is taken, because the power of digital silence is 0. It is far below the noise
# of any recording.
POWER_FLOOR = 1e-9


def read(recording: Recording, times: np.ndarray) -> Iterator[np.ndarray]:
    """Measure the power around consecutive moments.

    Parameters
    ----------
    recording : Recording
        The video.
    times : ndarray of float64, shape (moments,)
        The times of the moments, seconds.

    Yields
    ------
    ndarray of float32, shape (steps, BANDS)
        The power in each band at the steps around each moment: STEPS_PER_MOMENT of them, or fewer, but at least one,
        at the ends of the sound. NaN if the video has no sound.
    """
    if not recording.sound:
        yield from (np.full((STEPS_PER_MOMENT, BANDS), np.nan, np.float32) for _ in times)
        return
    # Begin a little before the first moment, unless the video begins there.
    first = max(0, _step(times[0]) - STEPS_PER_MOMENT)
    powers = _powers(read_stereo(recording, SAMPLE_RATE, recording.duration, first * STEP / SAMPLE_RATE))
    kept = np.empty((0, BANDS), np.float32)
    for time in times:
        start = _step(time) - STEPS_PER_MOMENT // 2
        passed = min(max(0, start - first), len(kept))
        kept, first = kept[passed:], first + passed
        while first + len(kept) < start + STEPS_PER_MOMENT and (block := next(powers, None)) is not None:
            kept = np.concatenate([kept, block])
        around = kept[max(0, start - first) : start + STEPS_PER_MOMENT - first]
        yield around if len(around) else kept[-1:]


def logarithm(powers: np.ndarray) -> np.ndarray:
    """Return the natural logarithm of powers: an array of the same shape."""
    level: np.ndarray = np.log(powers + POWER_FLOOR)
    return level


def _step(time: float) -> int:
    """Return the number of the step that is nearest to a time (seconds)."""
    return round(time * SAMPLE_RATE / STEP)


def _powers(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Compute the power in each band, step by step.

    Parameters
    ----------
    blocks : iterator of ndarray of float32, shape (samples, 2)
        Consecutive blocks of sound, from `read_stereo`.

    Yields
    ------
    ndarray of float32, shape (steps, BANDS)
        The power at consecutive steps. The window of step n is centred on sample n * STEP of the blocks.
    """
    filters = _mel_filters()
    taper = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    pending = np.zeros((WINDOW // 2, 2), np.float32)
    # Half a window of silence is added before the first sample and after the last one.
    for block in _gather(itertools.chain(blocks, [pending]), SAMPLE_RATE):
        pending = np.concatenate([pending, block])
        steps = (len(pending) - WINDOW) // STEP + 1
        if steps > 0:
            # The sound of a single microphone is the same in both channels, so it is analysed only once.
            channels = pending[:, :1] if (pending[:, 0] == pending[:, 1]).all() else pending
            windows = np.lib.stride_tricks.sliding_window_view(channels, WINDOW, axis=0)[::STEP][:steps]
            # The mean of both channels' powers, and not the power of their mean: sound that has opposite signs in them
            # cancels out in the mean, although listeners hear it.
            power = (np.abs(np.fft.rfft(windows * taper)) ** 2).mean(axis=1) / WINDOW
            yield power.astype(np.float32) @ filters
            pending = pending[steps * STEP :]


def _gather(blocks: Iterator[np.ndarray], samples: int) -> Iterator[np.ndarray]:
    """Join blocks into longer ones of at least `samples` samples, except for the last one.

    Each call of the analysis has a fixed cost, which is too high for short blocks.
    """
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
    """Compute triangular filters, evenly spaced on the mel scale: float32 of shape (WINDOW // 2 + 1, BANDS).

    The mel scale is 2595 log10(1 + f / 700), with f in Hz (O'Shaughnessy, 1987).
    """
    lowest, highest = (2595 * math.log10(1 + hertz / 700) for hertz in (LOWEST, HIGHEST))
    edges = 700 * (10 ** (np.linspace(lowest, highest, BANDS + 2) / 2595) - 1)
    bins = np.arange(WINDOW // 2 + 1) * SAMPLE_RATE / WINDOW
    rising = (bins[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    return np.clip(np.minimum(rising, falling), 0, None).astype(np.float32)
