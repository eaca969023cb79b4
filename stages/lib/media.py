"""Reading video and sound. The only module that decodes.

Time is the presentation timestamp, in seconds from the beginning of the file as a player shows it: frame
rates vary, streams start late and recordings drop frames, so nothing counts frames to know the time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from stages.lib.errors import UserError
from stages.lib.facecam import Box

# A file that ends this much before the time it promises was cut off (seconds); containers round, and the last
# frames may be missing where a recorder stopped.
TRUNCATED = 0.5


@dataclass(frozen=True)
class Probe:
    """What a video file says of itself.

    Attributes
    ----------
    duration : float
        Seconds, of the picture.
    width, height : int
        Pixels.
    rate : Fraction
        Frames per second, on average.
    sound : bool
        Whether it has a sound track.
    """

    duration: float
    width: int
    height: int
    rate: Fraction
    sound: bool


def probe(path: Path) -> Probe:
    """What a video file holds; UserError if it is no video that FFmpeg reads."""
    with _open(path) as container:
        video = container.streams.video[0]
        width, height = video.width, video.height
        duration = _promised_end(container, video)
        if duration is None:
            # Some recorders leave the duration out; the packets tell it without decoding.
            ends = [p.pts + (p.duration or 0) for p in container.demux(video) if p.pts is not None]
            duration = float(max(ends, default=0) * video.time_base) - _beginning(container)
        if duration <= 0:
            raise UserError(f"{path}: the video holds no frame; remove it or record it anew")
        rate = video.average_rate or video.guessed_rate or Fraction(30)
        return Probe(duration, width, height, rate, bool(container.streams.audio))


def faces(path: Path, times: Iterator[float], box: Box, size: int, threads: int) -> Iterator[np.ndarray]:
    """The face box of the frame on display at each of the given times.

    Parameters
    ----------
    path : Path
        A video.
    times : iterator of float
        Ascending, seconds, inside the video.
    box : Box
        The part of the picture to take.
    size : int
        Width and height to scale it to, pixels.
    threads : int
        Decoding threads.

    Yields
    ------
    ndarray of uint8, shape (size, size, 3)
        Red, green, blue. The array of a frame that is on display at several times is yielded several times.

    Raises
    ------
    UserError
        The file ends before the last of the times: it was cut off.
    """
    crop = _Crop(box, size)
    with _open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.codec_context.thread_count = "AUTO", threads
        beginning = _beginning(container)
        shown, shown_until, face = None, 0.0, None
        decoded = _decode(container, stream)
        upcoming = next(decoded, None)
        for time in times:
            while upcoming is not None and (shown is None or upcoming.time - beginning <= time + 1e-6):
                shown, face = upcoming, None
                shown_until = shown.time - beginning + float((shown.duration or 0) * shown.time_base)
                upcoming = next(decoded, None)
            if shown is None or (upcoming is None and time > shown_until + TRUNCATED):
                raise UserError(f"{path}: cut off or damaged: its picture ends at {shown_until:.1f} s")
            if face is None:
                face = crop(shown)
            yield face


def sound(path: Path, rate: int, duration: float) -> Iterator[np.ndarray]:
    """The sound of a video, mixed to one channel, from its beginning to its end.

    Parameters
    ----------
    path : Path
        A video with a sound track.
    rate : int
        Samples per second (Hz).
    duration : float
        Seconds; sound that ends earlier or has gaps is filled with silence, later sound is dropped.

    Yields
    ------
    ndarray of float32, shape (samples,)
        Blocks of at most a few seconds, -1 to 1, with nothing between them.
    """
    total, done = round(duration * rate), 0
    resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
    with _open(path) as container:
        stream = container.streams.audio[0]
        beginning = _beginning(container)
        for frame in _decode(container, stream):
            if frame.pts is None:
                continue
            due = round((frame.time - beginning) * rate)
            # Timestamps are rounded by containers: only more than a frame's worth is a gap.
            if due - done > rate // 10:
                for block in _silence(min(due, total) - done, rate):
                    yield block
                    done += len(block)
            frame.pts = None
            for resampled in resampler.resample(frame):
                block = resampled.to_ndarray().reshape(-1)[: total - done]
                done += len(block)
                if len(block):
                    yield block
            if done >= total:
                return
    yield from _silence(total - done, rate)


def _silence(samples: int, rate: int) -> Iterator[np.ndarray]:
    while samples > 0:
        yield np.zeros(min(samples, rate), np.float32)
        samples -= rate


@contextmanager
def _open(path: Path) -> Iterator[av.container.InputContainer]:
    if path.is_file() and path.stat().st_size == 0:
        raise UserError(f"{path}: the file is empty; remove it or download it again")
    try:
        container = av.open(str(path))
    except av.error.FileNotFoundError:
        raise UserError(f"{path}: no such video") from None
    except av.error.FFmpegError as error:
        raise UserError(f"{path}: not a video that can be read ({error.strerror}); remove or replace it") from None
    with container:
        if not container.streams.video:
            raise UserError(f"{path}: has no picture; remove or replace it")
        yield container


def _decode(container: av.container.InputContainer, stream: av.stream.Stream) -> Iterator[av.frame.Frame]:
    # A damaged packet costs its own frames and no more: hours of recording often have one.
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        yield from (frame for frame in frames if frame.pts is not None)


def _beginning(container: av.container.InputContainer) -> float:
    return (container.start_time or 0) / av.time_base


def _promised_end(container: av.container.InputContainer, stream: av.stream.Stream) -> float | None:
    if stream.duration is not None:
        return float(((stream.start_time or 0) + stream.duration) * stream.time_base) - _beginning(container)
    if container.duration is None:
        return None
    # Matroska counts its duration from timestamp zero, other containers from the first timestamp.
    from_zero = "matroska" in container.format.name
    return container.duration / av.time_base - (_beginning(container) if from_zero else 0)


class _Crop:
    """Cuts a box out of frames and scales it, whatever their size, which may change within a stream."""

    def __init__(self, box: Box, size: int):
        self.box, self.size = box, size
        self.source = None

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        source = (frame.width, frame.height, frame.format.name)
        if source != self.source:
            self.source, self.graph = source, self._graph(frame)
        self.graph.push(frame)
        return self.graph.pull().to_ndarray(format="rgb24")

    def _graph(self, frame: av.VideoFrame) -> av.filter.Graph:
        left, right = round(self.box.x0 * frame.width), round(self.box.x1 * frame.width)
        top, bottom = round(self.box.y0 * frame.height), round(self.box.y1 * frame.height)
        graph = av.filter.Graph()
        graph.link_nodes(
            graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base),
            graph.add("crop", f"{max(right - left, 2)}:{max(bottom - top, 2)}:{left}:{top}"),
            graph.add("scale", f"{self.size}:{self.size}:flags=area"),
            graph.add("format", "rgb24"),
            graph.add("buffersink"),
        ).configure()
        return graph
