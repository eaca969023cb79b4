"""When the packets of a file are shown: where its clock begins, starts again, and ends."""

from __future__ import annotations

import itertools
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

# A file that ends this much before the time it promises was cut off (seconds); containers round, and the last
# frames may be missing where a recorder stopped.
TRUNCATED = 0.5
# A clock that goes back by this much has started again; one that leaps ahead and does not come back has a gap
# (seconds). A single packet that is elsewhere is damaged.
BACK, AHEAD = 0.5, 10.0
NEVER = float("-inf")
# Of these formats FFmpeg only guesses how long they are.
GUESSED = ("mpegts", "mpeg")
# How much at the end of a file is read to know when it ends (seconds).
LAST = 60.0


@dataclass(frozen=True)
class Extent:
    """A file, or a part of one, with one running clock.

    Attributes
    ----------
    span : Span
        Which.
    continues : bool
        Whether its clock is that of the one before it in the same file.
    beginning : float
        The timestamp that players show as time zero, seconds.
    start, end, sound_end : float
        When its picture starts and ends, and its sound ends: timestamps, seconds; minus infinity without sound.
    promised : float or None
        When it says that it ends, where it ends earlier; a timestamp, seconds.
    picture, sound : int, int or None
        The numbers of its tracks.
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
    """The stretches of a file that have one running clock each, in their order; UserError where it cannot be read.

    Only where its container does not tell, all packets are read; none is decoded.
    """
    with opened(span) as container:
        video, audio = tracks.picture(span.path, container), tracks.sound(container)
        made = spans.structure(span, container.format.name)
        if made.lacks and not made.in_fragments:
            length = (container.duration or 0) / av.time_base
            raise UserError(
                f"{span.path}: cut off or damaged: not all of the {length:.1f} s that it promises is there; download "
                "it again or remove it"
            )
        if len(made.spans) > 1:
            return list(itertools.chain.from_iterable(extents(each) for each in made.spans))
        tracks.read_only(container, video, audio)
        beginning = beginning_of(container)
        promised = _promised(container, beginning)
        told = made.is_told and promised is not None
        counts = _count_last(container, video, audio, promised or 0.0) if told else _count(container, video, audio)
        cuts = counts.cuts()
        if cuts and not told:
            found = spans.cut(span, container.format.name, [place for place, _ in cuts])
            if len(found) == len(cuts) + 1:
                again = [continues, *(not restarts for _, restarts in cuts)]
                return list(
                    itertools.chain.from_iterable(extents(each, on) for each, on in zip(found, again, strict=True))
                )
        seen, heard = counts.of[video.index], counts.of.get(audio.index) if audio else None
        if seen.until == NEVER:
            raise UserError(f"{span.path}: no frame of it has a time; remove it or convert it to MP4")
        start = seen.first if video.start_time is None else float(video.start_time * (video.time_base or 0))
        sound_end = heard.until if heard else NEVER
        missing = promised is not None and max(seen.until, sound_end) < promised - TRUNCATED
        of_sound = audio.index if audio else None
        promised = promised if missing else None
        return [Extent(span, continues, beginning, start, seen.until, sound_end, promised, video.index, of_sound)]


class _Count:
    """What the packets of a track tell of its clock."""

    def __init__(self, track: Stream) -> None:
        # Times are floats, since fractions are slow and packets are millions.
        self.unit = float(track.time_base or 0)
        # How long a packet of the picture is shown that does not say it, as none does in a stream with B-frames.
        rate = (track.guessed_rate or track.average_rate or 0) if isinstance(track, VideoStream) else 0
        self.length = 1 / float(rate) if rate else 0.0
        self.first, self.until, self.last = float("inf"), NEVER, NEVER
        self.pending: tuple[float, int] | None = None
        self.header = b""
        # Where it starts again, or where only the header is a new one.
        self.cuts: list[tuple[int, bool]] = []

    def add(self, packet: Packet[Any]) -> None:
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
        """Whether the clock is another one from here on, as the packet before this one has said already."""
        if self.last == NEVER:
            return True
        if self.pending is not None:
            time, start = self.pending
            if -BACK <= decoded - time <= max(AHEAD, abs(time - self.last)):
                if time < self.last - BACK:
                    self.cuts = [*(cut for cut in self.cuts if cut[0] != start), (start, True)]
                return True
        self.pending = (decoded, place)
        return False


class _Counts:
    """The same of picture and sound, by their numbers."""

    def __init__(self, *wanted: Stream | None):
        self.of = {track.index: _Count(track) for track in wanted if track is not None}
        for track in wanted:
            if track is not None and track.codec_context is not None:
                self.of[track.index].header = track.codec_context.extradata or b""

    def cuts(self) -> list[tuple[int, bool]]:
        """Where another recording begins, or one with other headers; which of both."""
        marks = sorted((place, track, restarts) for track, count in self.of.items() for place, restarts in count.cuts)
        found: list[tuple[int, bool]] = []
        seen: set[int] = set()
        for place, track, restarts in marks:
            # Picture and sound begin anew at the same place, or nearly so.
            if found and track not in seen:
                found[-1] = (found[-1][0], found[-1][1] or restarts)
                seen.add(track)
            else:
                found.append((place, restarts))
                seen = {track}
        return found


def _count(container: InputContainer, video: Stream, audio: Stream | None) -> _Counts:
    counts = _Counts(video, audio)
    for packet in demuxed(container, *([video, audio] if audio else [video])):
        counts.of[packet.stream_index].add(packet)
    return counts


def _count_last(container: InputContainer, video: Stream, audio: Stream | None, promised: float) -> _Counts:
    """The same of the last minute alone, or of more where there is no picture in it."""
    back = LAST
    while True:
        begin = promised - back
        with_all = begin <= beginning_of(container)
        with suppress(av.error.FFmpegError):
            container.seek(int((beginning_of(container) - 1 if with_all else begin) * av.time_base))
        counts = _count(container, video, audio)
        if with_all or counts.of[video.index].until > NEVER:
            return counts
        back *= 8


def _promised(container: InputContainer, beginning: float) -> float | None:
    """When a file says that it ends: a timestamp, seconds."""
    if container.duration is None or container.format.name in GUESSED:
        return None
    # Matroska counts from timestamp zero, others from the first timestamp.
    return container.duration / av.time_base + (0.0 if "matroska" in container.format.name else beginning)


def beginning_of(container: InputContainer) -> float:
    """The timestamp that players show as time zero, seconds."""
    return (container.start_time or 0) / av.time_base


def time_of(packet: Packet[Any]) -> float:
    """When a packet is shown (timestamp, seconds); some old containers only say when it is decoded."""
    return float((packet.pts if packet.pts is not None else packet.dts or 0) * packet.time_base)


def is_unordered(container: InputContainer, track: Stream) -> bool:
    """Whether a track is H.264 or HEVC in AVI or ASF, of which FFmpeg guesses wrongly when frames are shown: there is one
    time for each packet, in the order of decoding."""
    if container.format.name not in ("avi", "asf") or not isinstance(track, VideoStream):
        return False
    return track.codec_context.name in ("h264", "hevc") and bool(track.codec_context.has_b_frames)


def demuxed(container: InputContainer, *wanted: Stream) -> Iterator[Packet[Any]]:
    """The packets of some tracks whose time is known, from where the container stands; what is damaged is passed.

    Those that are unordered only have the time at which they are decoded.
    """
    failures, unordered = 0, any(is_unordered(container, track) for track in wanted)
    while failures < 100:
        try:
            packets = container.demux(*wanted)
            for packet in _in_turn(packets, container.format.name) if unordered else packets:
                if packet.pts is not None or packet.dts is not None:
                    yield packet
            return
        except av.error.InvalidDataError:
            failures += 1


def _in_turn(packets: Iterator[Packet[Any]], form: str) -> Iterator[Packet[Any]]:
    """Packets, those of the picture at the times of their turns."""
    following = None
    for packet in packets:
        if isinstance(packet.stream, VideoStream) and packet.size:
            # FFmpeg does not tell the time of the second packet after a search.
            turn = following if packet.dts is None else packet.dts
            following = None if turn is None else turn + (packet.duration or 0)
            # In ASF, whose sound has a clock, a frame is shown at the earliest when it has been decoded.
            packet.dts, packet.pts = following if form == "asf" else turn, None
        yield packet
