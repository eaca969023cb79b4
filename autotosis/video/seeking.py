"""Decoding from any time on: the last keyframe before it is found, whatever the container."""

import itertools
from collections.abc import Iterator
from contextlib import suppress

import av

from autotosis.video.clock import beginning_of, time_of, timed


def decode_from(
    container: av.container.InputContainer, stream: av.stream.Stream, time: float
) -> Iterator[av.frame.Frame]:
    """The frames of a track from one at or before `time` (seconds) on; near it, where the file can be searched."""
    back = 0.0
    while back < time:
        seek(container, time - back)
        frames = decode(container, stream)
        first = next(frames, None)
        if first is not None and first.time - beginning_of(container) <= time:
            return itertools.chain([first], frames)
        # Some containers are searched by guess, and land behind the time.
        back = 2 * back + 5
    if time > 0:
        seek(container, 0.0)
    return decode(container, stream)


def packets_from(
    container: av.container.InputContainer, stream: av.VideoStream, time: float
) -> Iterator[av.packet.Packet]:
    """The packets of a picture, not decoded, from a keyframe at or before `time` (seconds) on, the last such one where
    the file can be searched; from the first keyframe where none is before it."""
    seek(container, keyframe_before(container, stream, time))
    return packets_from_keyframe(container, stream)


def keyframe_before(container: av.container.InputContainer, stream: av.VideoStream, time: float) -> float:
    """The last time to aim at (seconds) so that a keyframe at or before `time` follows where the search lands."""
    back = 0.0
    while back < time:
        seek(container, time - back)
        first = next(packets_from_keyframe(container, stream), None)
        if first is not None and time_of(first) - beginning_of(container) <= time + 1e-6:
            return time - back
        # As in `decode_from`, in smaller steps since nothing is decoded.
        back = 2 * back + 0.5
    return 0.0


def packets_from_keyframe(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.packet.Packet]:
    return itertools.dropwhile(lambda packet: not packet.is_keyframe, timed(container, stream))


def seek(container: av.container.InputContainer, time: float) -> None:
    beginning = beginning_of(container)
    if time <= 0:
        # A search by guess for the beginning itself lands behind it. Where none is needed, what is earlier is refused.
        with suppress(av.error.FFmpegError):
            return container.seek(int((beginning - 1) * av.time_base))
    container.seek(int((time + beginning) * av.time_base))


def decode(container: av.container.InputContainer, stream: av.stream.Stream) -> Iterator[av.frame.Frame]:
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
