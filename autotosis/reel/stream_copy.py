"""Cutting a picture without encoding it: its packets are copied from one file into another."""

import heapq
import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from autotosis.cuts import segments
from autotosis.cuts.segments import ROUNDING, Segment
from autotosis.project.errors import UserError
from autotosis.video.clock import beginning_of, time_of
from autotosis.video.opening import open_video
from autotosis.video.parts import video_files
from autotosis.video.seeking import packets_from

# Codecs whose keyframes can be told apart below, and that every player of MP4 knows.
CODECS = ("h264", "hevc")
# How far to look back for a keyframe at which decoding can begin anew (seconds), if the nearest is none.
REACH = 30.0
# A picture is decoded at most this many before one that is shown earlier (both standards, annex A).
REORDERED = 16
# Types of units in a packet (ITU-T H.264, table 7-1; H.265, table 7-1): pictures that reset the decoder, and those
# that do so when they are called BLA_N_LP.
IDR = 5
HEVC_ANEW, CRA, BLA_N_LP = range(16, 22), 21, 18


@dataclass(frozen=True)
class PacketRange:
    """A stretch of a picture to copy, from a keyframe on; in units of the track's time base.

    Attributes
    ----------
    shown : Segment
        What it shows, seconds.
    times : ndarray of int64, shape (frames,)
        When each frame is shown, ascending.
    end : int
        When the last one ceases to be.
    delay : int
        How much later than its turn the latest frame comes, since frames are not decoded in the order of display.
    """

    shown: Segment
    times: np.ndarray
    end: int
    delay: int


def packet_ranges(path: Path, chosen: Sequence[Segment]) -> list[PacketRange]:
    """What of a video can be copied to show the segments.

    Parameters
    ----------
    path : Path
        The video.
    chosen : sequence of Segment
        In order. The lead of each may be missing: it begins with the first keyframe in there, or else with the last one
        before, or else, at the beginning of the video, with the next. Segments that thereby meet become one.

    Raises
    ------
    UserError
        The picture cannot be copied.
    """
    headers = [(part, _header(part)) for part in video_files(path)]
    for (_, earlier), (part, header) in itertools.pairwise(headers):
        if header != earlier:
            raise UserError(
                f"{part}: its picture is encoded in another way than that of the part before it, and an MP4 has one "
                "header for all that is copied; set render.encoder to libx264"
            )
    with open_video(path) as (container, video):
        if video.codec_context.name not in CODECS:
            raise UserError(
                f"{path}: its picture is in {video.codec_context.name}, and only H.264 and HEVC are copied into an "
                "MP4; set render.encoder to libx264"
            )
        from_keyframes = [
            Segment(_keyframe(path, container, video, segment), segment.end, segment.score) for segment in chosen
        ]
        return [_range(path, container, video, segment) for segment in segments.join(from_keyframes)]


def _header(path: Path) -> bytes | None:
    """What a decoder must know of a picture before its first frame."""
    with open_video(path) as (_, video):
        return video.codec_context.extradata


def _keyframe(path: Path, container: av.container.InputContainer, video: av.VideoStream, segment: Segment) -> float:
    """When the keyframe is shown with which a segment begins (seconds)."""
    start = segment.start
    for back in (0.0, REACH):
        found = None
        for packet in packets_from(container, video, max(0.0, start - back)):
            time = time_of(packet) - beginning_of(container)
            # Where there is none before it since the video begins there, a later one has to do.
            if time >= segment.end or (time > start + segment.lead and (found is not None or start > back)):
                break
            # What comes before zero is not shown: an MP4 that was trimmed still has it.
            if time > -ROUNDING and packet.is_keyframe and any(_pictures_that_begin_anew(packet)):
                found = max(0.0, time)
                if time >= start:
                    break
        if found is not None:
            return found
    raise UserError(
        f"{path}: near {start:.1f} s is no keyframe that can be copied without what comes before it, such as those of "
        "H.264 with open groups of pictures; set render.encoder to libx264"
    )


def _range(path: Path, container: av.container.InputContainer, video: av.VideoStream, segment: Segment) -> PacketRange:
    beginning = beginning_of(container)
    first, end = (round((time + beginning) / video.time_base) for time in (segment.start, segment.end))
    times, later = [], []
    for packet in _from(container, video, first):
        if packet.pts is None:
            raise UserError(f"{path}: does not say when its frames are shown; set render.encoder to libx264")
        # What is decoded before the first frame behind the end needs nothing that is decoded after it.
        if later or packet.pts >= end:
            later.append(packet.pts)
        else:
            times.append(packet.pts)
        if len(later) > REORDERED:
            break
    ordered = np.sort(np.array(times, np.int64))
    if (np.diff(ordered) == 0).any():
        raise UserError(
            f"{path}: near {segment.start:.1f} s shows two frames at one time; set render.encoder to libx264"
        )
    end = min([end, *(time for time in later if time > ordered[-1])])
    shown = Segment(segment.start, float(end * video.time_base) - beginning, segment.score)
    return PacketRange(shown, ordered, end, int((ordered - times).max()))


