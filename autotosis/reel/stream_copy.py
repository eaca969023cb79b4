"""Cutting a picture without encoding it: its packets are copied from one file into another."""

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
from autotosis.reel import units
from autotosis.video.clock import time_of
from autotosis.video.reading import Track
from autotosis.video.recording import Recording

# Codecs whose keyframes can be told apart below, and that every player of MP4 knows.
CODECS = ("h264", "hevc")
# How far to look back for a keyframe at which decoding can begin anew (seconds), if the nearest is none.
REACH = 30.0
# A picture is decoded at most this many before one that is shown earlier (both standards, annex A).
REORDERED = 16


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


def packet_ranges(recording: Recording, chosen: Sequence[Segment]) -> list[PacketRange]:
    """What of a video can be copied to show the segments.

    Parameters
    ----------
    recording : Recording
        The video.
    chosen : sequence of Segment
        In order. The lead of each may be missing: it begins with the first keyframe in there, or else with the last one
        before, or else, at the beginning of the video, with the next. Segments that thereby meet become one.

    Raises
    ------
    UserError
        The picture cannot be copied.
    """
    with Track(recording, "picture") as track:
        codec = _video(track).codec_context
        if codec.name not in CODECS:
            raise UserError(
                f"{recording.path}: its picture is in {codec.name}, and only H.264 and HEVC are copied into an "
                "MP4; set render.encoder to libx264"
            )
        if next(track.packets(0.0)).pts is None:
            raise UserError(f"{recording.path}: does not say when its frames are shown; set render.encoder to libx264")
        from_keyframes = [Segment(_keyframe(track, segment), segment.end, segment.score) for segment in chosen]
        known: set[bytes] = set()
        return [_range(track, segment, known) for segment in segments.join(from_keyframes)]


def _keyframe(track: Track, segment: Segment) -> float:
    """When the keyframe is shown with which a segment begins (seconds)."""
    start = segment.start
    for back in (0.0, REACH):
        found = None
        for packet in track.packets(max(0.0, start - back)):
            time = time_of(packet)
            # Where there is none before it since the video begins there, a later one has to do.
            if time >= segment.end or (time > start + segment.lead and (found is not None or start > back)):
                break
            # What is trimmed away or comes before zero is not shown: an MP4 that was cut still has it.
            if time > -ROUNDING and packet.is_keyframe and not packet.is_discard and units.begins_anew(packet):
                found = max(0.0, time)
                if time >= start:
                    break
        if found is not None:
            return found
    raise UserError(
        f"{track.recording.path}: near {start:.1f} s is no keyframe that can be copied without what comes before it, "
        "such as those of H.264 with open groups of pictures; set render.encoder to libx264"
    )


def _range(track: Track, segment: Segment, known: set[bytes]) -> PacketRange:
    """What to copy of a segment; `known` has the headers of those before it, and gets its own."""
    unit, path = _unit(track), track.recording.path
    first, end = (round(time / unit) for time in (segment.start, segment.end))
    times: list[int] = []
    later: list[int] = []
    for packet in _from(track, first):
        if packet.is_discard:
            raise UserError(
                f"{path}: something is trimmed away between {segment.start:.1f} s and {segment.end:.1f} s, which a "
                "copy would show; set render.encoder to libx264"
            )
        pts = packet.pts
        assert pts is not None, "a track whose packets have no times is not copied"
        # What is decoded before the first frame behind the end needs nothing that is decoded after it.
        if later or pts >= end:
            later.append(pts)
        else:
            times.append(pts)
            if packet.is_keyframe:
                _check_headers(packet, known, path)
        if len(later) > REORDERED:
            break
    ordered = np.sort(np.array(times, np.int64))
    if (np.diff(ordered) == 0).any():
        raise UserError(
            f"{path}: near {segment.start:.1f} s shows two frames at one time; set render.encoder to libx264"
        )
    end = min([end, *(time for time in later if time > ordered[-1])])
    shown = Segment(segment.start, float(end * unit), segment.score)
    return PacketRange(shown, ordered, end, int((ordered - times).max()))


