"""Reading video and sound. The only module that decodes.

Time is the presentation timestamp, in seconds from the beginning of the file as a player shows it: frame
rates vary, streams start late and recordings drop frames, so nothing counts frames to know the time.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.stream import Discard

from stages.lib.errors import UserError
from stages.lib.facecam import Box
from stages.lib.opening import TRUNCATED, beginning_of, end_of_picture, open_video, time_of, timed
from stages.lib.params import Extract

# Sound that is decoded before it is used, since decoders need what came before to be exact (seconds).
WARM_UP = 0.5
# Containers round timestamps, and a part of a VOD begins with a little more or less sound than picture: sound that is
# off by more than this is put right (seconds). It is a frame of film, and too little to be noticed.
OUT_OF_SYNC = 0.04
# Where a video has this many frames for each one that is wanted, those that no other needs, or few, are not decoded.
# Encoders put one to three of them in a row, so that enough are left, at half the cost.
SPARE = 5
# How much of a video is read to know how far apart its keyframes are (seconds).
FIRST_MINUTE = 60.0
# Times are rounded on their way from one program to the other (seconds).
JUST_BEFORE = 0.001


@dataclass(frozen=True)
class Probe:
    """What a video file says of itself.

    Attributes
    ----------
    start, duration : float
        When the picture starts, since sound may start before it; and when it ends. Seconds.
    width, height : int
        As displayed: pixels that are not square stretched, a phone's picture upright. Even.
    rate : Fraction
        Frames per second: what it has wherever none is missing, 10 to 60.
    sound : bool
        Whether it has a sound track.
    """

    start: float
    duration: float
    width: int
    height: int
    rate: Fraction
    sound: bool


def probe(path: Path) -> Probe:
    """What a video file holds; UserError if it is no video that FFmpeg reads."""
    with open_video(path) as (container, video):
        first = next(_decode(container, video), None)
        if first is None:
            raise UserError(f"{path}: no frame of it has a time; remove it or convert it to MP4")
        width, height = first.width * float(video.sample_aspect_ratio or 1), first.height
        if first.rotation % 180:
            width, height = height, width
        duration = end_of_picture(container, video)
        if duration <= 0:
            raise UserError(f"{path}: lasts no time, as a picture does; remove it or convert it to MP4")
        return Probe(
            max(0.0, first.time - beginning_of(container)),
            duration,
            max(2, round(width / 2) * 2),
            max(2, round(height / 2) * 2),
            _steady_rate(video),
            bool(container.streams.audio),
        )


def _steady_rate(video: av.VideoStream) -> Fraction:
    # The average rate is pulled down by every frame that is missing, the guessed one is not.
    for rate in (video.guessed_rate, video.average_rate):
        if rate and rate >= 10:
            return min(rate, Fraction(60)).limit_denominator(1001)
    return Fraction(30)


def faces(
    path: Path, stretches: Iterable[Sequence[float]], box: Box, extract: Extract
) -> Iterator[Iterator[np.ndarray]]:
    """The face box of the frame on display at each of the given times, or of one shortly before it (SPARE).

    Parameters
    ----------
    path : Path
        A video.
    stretches : iterable of sequences of float
        Each of them times, ascending, seconds, inside the video. What is not near one of the stretches is not decoded.
    box : Box
        The part of the picture to take.
    extract : Extract
        How many times there are in a second, what size to scale to, and what decodes.

    Yields
    ------
    iterator of ndarray of uint8, shape (size, size, 3)
        Of each stretch: red, green, blue; to be used up before the next one. The array of a frame that is on display at
        several times is yielded several times.

    Raises
    ------
    UserError
        The file ends before the last of the times: it was cut off.
    """
    crop = _Crop(box, extract.size, extract.size)
    with open_video(path, extract.decoder) as (container, stream):
        _decode_what_is_wanted(stream, extract.fps)
        for times in stretches:
            decoded = _decode_from(container, stream, times[0])
            yield crop.each(_on_display(path, decoded, times, beginning_of(container)))


def glances(
    path: Path, times: Iterable[float], lags: Sequence[float], box: Box, extract: Extract
) -> Iterator[tuple[float, list[np.ndarray]]]:
    """The face box at a few moments that cost little to decode, where there are keyframes enough.

    Parameters
    ----------
    path : Path
        A video.
    times : iterable of float
        Ascending, seconds: a glance begins at the last keyframe before each of them, or, if the one before it began
        there, at the time itself.
    lags : sequence of float
        Ascending, seconds from its beginning.
    box, extract
        As in `faces`.

    Yields
    ------
    float
        Where the glance begins, seconds.
    list of ndarray of uint8, shape (size, size, 3)
        The frame on display after each of the lags.
    """
    crop, last = _Crop(box, extract.size, extract.size), None
    with open_video(path, extract.decoder) as (container, stream):
        _decode_what_is_wanted(stream, extract.fps)
        beginning = beginning_of(container)
        for time in times:
            decoded = _decode_from(container, stream, time)
            first = next(decoded, None)
            if first is None:
                continue
            start = first.time - beginning if first.time != last else time
            last = first.time
            shown = _on_display(path, itertools.chain([first], decoded), (start + lag for lag in lags), beginning)
            yield start, list(crop.each(shown))


def pictures(path: Path, stretches: Iterable[Sequence[float]], width: int, height: int) -> Iterator[list[np.ndarray]]:
    """The whole frame on display at each of the given times, upright.

    Parameters
    ----------
    path : Path
        A video.
    stretches : iterable of sequences of float
        As in `faces`, but of a few times each.
    width, height : int
        What to scale to, pixels: of the shape that `probe` gives.

    Yields
    ------
    list of ndarray of uint8, shape (height, width, 3)
        Of each stretch: red, green, blue.

    Raises
    ------
    UserError
        As in `faces`.
    """
    crop = _Crop(Box(), width, height)
    with open_video(path) as (container, stream):
        stream.thread_type = "AUTO"
        for times in stretches:
            decoded = _decode_from(container, stream, times[0])
            yield list(crop.each(_on_display(path, decoded, times, beginning_of(container))))


def _decode_what_is_wanted(stream: av.VideoStream, fps: float) -> None:
    # Videos are read in parallel, a core each.
    stream.codec_context.thread_count = 1
    if (stream.guessed_rate or 0) >= SPARE * fps:
        # In H.264, frames predicted from both sides serve at most each other. In its successors any frame may be one.
        stream.codec_context.skip_frame = "BIDIR" if stream.codec_context.name == "h264" else "NONREF"


def keyframe_distance(path: Path) -> float:
    """The longest time from one keyframe to the next in the first minute of a video, seconds."""
    with open_video(path) as (container, stream):
        keyframes, last = [], 0.0
        for packet in container.demux(stream):
            if packet.pts is not None:
                last = max(last, time_of(packet) - beginning_of(container))
                keyframes += [last] if packet.is_keyframe else []
                if last > FIRST_MINUTE:
                    break
    return max(np.diff([*keyframes, last]), default=last)


def read_from(path: Path, times: Iterable[float]) -> list[float]:
    """Where to begin to read a video, so that the frame on display at each of the times is decoded.

    Parameters
    ----------
    path : Path
        A video.
    times : iterable of float
        Seconds.

    Returns
    -------
    list of float
        For each time, seconds, at most that time: just before that frame or, where a search for it would land behind
        its keyframe, as much earlier as it takes.
    """
    with open_video(path) as (container, stream):
        return [_read_from(container, stream, time) for time in times]


def _read_from(container: av.container.InputContainer, stream: av.VideoStream, time: float) -> float:
    beginning, shown = beginning_of(container), 0.0
    begin = _search(container, stream, time)
    _seek(container, begin)
    for packet in _packets_from_keyframe(container, stream):
        at = time_of(packet) - beginning
        if at <= time + 1e-6:
            shown = max(shown, at)
        # A packet is decoded before it is shown, so none of those that follow is shown before the time.
        if (at if packet.dts is None else float(packet.dts * packet.time_base) - beginning) > time:
            break
    return max(0.0, min(begin, shown - JUST_BEFORE))


def _on_display(
    path: Path, decoded: Iterator[av.VideoFrame], times: Iterable[float], beginning: float
) -> Iterator[av.VideoFrame]:
    """The frame on display at each of the times; UserError where the file ends before them."""
    shown, shown_until = None, 0.0
    upcoming = next(decoded, None)
    for time in times:
        while upcoming is not None and (shown is None or upcoming.time - beginning <= time + 1e-6):
            shown = upcoming
            shown_until = shown.time - beginning + float((shown.duration or 0) * shown.time_base)
            upcoming = next(decoded, None)
        if shown is None or (upcoming is None and time > shown_until + TRUNCATED):
            raise UserError(f"{path}: cut off or damaged: its picture ends at {shown_until:.1f} s")
        yield shown


def grey_pictures(path: Path, start: float, end: float, size: tuple[int, int]) -> Iterator[tuple[float, np.ndarray]]:
    """The frames of a stretch of a video, all of them, small, grey and upright.

    Parameters
    ----------
    path : Path
        A video.
    start, end : float
        Seconds: frames that are first shown in this time.
    size : tuple of int
        Width and height to scale to, pixels, before they are turned.

    Yields
    ------
    float
        When the frame is first shown, seconds.
    ndarray of uint8, shape (height, width)
        The frame.
    """
    with open_video(path) as (container, stream):
        # Videos are read in parallel, a core each.
        stream.codec_context.thread_count = 1
        for frame in _decode_from(container, stream, start):
            time = frame.time - beginning_of(container)
            if time >= end:
                return
            if time >= start:
                picture = frame.reformat(*size, "gray", interpolation="AREA").to_ndarray()
                yield time, np.rot90(picture, round(frame.rotation / 90))


def sound(path: Path, rate: int, duration: float, start: float = 0.0) -> Iterator[np.ndarray]:
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
    return (block[:, 0] for block in _sound(path, "mono", rate, duration, start))


def stereo(path: Path, rate: int, duration: float, start: float = 0.0) -> Iterator[np.ndarray]:
    """The same in two channels: float32, shape (samples, 2)."""
    return _sound(path, "stereo", rate, duration, start)


def _sound(path: Path, layout: str, rate: int, duration: float, start: float) -> Iterator[np.ndarray]:
    channels = av.AudioLayout(layout).nb_channels
    total, done, tolerance = (round(seconds * rate) for seconds in (duration, start, OUT_OF_SYNC))
    with open_video(path) as (container, video):
        # What is not asked for is not even read, where the container allows it.
        video.discard = Discard.all
        resampler, sort, reached, surplus = None, None, start == 0, 0
        stream = container.streams.audio[0]
        for frame in _decode_from(container, stream, max(0.0, start - WARM_UP)):
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


def packets_from(
    container: av.container.InputContainer, stream: av.VideoStream, time: float
) -> Iterator[av.packet.Packet]:
    """The packets of a picture, not decoded, from a keyframe at or before `time` (seconds) on, the last such one where
    the file can be searched; from the first keyframe where none is before it."""
    _seek(container, _search(container, stream, time))
    return _packets_from_keyframe(container, stream)


def _search(container: av.container.InputContainer, stream: av.VideoStream, time: float) -> float:
    """The last time to aim at (seconds) so that a keyframe at or before `time` follows where the search lands."""
    back = 0.0
    while back < time:
        _seek(container, time - back)
        first = next(_packets_from_keyframe(container, stream), None)
        if first is not None and time_of(first) - beginning_of(container) <= time + 1e-6:
            return time - back
        # As in `_decode_from`, in smaller steps since nothing is decoded.
        back = 2 * back + 0.5
    return 0.0


def _packets_from_keyframe(
    container: av.container.InputContainer, stream: av.VideoStream
) -> Iterator[av.packet.Packet]:
    return itertools.dropwhile(lambda packet: not packet.is_keyframe, timed(container, stream))


def _seek(container: av.container.InputContainer, time: float) -> None:
    beginning = beginning_of(container)
    if time <= 0:
        # A search by guess for the beginning itself lands behind it. Where none is needed, what is earlier is refused.
        with suppress(av.error.FFmpegError):
            return container.seek(int((beginning - 1) * av.time_base))
    container.seek(int((time + beginning) * av.time_base))


def _decode_from(
    container: av.container.InputContainer, stream: av.stream.Stream, time: float
) -> Iterator[av.frame.Frame]:
    """The frames of a track from one at or before `time` (seconds) on; near it, where the file can be searched."""
    back = 0.0
    while back < time:
        _seek(container, time - back)
        frames = _decode(container, stream)
        first = next(frames, None)
        if first is not None and first.time - beginning_of(container) <= time:
            return itertools.chain([first], frames)
        # Some containers are searched by guess, and land behind the time.
        back = 2 * back + 5
    if time > 0:
        _seek(container, 0.0)
    return _decode(container, stream)


class _Crop:
    """Cuts a box out of frames and scales it, whatever their size, which may change within a stream."""

    def __init__(self, box: Box, width: int, height: int):
        self.box, self.width, self.height = box, width, height
        self.source = None

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        source = (frame.width, frame.height, frame.format.name, frame.rotation)
        if source != self.source:
            self.source, self.graph = source, self._graph(frame)
        self.graph.push(frame)
        return self.graph.pull().to_ndarray(format="rgb24")

    def each(self, frames: Iterable[av.VideoFrame]) -> Iterator[np.ndarray]:
        last = cropped = None
        for frame in frames:
            if frame is not last:
                last, cropped = frame, self(frame)
            yield cropped

    def _graph(self, frame: av.VideoFrame) -> av.filter.Graph:
        graph = av.filter.Graph()
        nodes = [
            graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
        ]
        width, height = frame.width, frame.height
        # The box is in the upright picture, as players show it.
        turns = round(frame.rotation / 90) % 4
        for _ in range(turns):
            nodes.append(graph.add("transpose", "cclock"))
            width, height = height, width
        left, right = round(self.box.x0 * width), round(self.box.x1 * width)
        top, bottom = round(self.box.y0 * height), round(self.box.y1 * height)
        nodes += [
            graph.add("crop", f"{max(right - left, 2)}:{max(bottom - top, 2)}:{left}:{top}"),
            graph.add("scale", f"{self.width}:{self.height}:flags=area"),
            graph.add("format", "rgb24"),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*nodes).configure()
        return graph
