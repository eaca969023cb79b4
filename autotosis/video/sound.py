"""Reading the sound of a recording: one track, or several mixed."""

from collections.abc import Iterator

import av
import numpy as np

from autotosis.video.reading import Track
from autotosis.video.recording import Recording

# Decoding begins this much early, because decoders are only exact after some sound (seconds).
WARM_UP = 0.5
# Sound that is off by more than this is moved to its time (seconds). Smaller errors come from containers, which round
# timestamps, and from parts of a VOD, whose sound begins a little before or after the picture. The limit is about
# one frame of film, an offset that nobody notices.
OUT_OF_SYNC = 0.04


def read_stereo(recording: Recording, rate: int, duration: float, start: float = 0.0) -> Iterator[np.ndarray]:
    """Read the sound of a recording in two channels, without gaps: the sum of the tracks that are heard.

    Parameters
    ----------
    recording : Recording
        The video, which must have a sound track.
    rate : int
        Samples per second, Hz.
    duration : float
        The time in the recording at which to end, seconds. Gaps and a missing end are filled with silence; later sound
        is dropped.
    start : float
        The time in the recording at which to begin, seconds.

    Yields
    ------
    ndarray of float32, shape (samples, 2)
        Consecutive blocks of at most a few seconds: left and right, -1 to 1. More channels are mixed down, and a single
        one is in both. What is mixed, channels or tracks, may together exceed 1.
    """
    count = max(len(piece.sounds) for piece in recording.pieces)
    blocks = [_track(recording, number, rate, duration, start) for number in range(count)]
    yield from blocks[0] if count == 1 else _sum(blocks)


def _sum(tracks: list[Iterator[np.ndarray]]) -> Iterator[np.ndarray]:
    """Add up tracks of the same length."""
    ahead = [np.zeros((0, 2), np.float32) for _ in tracks]
    while True:
        ahead = [block if len(block) else next(track, block) for block, track in zip(ahead, tracks, strict=True)]
        shared = min(map(len, ahead))
        if not shared:
            return
        yield np.sum([block[:shared] for block in ahead], axis=0)
        ahead = [block[shared:] for block in ahead]


def _track(recording: Recording, number: int, rate: int, duration: float, start: float) -> Iterator[np.ndarray]:
    """Read one of the sound tracks that are heard, as in `read_stereo`."""
    total, done, tolerance = (round(seconds * rate) for seconds in (duration, start, OUT_OF_SYNC))
    with Track(recording, "sound", sound=number) as track:
        resampler, source_format, started, to_drop = av.AudioResampler("flt", "stereo", rate), None, start == 0, 0
        for frame in track.frames(max(0.0, start - WARM_UP)):
            if source_format != (frame.format.name, frame.layout.name, frame.rate):
                source_format = (frame.format.name, frame.layout.name, frame.rate)
                # FFmpeg would make a single channel quieter when copying it to two, so that is done below.
                layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
                resampler = av.AudioResampler("flt", layout, rate)
            # A frame that is too late follows silence.
            offset = round(frame.time * rate) - done
            for block in _silence(min(offset, total - done) if offset > tolerance else 0, rate):
                yield block
                done += len(block)
            frame.pts = None
            # The beginning of a frame is cut off if it is too early, or if nothing has been given yet, since decoding
            # began before the start.
            to_drop = max(0, -offset) if offset < -tolerance or to_drop or not started else 0
            for resampled in resampler.resample(frame):
                samples: np.ndarray = resampled.to_ndarray().reshape(resampled.samples, -1)
                if samples.shape[1] == 1:
                    samples = np.repeat(samples, 2, axis=1)
                block = samples[to_drop:][: total - done]
                to_drop = max(0, to_drop - len(samples))
                done += len(block)
                if len(block):
                    started = True
                    yield block
            if done >= total:
                return
    yield from _silence(total - done, rate)


def is_silent(recording: Recording, number: int) -> bool:
    """Return whether a sound track, counted from 0 among those that are heard, is digital silence throughout.

    Decoding stops at the first sound.
    """
    # Silence is not zero in all formats of samples, and PyAV cannot convert a frame of eight planes itself.
    return not any(block.any() for block in _track(recording, number, 48_000, recording.duration, 0.0))


def _silence(samples: int, rate: int) -> Iterator[np.ndarray]:
    """Yield blocks of silence, at most a second each."""
    while samples > 0:
        yield np.zeros((min(samples, rate), 2), np.float32)
        samples -= rate
