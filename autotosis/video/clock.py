"""The clock of a file: when its packets are shown, where its clock starts again, and when it ends."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeGuard

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from autotosis.project.errors import UserError
from autotosis.video import spans, tracks
from autotosis.video.opening import Span, opened

# A file that ends this much before the end that it claims was cut off (seconds). Containers round, and the last frames
# may be missing after a recorder stops.
TRUNCATED = 0.5
# A clock that jumps back by at least BACK has restarted; one that jumps ahead by more than AHEAD and stays there has a
# gap (seconds). A single timestamp that jumps is damaged. In a transport stream, FFmpeg derives the times of several
# packets from one timestamp; only the first of them has a position in the file.
BACK, AHEAD = 0.5, 10.0
NEVER = float("-inf")
# Formats whose duration FFmpeg only guesses.
GUESSED = ("mpegts", "mpeg")
# How much is read at the end of a file to find when it ends (seconds).
LAST = 60.0
# One of so many packets from the beginning on is the picture that is shown first.
REORDERED = 32


@dataclass(frozen=True)
class Extent:
    """A file, or a part of it, with one continuous clock.

    Attributes
    ----------
    span : Span
        The file, or a stretch of it.
    continues : bool
        Whether its clock is known to be the one of the extent before it in the same file.
    beginning : float
        The timestamp that players show as time zero, seconds.
    start, end, sound_end : float
        The timestamps at which its picture starts and ends, and at which its sound ends, seconds; minus infinity if
        there is no sound.
    declared_end : float or None
        The timestamp at which it claims to end, seconds, if it ends earlier.
    picture, sound : int, int or None
        The numbers of its tracks, those marked default; None if there is no sound.
    """

    span: Span
    continues: bool
    beginning: float
    start: float
    end: float
    sound_end: float
    declared_end: float | None
    picture: int
    sound: int | None


def extents(span: Span, continues: bool = False) -> list[Extent]:
    """Divide a file into stretches that have one continuous clock each.

    All packets are read only if the container does not tell enough. None is decoded.

    Parameters
    ----------
    span : Span
        The file, or a stretch of it.
    continues : bool
        Whether its clock is known to be the one of the stretch before it in the same file.

    Returns
    -------
    list of Extent
        The stretches, in their order.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    with opened(span) as container:
        video = tracks.picture(span.path, container)
        audio = tracks.sound(container, video)
        structure = spans.structure(span, container.format.name)
        if structure.lacks_index:
            length = (container.duration or 0) / av.time_base
            raise UserError(
                f"{span.path}: cut off or damaged: it claims to last {length:.1f} s, and its end is missing; download "
                "it again or remove it"
            )
        if len(structure.spans) > 1:
            return [extent for part in structure.spans for extent in extents(part)]
        wanted: list[Stream] = [video, audio] if audio else [video]
        tracks.read_only(container, *wanted)
        beginning = beginning_of(container)
        # The header in front of a segment, or of a later part of an FLV, does not tell how long that is.
        declared_end = None if span.header else _declared_end(container, wanted)
        trusted_end = declared_end if structure.tells_duration and not loses_time(video) else None
        if trusted_end is None:
            clocks = _read_all(container, wanted)
        else:
            clocks = _read_last_minute(container, wanted, trusted_end)
        cuts = _cuts(clocks)
        if cuts and trusted_end is None:
            # FFmpeg counts positions from the header in front of the span.
            offsets = [offset - len(span.header) + span.first for offset, _ in cuts]
            parts = spans.cut(span, container.format.name, offsets)
            if len(parts) == len(cuts) + 1:
                parts_continue = [continues, *(not restarts for _, restarts in cuts)]
                pairs = zip(parts, parts_continue, strict=True)
                return [extent for part, part_continues in pairs for extent in extents(part, part_continues)]
        if any(track_clock.is_encrypted for track_clock in clocks.values()):
            raise UserError(
                f"{span.path}: encrypted, so it cannot be shown; download it without encryption or remove it"
            )
        picture_clock = clocks[video.index]
        if picture_clock.end == NEVER:
            raise UserError(f"{span.path}: none of its frames has a time; remove it or convert it to MP4")
        start = picture_clock.first
        if video.start_time is not None:
            # Of Matroska, FFmpeg tells the time of the first packet, and pictures behind it may be shown before it.
            start = min(start, float(video.start_time * (video.time_base or 0)))
        end, sound_end = picture_clock.end, clocks[audio.index].end if audio else NEVER
        if declared_end is not None:
            missing = declared_end - max(end, sound_end)
            # Of an FLV that does not state its duration, FFmpeg takes the last timestamp for it.
            is_timestamp = container.format.name == "flv" and abs(missing - beginning) <= TRUNCATED
            # If edits delay a track of an MP4, FFmpeg counts the delay twice in the duration.
            if missing <= TRUNCATED or is_timestamp or structure.is_complete:
                declared_end = None
        sound = audio.index if audio else None
        return [Extent(span, continues, beginning, start, end, sound_end, declared_end, video.index, sound)]


