"""Stream copy: cutting a picture without encoding it, by copying its packets from one file to another."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream

from autotosis.cuts import segments
from autotosis.cuts.segments import ROUNDING, Segment
from autotosis.project.errors import UserError
from autotosis.reel import nal_units
from autotosis.video import opening
from autotosis.video.clock import time_of
from autotosis.video.reading import Track
from autotosis.video.recording import Piece, Recording, pixel_shape

# Codecs whose keyframes `nal_units` can tell apart, and that every MP4 player can decode.
CODECS = ("h264", "hevc")
# How far to look back for a keyframe at which decoding can start, if it cannot at the nearest one (seconds).
REACH = 30.0
# segments.csv rounds times: a keyframe may be this much later than asked for and still count, and a frame that is no
# earlier than this before the end does not count (seconds).
ROUNDING_OF_TABLE = 0.001
# At most this many pictures are decoded before one that is shown earlier (annex A of both standards).
REORDERED = 16


@dataclass(frozen=True)
class PacketRange:
    """A stretch of a picture to copy, which begins with a keyframe.

    Attributes
    ----------
    segment : Segment
        The stretch that it shows, seconds in the video.
    times : ndarray of int64, shape (frames,)
        The time at which each frame is shown, in ascending order, in units of the track's time base.
    end : int
        The time at which the last frame ends, in the same units.
    delay : int
        By how much, at most, a frame would be decoded later than it is shown if one frame were decoded at each of
        `times`, in the same units. Frames are not decoded in the order in which they are shown.
    """

    segment: Segment
    times: np.ndarray
    end: int
    delay: int


def packet_ranges(recording: Recording, chosen: Sequence[Segment], complete: bool = False) -> list[PacketRange]:
    """Choose the packets that show segments of a video.

    Parameters
    ----------
    recording : Recording
        The video.
    chosen : sequence of Segment
        The segments, in the order of time. Each is made to begin with a keyframe: the first one in its pre-roll, or
        else the last one before the segment, or, if the video begins without one, the next. Segments that then touch
        are joined.
    complete : bool
        Whether to show all frames before the ends. Otherwise, the last few are left out where showing them would take
        frames from behind the end.

    Raises
    ------
    UserError
        If the picture cannot be copied.
    """
    time_bases, codecs = map(set, zip(*map(_form, recording.pieces), strict=True))
    if len(time_bases) > 1:
        raise _refusal(recording, "its parts count time in different units, so they cannot be copied into one track")
    if len(codecs) > 1:
        raise _refusal(
            recording, "its picture changes from one codec to another, so it cannot be copied into one track"
        )
    with Track(recording, "picture") as track:
        codec = _video(track).codec_context
        if codec.name not in CODECS:
            name = codec.codec.canonical_name
            raise _refusal(recording, f"its picture is in {name}, and only H.264 and HEVC are copied into an MP4")
        if next(track.packets(0.0)).pts is None:
            raise _refusal(recording, "it does not say when its frames are shown")
        from_keyframes = [Segment(_keyframe(track, segment), segment.end, segment.score) for segment in chosen]
        headers_so_far: set[bytes] = set()
        joined = segments.join(from_keyframes)
        next_starts = [*(segment.start for segment in joined[1:]), float("inf")]
        return [
            _range(track, segment, next_start if complete else 0.0, headers_so_far)
            for segment, next_start in zip(joined, next_starts, strict=True)
        ]


def _refusal(recording: Recording, cause: str) -> UserError:
    return UserError(f"{recording.path}: {cause}; set render.encoder to libx264")


def _form(piece: Piece) -> tuple[Fraction | None, str]:
    """Return the time base of the picture of a piece, seconds, and the name of its codec."""
    with opening.opened(piece.span) as container:
        picture = container.streams[piece.picture]
        return picture.time_base, picture.codec_context.name


def _keyframe(track: Track, segment: Segment) -> float:
    """Find the time of the keyframe that a segment begins with, seconds; UserError if there is none."""
    start, latest = segment.start, segment.start + segment.pre_roll + ROUNDING_OF_TABLE
    for back in (0.0, REACH):
        keyframe = None
        for packet in track.packets(max(0.0, start - back)):
            time = time_of(packet)
            # A later keyframe is used only where the video begins, so that there is none before the segment.
            if time >= segment.end or (time > latest and (keyframe is not None or start > back)):
                break
            # Packets that are trimmed away or have a negative time are not shown. An MP4 that was cut still has them.
            if time > -ROUNDING and packet.is_keyframe and not packet.is_discard and nal_units.can_start(packet):
                keyframe = max(0.0, time)
                if time >= start:
                    break
        if keyframe is not None:
            return keyframe
    raise _refusal(
        track.recording,
        f"near {start:.1f} s, no keyframe can be copied without the frames before it, as in H.264 with open groups of "
        "pictures",
    )


def _range(track: Track, segment: Segment, limit: float, headers_so_far: set[bytes]) -> PacketRange:
    """Choose the packets of a segment.

    Frames after its end are only copied if they are before `limit` (seconds) and needed by frames before the end.
    `headers_so_far` has the parameter sets of the first keyframe that is copied. If empty, it gets them here.
    """
    time_base = track.time_base
    first = round(segment.start / time_base)
    # AVI and MXF count whole frames, and a segment may be shorter than one.
    end, copied_until = (
        max(first + 1, round(time / time_base)) for time in (segment.end, segment.end - ROUNDING_OF_TABLE)
    )
    times: list[int] = []
    later: list[tuple[int, Packet[Any], bytes]] = []
    for pts, packet in _from_keyframe(track, first):
        # Copy what is decoded before the first frame after the end: it needs nothing that is decoded later. A few
        # later packets tell what is shown before the end nevertheless, and when the last copied frame ends.
        if later or pts >= copied_until:
            later.append((pts, packet, track.header))
        elif packet.is_discard:
            raise _refusal(
                track.recording,
                f"its file leaves out frames between {segment.start:.1f} s and {segment.end:.1f} s, which a copy would "
                "show",
            )
        else:
            times.append(pts)
            if packet.is_keyframe:
                _check_headers(packet, track.header, track.recording, headers_so_far)
        if len(later) > REORDERED:
            break
    # A frame after the end whose time is damaged is not copied.
    latest = round(min(limit, segment.end + float(REORDERED / track.recording.rate)) / time_base)
    copied = _count_needed(later, copied_until, latest)
    for pts, packet, header in later[:copied]:
        times.append(pts)
        if packet.is_keyframe:
            _check_headers(packet, header, track.recording, headers_so_far)
    ordered = np.sort(np.array(times, np.int64))
    if (np.diff(ordered) == 0).any():
        raise _refusal(track.recording, f"near {segment.start:.1f} s, two frames have the same time")
    if copied:
        # Unless another frame follows, the last one is shown for as long as the one before it.
        end = int(2 * ordered[-1] - ordered[-2])
    end = min([end, *(pts for pts, _, _ in later if pts > ordered[-1])])
    shown = Segment(segment.start, float(end * time_base), segment.score)
    return PacketRange(shown, ordered, end, int((ordered - times).max()))


def _count_needed(later: Sequence[tuple[int, Packet[Any], bytes]], end: int, latest: int) -> int:
    """Count the packets to copy of those that are decoded from the first frame after the end on.

    Each is given with its time and the header there. If a frame before the end needs frames after it, all frames before
    these are copied too, so that none is shown for too long. Nothing is copied from `latest` on.
    """
    copied = 0
    for count, (pts, packet, _) in enumerate(later, 1):
        if pts >= latest or packet.is_discard:
            break
        if pts < end:
            copied, end = count, max(end, *(pts for pts, _, _ in later[:count]))
    return copied


def _video(track: Track) -> VideoStream:
    """Return the picture track of a recording."""
    stream = track.stream
    assert isinstance(stream, VideoStream)
    return stream


def _decode_time(packet: Packet[Any]) -> Fraction:
    """Return when a packet is decoded, seconds."""
    return Fraction((packet.dts or 0) * packet.time_base)


def _check_headers(packet: Packet[Any], header: bytes, recording: Recording, headers_so_far: set[bytes]) -> None:
    """Raise a UserError unless a keyframe has the same parameter sets as the keyframes before it."""
    headers = nal_units.parameter_sets(packet, header)
    if not headers_so_far:
        headers_so_far.update(headers)
    if not headers <= headers_so_far:
        raise _refusal(
            recording,
            f"its picture is encoded in another way from {time_of(packet):.1f} s on than before, and an MP4 has one "
            "header for all that is copied",
        )


def _from_keyframe(track: Track, first: int) -> Iterator[tuple[int, Packet[Any]]]:
    """Read packets from the keyframe at a timestamp on, each with its own timestamp.

    Packets that are shown before it are left out, because they may need earlier ones. In H.264, there are none after
    the keyframes that a copy begins with (IDR pictures), unless the times in the file are wrong.
    """
    packets = track.packets(start := float(first * track.time_base))
    for packet in itertools.dropwhile(lambda packet: packet.pts != first, packets):
        if packet.pts is None:
            continue
        if packet.pts >= first:
            yield packet.pts, packet
        elif _video(track).codec_context.name == "h264":
            raise _refusal(
                track.recording,
                f"near {start:.1f} s, a frame has a time before the keyframe that it needs, so it cannot be copied",
            )


def copy(recording: Recording, ranges: Sequence[PacketRange], sound: Path | None, target: Path) -> None:
    """Write a reel: the packets of all ranges, one after the other, and a sound track that exists already.

    Parameters
    ----------
    recording : Recording
        The video that the ranges are from.
    ranges : sequence of PacketRange
        The ranges, in the order of the reel.
    sound : Path or None
        The file with the sound of the reel, which is copied too.
    target : Path
        The MP4 to write.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with Track(recording, "picture") as video, ExitStack() as opened:
        # Move to the first range, so that the track has its header: a recording that was appended or joined before it
        # may have another.
        next(_from_keyframe(video, int(ranges[0].times[0])))
        try:
            reel = opened.enter_context(av.open(str(target), "w", format="mp4", options=options))
            picture = reel.add_stream_from_template(_video(video), opaque=True)
            # Only the container may say how wide pixels are, and the template leaves that out.
            if shape := _video(video).sample_aspect_ratio:
                picture.codec_context.sample_aspect_ratio = pixel_shape(shape)
            picture.codec_context.extradata = video.header
            if _video(video).codec_context.name == "hevc":
                # Apple's players need this name of the codec.
                # https://developer.apple.com/documentation/http-live-streaming
                picture.codec_context.codec_tag = "hvc1"
            tracks = [_copied(video, ranges, picture)]
            if sound:
                heard = opened.enter_context(av.open(str(sound)))
                track = reel.add_stream_from_template(heard.streams.audio[0], opaque=True)
                tracks.append(_assigned(track, heard.demux(audio=0)))
            for packet in heapq.merge(*tracks, key=_decode_time):
                reel.mux(packet)
            reel.close()
        except av.error.FFmpegError as error:
            # The same packets could be read before, so the error is in writing.
            raise OSError(error.errno, error.strerror) from error


def _copied(video: Track, ranges: Sequence[PacketRange], track: av.VideoStream) -> Iterator[Packet[Any]]:
    """Read the packets of all ranges, and give them their times in the reel."""
    start, delay = 0, max(packet_range.delay for packet_range in ranges)
    for packet_range in ranges:
        first = int(packet_range.times[0])
        edges = np.append(packet_range.times, packet_range.end)
        packets = itertools.islice(_from_keyframe(video, first), len(packet_range.times))
        for turn, ((pts, packet), duration) in enumerate(zip(packets, np.diff(edges), strict=True)):
            if turn == 0:
                nal_units.break_link(packet)
            packet.pts = pts + start - first
            # One packet is decoded at each of the times, all of them earlier by `delay`, so that none is decoded after
            # it is shown.
            packet.dts = int(packet_range.times[turn]) - first + start - delay
            packet.duration = int(duration)
            packet.stream = track
            yield packet
        start += packet_range.end - first


def _assigned(track: av.AudioStream, packets: Iterator[Packet[Any]]) -> Iterator[Packet[Any]]:
    """Assign packets to a track of the reel, except for those without a time."""
    for packet in packets:
        if packet.dts is not None:
            packet.stream = track
            yield packet
