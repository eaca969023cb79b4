"""Loudness: how loud it is in each of sixteen bands, from low to high."""

import itertools
import math
from collections.abc import Iterator

import numpy as np

from autotosis.signals.signal import Signal, normal
from autotosis.video.recording import Recording
from autotosis.video.sound import read_stereo

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
# How much of the normal level is taken away. All of it (1) loses that a shouting streamer is loud in the whole of a
# short clip, none of it that some microphones are quiet; measured on 36 clips of different people, by cross-validation.
SHARE = 0.3


def read(recording: Recording, times: np.ndarray) -> Iterator[np.ndarray]:
    """The logarithm of the power in each band around each moment; NaN where the video has no sound."""
    if not recording.sound:
        yield from (np.full(BANDS, np.nan, np.float32) for _ in times)
        return
    # Analysis begins a little before the first moment, where there is any before.
    first = max(0, _step(times[0]) - STEPS)
    powers = _powers(read_stereo(recording, SAMPLE_RATE, recording.duration, first * STEP / SAMPLE_RATE))
    kept = np.empty((0, BANDS), np.float32)
    for time in times:
        start = _step(time) - STEPS // 2
        passed = min(max(0, start - first), len(kept))
        kept, first = kept[passed:], first + passed
        while first + len(kept) < start + STEPS and (block := next(powers, None)) is not None:
            kept = np.concatenate([kept, block])
        around = kept[max(0, start - first) : start + STEPS - first]
        yield np.log((around if len(around) else kept[-1:]).mean(axis=0) + SILENCE)


def relative(values: np.ndarray, fps: float) -> np.ndarray:
    """Loudness, partly relative to the mean power around each moment."""
    usual: np.ndarray = np.log(normal(np.exp(values).mean(axis=1), fps, np.mean))
    return values - np.float32(SHARE) * usual[:, None]


def _step(time: float) -> int:
    return round(time * SAMPLE_RATE / STEP)


def _powers(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Power per band, float32 of shape (steps, BANDS), of consecutive blocks of samples; step n is at n * STEP."""
    filters = _mel_filters()
    taper = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    pending = np.zeros((WINDOW // 2, 2), np.float32)
    # Half a window of silence after the last sample, as before the first.
    for block in _gather(itertools.chain(blocks, [pending]), SAMPLE_RATE):
        pending = np.concatenate([pending, block])
        steps = (len(pending) - WINDOW) // STEP + 1
        if steps > 0:
            # What is the same in both channels, as one microphone's sound is, is analysed once.
            channels = pending[:, :1] if (pending[:, 0] == pending[:, 1]).all() else pending
            windows = np.lib.stride_tricks.sliding_window_view(channels, WINDOW, axis=0)[::STEP][:steps]
            # That of both channels, since what is turned over in one of them is heard all the same.
            power = (np.abs(np.fft.rfft(windows * taper)) ** 2).mean(axis=1) / WINDOW
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


LOUDNESS = Signal("loudness", BANDS, read, relative)