class _TrackClock:
    """The clock of a track, read from its packets: when its first packet starts and its last one ends, and its cuts."""

    def __init__(self, track: Stream, declared_end: float) -> None:
        # The timestamp until which a gap may last.
        self.declared_end = declared_end
        # Times are floats, because fractions are slow and there are millions of packets.
        self.time_base = float(track.time_base or 0)
        # The duration of a packet that does not say it. In a stream with B-frames, no packet of the picture does.
        rate = (track.guessed_rate or track.average_rate or 0) if isinstance(track, VideoStream) else 0
        self.length = 1 / float(rate) if rate else 0.0
        self.first, self.end, self.last = float("inf"), NEVER, NEVER
        # The time of the last packet and its position in the file, if the time did not fit.
        self.suspect: tuple[float, int] | None = None
        self.header = (track.codec_context.extradata if track.codec_context else None) or b""
        # The byte positions at which the clock starts again (True), or at which only the header changes (False).
        self.cuts: dict[int, bool] = {}
        self.is_encrypted = False

    def add(self, packet: Packet[Any]) -> None:
        """Take the next packet into account."""
        pts, dts = packet.pts, packet.dts
        displayed = (pts if pts is not None else dts or 0) * self.time_base
        decoded = displayed if dts is None else dts * self.time_base
        if packet.has_sidedata("new_extradata"):
            header = bytes(packet.get_sidedata("new_extradata"))
            if header not in (b"", self.header):
                self.cuts.setdefault(packet.pos or 0, False)
                self.header = header
        self.is_encrypted |= packet.has_sidedata("encryption_info")
        if not self._is_right(decoded, packet.pos or 0):
            return
        self.last, self.suspect = decoded, None
        if not packet.is_discard:
            self.first = min(self.first, displayed)
            length = packet.duration * self.time_base if packet.duration else self.length
            self.end = max(self.end, displayed + length)

    def _is_right(self, decoded: float, offset: int) -> bool:
        """Return whether to take the time of a packet (seconds), whose position in the file is given (bytes).

        A time that fits is taken. One that does not is remembered. If the next one fits it, the clock has changed;
        otherwise it was damaged.
        """
        latest = max(self.last + AHEAD, self.declared_end)
        if self.last == NEVER or self.last - BACK <= decoded <= latest:
            return True
        if self.suspect is not None:
            time, start = self.suspect
            if start and offset in (0, start):
                # Its time was derived from that of the packet before.
                return False
            if -BACK <= decoded - time <= max(AHEAD, abs(time - self.last)):
                if time < self.last - BACK:
                    self.cuts[start] = True
                return True
        self.suspect = (decoded, offset)
        return False


def _cuts(clocks: dict[int, _TrackClock]) -> list[tuple[int, bool]]:
    """List the byte positions at which another recording begins (True), or only the headers change (False)."""
    of_tracks = sorted(
        (offset, track, restarts) for track, clock in clocks.items() for offset, restarts in clock.cuts.items()
    )
    # Picture and sound start again at the same position, or nearly so: a group has at most one cut of each track.
    groups: list[dict[int, tuple[int, bool]]] = [{}]
    for offset, track, restarts in of_tracks:
        if track in groups[-1]:
            groups.append({})
        groups[-1][track] = offset, restarts
    cuts = [list(group.values()) for group in groups if group]
    return [(cut[0][0], any(restarts for _, restarts in cut)) for cut in cuts]


def _read_all(container: InputContainer, wanted: list[Stream], declared_end: float = NEVER) -> dict[int, _TrackClock]:
    """Read the clocks of tracks, by their numbers, from all packets from the current position on."""
    clocks = {track.index: _TrackClock(track, declared_end) for track in wanted}
    for packet in demuxed(container, *wanted):
        clocks[packet.stream_index].add(packet)
    return clocks


def _read_last_minute(container: InputContainer, wanted: list[Stream], declared_end: float) -> dict[int, _TrackClock]:
    """Read the clocks from the first packets and the last minute, or from more if no picture is in that."""
    back, picture = LAST, wanted[0]
    first = float("inf")
    if declared_end - back > beginning_of(container):
        begun = (packet for packet in demuxed(container, picture) if not packet.is_discard)
        first = min(map(time_of, itertools.islice(begun, REORDERED)), default=first)
    while True:
        begin = declared_end - back
        with_all = begin <= beginning_of(container)
        # A container that has just been opened is at its beginning, and seeking would lose what FFmpeg has read ahead.
        if not with_all or back > LAST:
            with suppress(av.error.FFmpegError):
                container.seek(int((beginning_of(container) - 1 if with_all else begin) * av.time_base))
        # A picture may be shown for long. Until the end that the file states, a leap is no damage.
        clocks = _read_all(container, wanted, declared_end)
        if with_all or clocks[picture.index].end > NEVER:
            clocks[picture.index].first = min(first, clocks[picture.index].first)
            return clocks
        back *= 8


