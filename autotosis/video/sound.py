"""Reading sound."""

from collections.abc import Iterator

import av
import numpy as np

from autotosis.video.reading import Track
from autotosis.video.recording import Recording

# Sound that is decoded before it is used, since decoders need what came before to be exact (seconds).
WARM_UP = 0.5
# Containers round timestamps, and a part of a VOD begins with a little more or less sound than picture: sound that is
# off by more than this is put right (seconds). It is a frame of film, and too little to be noticed.
OUT_OF_SYNC = 0.04


def read_stereo(recording: Recording, rate: int, duration: float, start: float = 0.0) -> Iterator[np.ndarray]:
    """The sound of a recording in two channels, without a gap.

    Parameters
    ----------
    recording : Recording
        One with a sound track.
    rate : int
        Samples per second (Hz).
    duration : float
        Seconds; sound that ends earlier or has gaps is filled with silence, later sound is dropped.
    start : float
        Seconds; where to begin.

    Yields
    ------
    ndarray of float32, shape (samples, 2)
        Blocks of at most a few seconds, -1 to 1, with nothing between them: left and right, what has more channels
        mixed to them as listeners at home hear it, and what has one in both.
    """
    total, done, tolerance = (round(seconds * rate) for seconds in (duration, start, OUT_OF_SYNC))
    with Track(recording, "sound") as track:
        resampler, sort, reached, surplus = av.AudioResampler("flt", "stereo", rate), None, start == 0, 0
        for frame in track.frames(max(0.0, start - WARM_UP)):
            if sort != (frame.format.name, frame.layout.name, frame.rate):
                sort = (frame.format.name, frame.layout.name, frame.rate)
                # As loud in both as it was in one, which FFmpeg's mixing is not.
                layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
                resampler = av.AudioResampler("flt", layout, rate)
            late = round(frame.time * rate) - done
            for block in _silence(min(late, total - done) if late > tolerance else 0, rate):
                yield block
                done += len(block)
            frame.pts = None
            surplus = max(0, -late) if late < -tolerance or surplus or not reached else 0
            for resampled in resampler.resample(frame):
                samples: np.ndarray = resampled.to_ndarray().reshape(resampled.samples, -1)
                if samples.shape[1] == 1:
                    samples = np.repeat(samples, 2, axis=1)
                block = samples[surplus:][: total - done]
                surplus = max(0, surplus - len(samples))
                done += len(block)
                if len(block):
                    reached = True
                    yield block
            if done >= total:
                return
    yield from _silence(total - done, rate)


def is_silent(recording: Recording) -> bool:
    """Whether all of the sound is digital silence; no more is decoded than it takes to know."""
    with Track(recording, "sound") as track:
        return not any(frame.to_ndarray().any() for frame in track.frames(0.0))


def _silence(samples: int, rate: int) -> Iterator[np.ndarray]:
    while samples > 0:
        yield np.zeros((min(samples, rate), 2), np.float32)
        samples -= rate
