"""The clock of a file: when its packets are shown, where its clock starts again, and when it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class Extent:
    """A file, or a part of it, with one continuous clock.

    Attributes
    ----------
    span : Span
        The file, or a stretch of it.
    continues : bool
        Whether its clock is the one of the extent before it in the same file.
    beginning : float
        The timestamp that players show as time zero, seconds.
    start, end, sound_end : float
        The timestamps at which its picture starts and ends, and at which its sound ends, seconds; minus infinity if
        there is no sound.
    promised : float or None
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
    promised: float | None
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
        Whether its clock is the one of the stretch before it in the same file.

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
        video, audio = tracks.picture(span.path, container), tracks.sound(container)
        made = spans.structure(span, container.format.name)
        if made.lacks_index:
            length = (container.duration or 0) / av.time_base
            raise UserError(
                f"{span.path}: cut off or damaged: it claims to last {length:.1f} s, and its end is missing; download "
                "it again or remove it"
            )
        if len(made.spans) > 1:
            return [extent for each in made.spans for extent in extents(each)]
        tracks.read_only(container, video, audio)
        beginning = beginning_of(container)
        # The header in front of a segment, or of a later part of an FLV, does not tell how long that is.
        promised = None if span.header else _promised(container, beginning, video, audio)
        told = made.tells_duration and promised is not None
        counts = _count_last(container, video, audio, promised or 0.0) if told else _count(container, video, audio)
        cuts = counts.cuts()
        if cuts and not told:
            # FFmpeg counts positions from the header in front of the span.
            places = [place - len(span.header) + span.first for place, _ in cuts]
            found = spans.cut(span, container.format.name, places)
            if len(found) == len(cuts) + 1:
                again = [continues, *(not restarts for _, restarts in cuts)]
                return [extent for each, on in zip(found, again, strict=True) for extent in extents(each, on)]
        seen, heard = counts.by_track[video.index], counts.by_track.get(audio.index) if audio else None
        if seen.until == NEVER:
            raise UserError(f"{span.path}: none of its frames has a time; remove it or convert it to MP4")
        start = seen.first if video.start_time is None else float(video.start_time * (video.time_base or 0))
        sound_end = heard.until if heard else NEVER
        missing = promised is not None and max(seen.until, sound_end) < promised - TRUNCATED
        of_sound = audio.index if audio else None
        promised = promised if missing else None
        return [Extent(span, continues, beginning, start, seen.until, sound_end, promised, video.index, of_sound)]


class _Count:
    """The clock of a track, read from its packets."""

    def __init__(self, track: Stream) -> None:
        # Times are floats, because fractions are slow and there are millions of packets.
        self.unit = float(track.time_base or 0)
        # The duration of a packet that does not say it. In a stream with B-frames, no packet of the picture does.
        rate = (track.guessed_rate or track.average_rate or 0) if isinstance(track, VideoStream) else 0
        self.length = 1 / float(rate) if rate else 0.0
        self.first, self.until, self.last = float("inf"), NEVER, NEVER
        self.pending: tuple[float, int] | None = None
        self.header = (track.codec_context.extradata if track.codec_context else None) or b""
        # The byte positions at which the clock starts again (True), or at which only the header changes (False).
        self.cuts: list[tuple[int, bool]] = []

    def add(self, packet: Packet[Any]) -> None:
        """Take the next packet into account."""
        pts, dts = packet.pts, packet.dts
        shown = (pts if pts is not None else dts or 0) * self.unit
        decoded = shown if dts is None else dts * self.unit
        if packet.has_sidedata("new_extradata"):
            header = bytes(packet.get_sidedata("new_extradata"))
            if header not in (b"", self.header):
                self.cuts.append((packet.pos or 0, False))
                self.header = header
        if not -BACK <= decoded - self.last <= AHEAD and not self._is_leap(decoded, packet.pos or 0):
            return
        self.last, self.pending = decoded, None
        if not packet.is_discard:
            self.first = min(self.first, shown)
            length = packet.duration * self.unit if packet.duration else self.length
            self.until = max(self.until, shown + length)

    def _is_leap(self, decoded: float, place: int) -> bool:
        """Return whether the clock has changed for good: the packet before this one was off as well, and both agree."""
        if self.last == NEVER:
            return True
        if self.pending is not None:
            time, start = self.pending
            if start and place in (0, start):
                # Its time was derived from that of the packet before.
                return False
            if -BACK <= decoded - time <= max(AHEAD, abs(time - self.last)):
                if time < self.last - BACK:
                    self.cuts = [*(cut for cut in self.cuts if cut[0] != start), (start, True)]
                return True
        self.pending = (decoded, place)
        return False