def _declared_end(container: InputContainer, wanted: list[Stream]) -> float | None:
    """Return the timestamp at which a file claims to end, seconds; None if that is unknown or a guess."""
    if container.duration is None or container.format.name in GUESSED:
        return None
    length = container.duration / av.time_base
    # Matroska counts from timestamp zero, and other formats from the first timestamp.
    origin = 0.0 if "matroska" in container.format.name else beginning_of(container)
    ends = {track: tracks.end_of(track) for track in container.streams}
    longest = max(ends[track] for track in wanted)
    others = max((end for track, end in ends.items() if track not in wanted), default=0.0)
    if 0 < longest < length <= others + TRUNCATED:
        # Another track is longer.
        return longest + origin
    return length + origin


def beginning_of(container: InputContainer) -> float:
    """Return the timestamp that players show as time zero, seconds."""
    return (container.start_time or 0) / av.time_base


def time_of(packet: Packet[Any]) -> float:
    """Return the timestamp at which a packet is shown, seconds, or, in some old containers, decoded."""
    return float((packet.pts if packet.pts is not None else packet.dts or 0) * packet.time_base)


def is_unordered(track: Stream) -> bool:
    """Return whether a track is H.264 or HEVC with B-frames in AVI, ASF or a program stream."""
    return _tells_no_display_times(track) and track.codec_context.has_b_frames


def loses_time(track: Stream) -> bool:
    """Return whether FFmpeg counts the time from zero after seeking: where DV in an AVI lacks its index."""
    is_dv = track.container.format.name == "avi" and track.codec_context.name == "dvvideo"
    return is_dv and len(track.index_entries) <= 1


def _tells_no_display_times(track: Stream) -> TypeGuard[VideoStream]:
    """Return whether a track is H.264 or HEVC in AVI, ASF or a program stream.

    AVI and ASF only have the time at which each packet is decoded. FFmpeg guesses when it is shown, and wrongly. In a
    program stream, several small frames share one time.
    """
    if track.container.format.name not in ("avi", "asf", "mpeg") or not isinstance(track, VideoStream):
        return False
    return track.codec_context.name in ("h264", "hevc")


def demuxed(container: InputContainer, *wanted: Stream) -> Iterator[Packet[Any]]:
    """Yield the packets of tracks from the current position on, without those that are damaged or have no time.

    Packets of unordered tracks only have the time at which they are decoded.
    """
    guessed = any(map(_tells_no_display_times, wanted))
    unordered = any(map(is_unordered, wanted))
    before: dict[int, tuple[int | None, int | None]] = {}
    # A transport stream fails after each 64 KiB in which FFmpeg finds no packet, such as zeros.
    for _ in range(100 + container.size // 65_536):
        try:
            packets = container.demux(*wanted)
            for packet in _in_turn(packets, container.format.name, unordered) if guessed else packets:
                if packet.pts is None and packet.dts is None and packet.size and packet.stream.type == "video":
                    # The second field of an interlaced frame has a packet of its own, but no time.
                    packet.pts, packet.dts = before.pop(packet.stream_index, (None, None))
                else:
                    before[packet.stream_index] = packet.pts, packet.dts
                if packet.pts is not None or packet.dts is not None:
                    yield packet
            return
        except (av.error.InvalidDataError, av.error.BlockingIOError):
            continue
        except (IndexError, av.error.PermissionError):
            # PyAV raises the first at the end of a file if more tracks have begun in the middle of it. The other is -1,
            # with which FFmpeg's old demuxers, such as that of GXF, end where a file is damaged or ends.
            return


def _in_turn(packets: Iterator[Packet[Any]], format_name: str, unordered: bool) -> Iterator[Packet[Any]]:
    """Yield packets, those of the picture with nothing but the time at which they are decoded.

    Unless they are unordered, they are shown then.
    """
    following = None
    for packet in packets:
        if isinstance(packet.stream, VideoStream) and packet.size:
            # After seeking, FFmpeg does not know the time of the second packet.
            turn = following if packet.dts is None else packet.dts
            length = packet.duration or 0
            following = None if turn is None else turn + length
            packet.pts, packet.dts = None if unordered else turn, turn
            if unordered and turn is not None:
                # In ASF and MPEG, sound has timestamps too. A frame is shown after it has been decoded, and after those
                # that are decoded later and shown before it.
                delays = {"asf": 1, "mpeg": packet.stream.codec_context.reorder_depth}
                packet.dts = turn + delays.get(format_name, 0) * length
        yield packet


def decode(codec: Any, packet: Packet[Any] | None) -> list[Any]:
    """Decode a packet. None gives the frames that the decoder still has.

    Damaged packets, which long recordings often have, give nothing.
    """
    try:
        decoded: list[Any] = codec.decode(packet)
    except av.error.MemoryError:
        raise
    except av.error.FFmpegError:
        # Each decoder has errors of its own for damage.
        return []
    return decoded