def _video(track: Track) -> VideoStream:
    stream = track.stream
    assert isinstance(stream, VideoStream)
    return stream


def _unit(track: Track) -> Fraction:
    """The track's time base, seconds."""
    unit = _video(track).time_base
    assert unit is not None
    return unit


def _turn(packet: Packet[Any]) -> Fraction:
    """When a packet is decoded, seconds."""
    return Fraction((packet.dts or 0) * packet.time_base)


def _check_headers(packet: Packet[Any], known: set[bytes], path: Path) -> None:
    """UserError unless the headers that a keyframe is decoded with are those of the keyframes before it."""
    headers = units.parameter_sets(packet)
    known |= headers if not known else set()
    if not headers <= known:
        raise UserError(
            f"{path}: its picture is encoded in another way from {time_of(packet):.1f} s on than before, and an MP4 "
            "has one header for all that is copied; set render.encoder to libx264"
        )


def _from(track: Track, first: int) -> Iterator[Packet[Any]]:
    """The packets from the keyframe at a timestamp on, but for those that are shown before it: they may need others."""
    packets = track.packets(float(first * _unit(track)))
    from_keyframe = itertools.dropwhile(lambda packet: packet.pts != first, packets)
    return (packet for packet in from_keyframe if packet.pts is not None and packet.pts >= first)


def copy(recording: Recording, ranges: Sequence[PacketRange], sound: Path | None, target: Path) -> None:
    """Write a reel: the ranges' packets, one each after the other, and a sound track that is there already.

    Parameters
    ----------
    recording : Recording
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
    with Track(recording, "picture") as video, ExitStack() as opened:
        # With the header of what is copied, which an appended recording before it need not have.
        next(_from(video, int(ranges[0].times[0])))
        try:
            reel = opened.enter_context(av.open(str(target), "w", format="mp4", options=options))
            picture = reel.add_stream_from_template(_video(video), opaque=True)
            if _video(video).codec_context.name == "hevc":
                # Apple's players want this name. https://developer.apple.com/documentation/http-live-streaming
                picture.codec_context.codec_tag = "hvc1"
            tracks = [_moved(video, ranges, picture)]
            if sound:
                heard = opened.enter_context(av.open(str(sound)))
                track = reel.add_stream_from_template(heard.streams.audio[0], opaque=True)
                tracks.append(_given_to(track, heard.demux(audio=0)))
            for packet in heapq.merge(*tracks, key=_turn):
                reel.mux(packet)
            reel.close()
        except av.error.FFmpegError as error:
            # What is read has been read before, so it is the writing that fails.
            raise OSError(error.errno, error.strerror) from error


def _moved(video: Track, ranges: Sequence[PacketRange], track: av.VideoStream) -> Iterator[Packet[Any]]:
    """The packets of the ranges, at their times in the reel."""
    start, delay = 0, max(each.delay for each in ranges)
    for each in ranges:
        first = int(each.times[0])
        turns = np.append(each.times, each.end)
        packets = itertools.islice(_from(video, first), len(each.times))
        for turn, (packet, duration) in enumerate(zip(packets, np.diff(turns), strict=True)):
            if turn == 0:
                units.begin_anew(packet)
            packet.pts = int(each.times[0] if packet.pts is None else packet.pts) + start - first
            # Decoded in turn, and all so much earlier that none is decoded after it is shown.
            packet.dts = int(each.times[turn]) - first + start - delay
            packet.duration = int(duration)
            packet.stream = track
            yield packet
        start += each.end - first


def _given_to(track: av.AudioStream, packets: Iterator[Packet[Any]]) -> Iterator[Packet[Any]]:
    for packet in packets:
        if packet.dts is not None:
            packet.stream = track
            yield packet