class _Counts:
    """The clocks of picture and sound, by the numbers of the tracks."""

    def __init__(self, *wanted: Stream | None):
        self.by_track = {track.index: _Count(track) for track in wanted if track is not None}

    def cuts(self) -> list[tuple[int, bool]]:
        """List the byte positions at which another recording begins (True), or only the headers change (False)."""
        marks = sorted(
            (place, track, restarts) for track, count in self.by_track.items() for place, restarts in count.cuts
        )
        found: list[tuple[int, bool]] = []
        seen: set[int] = set()
        for place, track, restarts in marks:
            # Picture and sound start again at the same position, or nearly so.
            if found and track not in seen:
                found[-1] = (found[-1][0], found[-1][1] or restarts)
                seen.add(track)
            else:
                found.append((place, restarts))
                seen = {track}
        return found


def _count(container: InputContainer, video: Stream, audio: Stream | None) -> _Counts:
    """Read the clocks of picture and sound from all packets."""
    counts = _Counts(video, audio)
    for packet in demuxed(container, *([video, audio] if audio else [video])):
        counts.by_track[packet.stream_index].add(packet)
    return counts


def _count_last(container: InputContainer, video: Stream, audio: Stream | None, promised: float) -> _Counts:
    """Read the clocks from the last minute alone, or from more if there is no picture in it."""
    back = LAST
    while True:
        begin = promised - back
        with_all = begin <= beginning_of(container)
        with suppress(av.error.FFmpegError):
            container.seek(int((beginning_of(container) - 1 if with_all else begin) * av.time_base))
        counts = _count(container, video, audio)
        if with_all or counts.by_track[video.index].until > NEVER:
            return counts
        back *= 8


def _promised(container: InputContainer, beginning: float, *used: Stream | None) -> float | None:
    """Return the timestamp at which a file claims to end, seconds; None if that is unknown or a guess."""
    if container.duration is None or container.format.name in GUESSED:
        return None
    length = container.duration / av.time_base
    # Matroska counts from timestamp zero, and other formats from the first timestamp.
    origin = 0.0 if "matroska" in container.format.name else beginning
    ends = {track: _end_of(track) for track in container.streams}
    longest = max(ends[track] for track in used if track is not None)
    others = max((end for track, end in ends.items() if track not in used), default=0.0)
    if 0 < longest < length <= others + TRUNCATED:
        # Another track is longer.
        return longest + origin
    return length + origin


def _end_of(track: Stream) -> float:
    """Return when a track ends according to its container, seconds; 0 if that is unknown."""
    # Matroska has it as a tag.
    if told := re.fullmatch(r"(\d+):(\d\d):(\d\d\.\d+)", track.metadata.get("DURATION", "")):
        return 3600 * int(told[1]) + 60 * int(told[2]) + float(told[3])
    return float((track.duration or 0) * (track.time_base or 0))


def beginning_of(container: InputContainer) -> float:
    """Return the timestamp that players show as time zero, seconds."""
    return (container.start_time or 0) / av.time_base


def time_of(packet: Packet[Any]) -> float:
    """Return the timestamp at which a packet is shown, seconds, or, in some old containers, decoded."""
    return float((packet.pts if packet.pts is not None else packet.dts or 0) * packet.time_base)


def is_unordered(container: InputContainer, track: Stream) -> bool:
    """Return whether a track is H.264 or HEVC with B-frames in AVI or ASF.

    These containers only have the time at which each packet is decoded. FFmpeg guesses when it is shown, and wrongly.
    """
    if container.format.name not in ("avi", "asf") or not isinstance(track, VideoStream):
        return False
    return track.codec_context.name in ("h264", "hevc") and bool(track.codec_context.has_b_frames)


def demuxed(container: InputContainer, *wanted: Stream) -> Iterator[Packet[Any]]:
    """Yield the packets of tracks from the current position on, without those that are damaged or have no time.

    Packets of unordered tracks only have the time at which they are decoded.
    """
    failures, unordered = 0, any(is_unordered(container, track) for track in wanted)
    before: dict[int, tuple[int | None, int | None]] = {}
    while failures < 100:
        try:
            packets = container.demux(*wanted)
            for packet in _in_turn(packets, container.format.name) if unordered else packets:
                if packet.pts is None and packet.dts is None and packet.size and packet.stream.type == "video":
                    # The second field of an interlaced frame has a packet of its own, but no time.
                    packet.pts, packet.dts = before.pop(packet.stream_index, (None, None))
                else:
                    before[packet.stream_index] = packet.pts, packet.dts
                if packet.pts is not None or packet.dts is not None:
                    yield packet
            return
        except av.error.InvalidDataError:
            failures += 1
        except IndexError:
            # PyAV raises it at the end of a file if more tracks have begun in the middle of it.
            return


def _in_turn(packets: Iterator[Packet[Any]], format_name: str) -> Iterator[Packet[Any]]:
    """Yield packets, those of the picture with nothing but the time at which they are decoded."""
    following = None
    for packet in packets:
        if isinstance(packet.stream, VideoStream) and packet.size:
            # After seeking, FFmpeg does not know the time of the second packet.
            turn = following if packet.dts is None else packet.dts
            following = None if turn is None else turn + (packet.duration or 0)
            # In ASF, sound has timestamps too. A frame is shown after it has been decoded, so a frame later.
            packet.dts, packet.pts = following if format_name == "asf" else turn, None
        yield packet