def _from(container: av.container.InputContainer, video: av.VideoStream, first: int) -> Iterator[av.packet.Packet]:
    """The packets from the keyframe at a timestamp on, but for those that are shown before it: they may need others."""
    packets = packets_from(container, video, float(first * video.time_base) - beginning_of(container))
    from_keyframe = itertools.dropwhile(lambda packet: packet.pts != first, packets)
    return (packet for packet in from_keyframe if packet.pts is None or packet.pts >= first)


def copy(path: Path, ranges: Sequence[PacketRange], sound: Path | None, target: Path) -> None:
    """Write a reel: the ranges' packets, one each after the other, and a sound track that is there already.

    Parameters
    ----------
    path : Path
        The video that the ranges are of.
    ranges : sequence of PacketRange
        In order.
    sound : Path or None
        The reel's sound, copied too.
    target : Path
        The MP4 to write.

    Raises
    ------
    OSError
        It cannot be written.
    """
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with open_video(path) as (container, video), ExitStack() as opened:
        try:
            reel = opened.enter_context(av.open(str(target), "w", format="mp4", options=options))
            picture = reel.add_stream_from_template(video, opaque=True)
            if video.codec_context.name == "hevc":
                # Apple's players want this name. https://developer.apple.com/documentation/http-live-streaming
                picture.codec_context.codec_tag = "hvc1"
            tracks = [_moved(container, video, ranges, picture)]
            if sound:
                heard = opened.enter_context(av.open(str(sound)))
                track = reel.add_stream_from_template(heard.streams.audio[0], opaque=True)
                tracks.append(_given_to(track, heard.demux(audio=0)))
            for packet in heapq.merge(*tracks, key=lambda packet: packet.dts * packet.time_base):
                reel.mux(packet)
            reel.close()
        except av.error.FFmpegError as error:
            # What is read has been read before, so it is the writing that fails.
            raise OSError(error.errno, error.strerror) from error


def _moved(
    container: av.container.InputContainer, video: av.VideoStream, ranges: Sequence[PacketRange], track: av.VideoStream
) -> Iterator[av.packet.Packet]:
    """The packets of the ranges, at their times in the reel."""
    start, delay = 0, max(each.delay for each in ranges)
    for each in ranges:
        first = int(each.times[0])
        turns = np.append(each.times, each.end)
        packets = itertools.islice(_from(container, video, first), len(each.times))
        for turn, (packet, duration) in enumerate(zip(packets, np.diff(turns), strict=True)):
            if turn == 0:
                _begin_anew(packet)
            packet.pts += start - first
            # Decoded in turn, and all so much earlier that none is decoded after it is shown.
            packet.dts = int(each.times[turn]) - first + start - delay
            packet.duration = int(duration)
            packet.stream = track
            yield packet
        start += each.end - first


def _given_to(track: av.AudioStream, packets: Iterator[av.packet.Packet]) -> Iterator[av.packet.Packet]:
    for packet in packets:
        if packet.dts is not None:
            packet.stream = track
            yield packet


def _pictures_that_begin_anew(packet: av.packet.Packet) -> Iterator[int]:
    """Where in a packet the headers are of pictures at which decoding can begin anew, whatever came before."""
    codec, data = packet.stream.codec_context, bytes(packet)
    hevc = codec.name == "hevc"
    # Where the header that comes with the track, if it is of this kind, says how long the sizes of units are.
    header = codec.extradata or b"\0"
    for place in _units(data, (header[21 if hevc else 4] & 3) + 1 if header[0] == 1 else 0):
        if data[place] >> 1 & 63 in HEVC_ANEW if hevc else data[place] & 31 == IDR:
            yield place


def _begin_anew(packet: av.packet.Packet) -> None:
    """Tell the decoder not to expect what the first picture of a each may follow in its video: CRA becomes BLA_N_LP."""
    if packet.stream.codec_context.name != "hevc":
        return
    data = bytearray(packet)
    for place in _pictures_that_begin_anew(packet):
        if data[place] >> 1 & 63 == CRA:
            data[place] = data[place] & 0b10000001 | BLA_N_LP << 1
    packet.update(bytes(data))


def _units(data: bytes, bytes_of_size: int) -> Iterator[int]:
    """Where in a packet its units begin: each behind its size or, where sizes have no bytes, behind a start code.

    ITU-T H.264 and H.265, annex B; ISO/IEC 14496-15, 5.3 and 8.3.
    """
    if not bytes_of_size:
        yield from (match.end() for match in re.finditer(b"\0\0\1", data))
    place = 0
    while bytes_of_size and place + bytes_of_size < len(data):
        unit = place + bytes_of_size
        yield unit
        place = unit + int.from_bytes(data[place:unit])
