"""When a packet is shown and when a recording ends: seconds from the time that players show as zero."""

from collections.abc import Iterator

import av

# A file that ends this much before the time it promises was cut off (seconds); containers round, and the last
# frames may be missing where a recorder stopped.
TRUNCATED = 0.5


def beginning_of(container: av.container.InputContainer) -> float:
    """The timestamp that players show as time zero, seconds."""
    # The first part begins at zero, but FFmpeg takes what its sound decoder will pass over for an earlier beginning.
    return 0.0 if container.format.name == "concat" else (container.start_time or 0) / av.time_base


def timed(container: av.container.InputContainer, stream: av.stream.Stream) -> Iterator[av.packet.Packet]:
    """The packets of a track that `time_of` knows the time of, from where the container stands."""
    return (packet for packet in container.demux(stream) if packet.pts is not None or packet.dts is not None)


def time_of(packet: av.packet.Packet) -> float:
    """When a packet is shown (timestamp, seconds); some old containers only say when it is decoded."""
    return float((packet.dts if packet.pts is None else packet.pts) * packet.time_base)


def end_of_picture(container: av.container.InputContainer, video: av.VideoStream) -> float:
    """When the picture ends, seconds; that of a file which was cut off, where it promised to."""
    beginning = beginning_of(container)
    if video.duration is not None:
        return float(((video.start_time or 0) + video.duration) * video.time_base) - beginning
    # Other containers only say when their longest track ends, or nothing: the last packets tell.
    promised = 0.0
    if container.duration is not None:
        # Matroska counts from timestamp zero, others from the first timestamp.
        from_zero = "matroska" in container.format.name
        promised = container.duration / av.time_base - (beginning if from_zero else 0)
        last_minute = max(0.0, promised - 60) + beginning
        container.seek(int(last_minute * av.time_base))
    ends = {True: 0.0, False: 0.0}
    for packet in container.demux(video, *container.streams.audio[:1]):
        if packet.pts is not None:
            end = float((packet.pts + (packet.duration or 0)) * packet.time_base) - beginning
            is_picture = packet.stream is video
            ends[is_picture] = max(ends[is_picture], end)
    cut_off = max(ends.values()) < promised - TRUNCATED
    return promised if cut_off else ends[True] or promised
