"""Reading sound."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.stream import Discard

from autotosis.video.clock import beginning_of
from autotosis.video.opening import open_video
from autotosis.video.seeking import decode_from

# Sound that is decoded before it is used, since decoders need what came before to be exact (seconds).
WARM_UP = 0.5
# Containers round timestamps, and a part of a VOD begins with a little more or less sound than picture: sound that is
# off by more than this is put right (seconds). It is a frame of film, and too little to be noticed.
OUT_OF_SYNC = 0.04


def read_mono(path: Path, rate: int, duration: float, start: float = 0.0) -> Iterator[np.ndarray]:
    """The sound of a video, mixed to one channel, without a gap.

    Parameters
    ----------
    path : Path
        A video with a sound track.
    rate : int
        Samples per second (Hz).
    duration : float
        Seconds; sound that ends earlier or has gaps is filled with silence, later sound is dropped.
    start : float
        Seconds; where to begin.

    Yields
    ------
    ndarray of float32, shape (samples,)
        Blocks of at most a few seconds, -1 to 1, with nothing between them.
    """
    return (block[:, 0] for block in _read(path, "mono", rate, duration, start))


def read_stereo(path: Path, rate: int, duration: float, start: float = 0.0) -> Iterator[np.ndarray]:
    """The same in two channels: float32, shape (samples, 2)."""
    return _read(path, "stereo", rate, duration, start)


def _read(path: Path, layout: str, rate: int, duration: float, start: float) -> Iterator[np.ndarray]:
    channels = av.AudioLayout(layout).nb_channels
    total, done, tolerance = (round(seconds * rate) for seconds in (duration, start, OUT_OF_SYNC))
    with open_video(path) as (container, video):
        # What is not asked for is not even read, where the container allows it.
        video.discard = Discard.all
        resampler, sort, reached, surplus = None, None, start == 0, 0
        stream = container.streams.audio[0]
        for frame in decode_from(container, stream, max(0.0, start - WARM_UP)):
            if sort != (frame.format.name, frame.layout.name, frame.rate):
                sort = (frame.format.name, frame.layout.name, frame.rate)
                resampler = av.AudioResampler(format="flt", layout=layout, rate=rate)
            late = round((frame.time - beginning_of(container)) * rate) - done
            for block in _silence(min(late, total - done) if late > tolerance else 0, rate, channels):
                yield block
                done += len(block)
            frame.pts = None
            surplus = max(0, -late) if late < -tolerance or surplus or not reached else 0
            for resampled in resampler.resample(frame):
                samples = resampled.to_ndarray().reshape(-1, channels)
                block = samples[surplus:][: total - done]
                surplus = max(0, surplus - len(samples))
                done += len(block)
                if len(block):
                    reached = True
                    yield block
            if done >= total:
                return
    yield from _silence(total - done, rate, channels)


def _silence(samples: int, rate: int, channels: int) -> Iterator[np.ndarray]:
    while samples > 0:
        yield np.zeros((min(samples, rate), channels), np.float32)
        samples -= rate
