"""Reading a track of a recording from any time on: what is read is what reading from the beginning would give."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from fractions import Fraction
from types import TracebackType
from typing import Any, Literal, Self

import av
from av.codec.context import CodecContext
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from autotosis.video import opening, tracks
from autotosis.video.clock import demuxed, is_unordered, time_of
from autotosis.video.recording import Recording

# Times are rounded on their way through containers and tables (seconds).
ROUNDING = 1e-6
# Where a video has this many frames for each one that is wanted, those that no other needs, or few, are not decoded.
# Encoders put one to three of them in a row, so that enough are left, at half the cost.
SPARE = 5
# How much is read to know how far apart keyframes are (seconds).
FIRST_MINUTE = 60.0


class Track:
    """The picture or the sound of a recording, opened; its times are those of the recording.

    What FFmpeg refuses of it becomes a UserError.

    Parameters
    ----------
    recording : Recording
    kind : str
        "picture" or "sound".
    decoder : str
        As `extract.decoder`.
    wanted : float
        How many frames a second are wanted, Hz: others may be missing. 0 for all of them.
    """

    def __init__(
        self, recording: Recording, kind: Literal["picture", "sound"], decoder: str = "software", wanted: float = 0.0
    ):
        self.recording, self.kind, self.decoder, self.wanted = recording, kind, decoder, wanted
        self.numbers = [number for number in range(len(recording.pieces)) if self._index(number) is not None]
        self.number, self.shift, self.used = -1, 0, False
        self.unit = Fraction(1)
        self.container: InputContainer | None = None
        self.stream: Stream | None = None

    def __enter__(self) -> Self:
        try:
            self._open(self.numbers[0])
        except av.error.FFmpegError as error:
            raise opening.refusal(self.recording.path, error) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.container is not None:
            self.container.close()
        if isinstance(error, av.error.FFmpegError):
            raise opening.refusal(self.recording.pieces[max(0, self.number)].span.path, error) from None

    def frames(self, time: float) -> Iterator[Any]:
        """The frames from one at or before a time (seconds) on, or from the first one on."""
        for number in self._pieces_up_to(time):
            for _ in self._landings(number, time):
                frames = self._decoded(number)
                first = next(frames, None)
                if first is not None and first.time is not None and first.time <= time + ROUNDING:
                    return itertools.chain([first], frames)
        self._rewind(self.numbers[0])
        return self._decoded(self.numbers[0])

    def packets(self, time: float) -> Iterator[Packet[Any]]:
        """The packets, not decoded, from a keyframe at or before a time (seconds) on, the last such one where the file
        can be searched; from the first keyframe on where none is before it."""
        for number in self._pieces_up_to(time):
            for _ in self._landings(number, time):
                packets = self._from_keyframe(number)
                first = next(packets, None)
                if first is not None and time_of(first) <= time + ROUNDING:
                    return itertools.chain([first], packets)
        self._rewind(self.numbers[0])
        return self._from_keyframe(self.numbers[0])

    def _index(self, number: int) -> int | None:
        """The number of the track in a piece; None where that has none."""
        piece = self.recording.pieces[number]
        return piece.picture if self.kind == "picture" else piece.sound

    def _pieces_up_to(self, time: float) -> list[int]:
        """The pieces that begin at or before a time, the last one first."""
        return [number for number in reversed(self.numbers) if self.recording.pieces[number].begin <= time]

    def _landings(self, number: int, time: float) -> Iterator[None]:
        """Stands at places in a piece from which a time may be reached: each one earlier, the last at its beginning."""
        piece, back = self.recording.pieces[number], 0.0
        time = min(time, max(piece.begin, piece.end)) if number != self.numbers[-1] else time
        while time - back > piece.begin and back < time - piece.begin + 1:
            if not self._seek(number, time - back):
                break
            yield
            # Some containers are searched by guess, and land behind the time.
            back = 2 * back + (0.5 if back < 1 else 5)
        self._rewind(number)
        yield

    def _seek(self, number: int, time: float) -> bool:
        """Search a piece for a time; False where its container cannot be searched."""
        self._open(number)
        assert self.container is not None
        try:
            self.container.seek(int((time + self.recording.pieces[number].zero) * av.time_base))
        except av.error.FFmpegError:
            return False
        self.used = True
        return True

    def _rewind(self, number: int) -> None:
        """Stand at the beginning of a piece."""
        # What some containers do not allow in any other way.
        self._open(number, anew=True)

    def _open(self, number: int, anew: bool = False) -> None:
        if number == self.number and self.container is not None and not (anew and self.used):
            return
        if self.container is not None:
            self.container.close()
        piece = self.recording.pieces[number]
        self.number, self.used = number, False
        self.container = opening.open_span(piece.span, self.decoder if self.kind == "picture" else "software")
        index = self._index(number)
        assert index is not None
        self.stream = self.container.streams[index]
        tracks.read_only(self.container, self.stream)
        assert self.stream.time_base is not None
        self.unit = self.stream.time_base
        self.shift = round(piece.zero / self.stream.time_base)

    def _piece_packets(self, number: int) -> Iterator[Packet[Any]]:
        """The packets of a piece from where it stands, at the recording's times."""
        assert self.container is not None and self.stream is not None
        self.used = True
        packets = demuxed(self.container, self.stream)
        return map(self._shifted, packets) if self.shift else packets

    def _shifted(self, packet: Packet[Any]) -> Packet[Any]:
        if packet.pts is not None:
            packet.pts -= self.shift
        if packet.dts is not None:
            packet.dts -= self.shift
        return packet

    def _from_keyframe(self, number: int) -> Iterator[Packet[Any]]:
        yield from itertools.dropwhile(lambda packet: not packet.is_keyframe, self._piece_packets(number))
        for following in self.numbers[self.numbers.index(number) + 1 :]:
            self._open(following, anew=True)
            yield from self._piece_packets(following)

    def _decoded(self, number: int) -> Iterator[Any]:
        """The frames of a piece and those behind it, from where it stands, but for those that lack what they need."""
        codec = self._codec()
        codec.flush_buffers()
        # Of what is shown before the first keyframe, what it needs has not been read.
        begin = float("-inf") if self.kind == "sound" or (number == self.numbers[0] and not self.used) else None
        turns: list[int] = []
        for following in self.numbers[self.numbers.index(number) :]:
            if following != number:
                unit = self.unit
                self._open(following, anew=True)
                if not _goes_on(codec, self._codec()) or unit != self.unit:
                    yield from _shown(_left(codec, unit), turns, begin)
                    codec, begin = self._codec(), None if self.kind == "picture" else begin
            for packet in self._piece_packets(following):
                if begin is None:
                    if not packet.is_keyframe:
                        continue
                    begin = time_of(packet)
                if packet.pts is None and packet.dts is not None:
                    heapq.heappush(turns, packet.dts)
                yield from _shown(_frames(codec, packet), turns, begin)
        yield from _shown(_left(codec, self.unit), turns, begin)

    def _codec(self) -> CodecContext:
        """The decoder of the open piece."""
        assert self.stream is not None
        codec = self.stream.codec_context
        if not codec.is_open:
            assert self.container is not None
            # Videos are read in parallel, a core each.
            codec.thread_count = 1
            rate = self.stream.guessed_rate if isinstance(self.stream, VideoStream) else None
            if 0 < SPARE * self.wanted <= (rate or 0) and not is_unordered(self.container, self.stream):
                # In H.264, frames predicted from both sides serve at most each other. In its successors any may be one.
                codec.skip_frame = "BIDIR" if codec.name == "h264" else "NONREF"
        return codec


def keyframe_distance(recording: Recording) -> float:
    """The longest time from one keyframe to the next in the first minute of a recording, seconds."""
    keyframes, last = [], 0.0
    with Track(recording, "picture") as track:
        for packet in track.packets(0.0):
            last = max(last, time_of(packet))
            keyframes += [last] if packet.is_keyframe else []
            if last > FIRST_MINUTE:
                break
    return max((other - one for one, other in itertools.pairwise([*keyframes, last])), default=last)


def _frames(codec: Any, packet: Packet[Any] | None) -> list[Any]:
    """What a decoder makes of a packet, or None for what it has kept; nothing of a damaged one, such as hours of
    recording often have."""
    try:
        decoded: list[Any] = codec.decode(packet)
    except (av.error.InvalidDataError, av.error.EOFError):
        return []
    return decoded


def _shown(frames: list[Any], turns: list[int], begin: float | None) -> Iterator[Any]:
    """Frames with their times, but for those that are shown before `begin`; `turns` has those of the packets that
    only say when they are decoded: frames are shown in the order in which they come out."""
    for frame in frames:
        if turns:
            frame.pts = heapq.heappop(turns)
        if frame.pts is not None and (begin is None or frame.time >= begin - ROUNDING):
            yield frame


def _left(codec: CodecContext, unit: Fraction) -> list[Any]:
    """The frames that a decoder has kept, which do not say in what unit their times are."""
    frames = _frames(codec, None)
    for frame in frames:
        frame.time_base = unit
    return frames


def _goes_on(codec: CodecContext, following: CodecContext) -> bool:
    """Whether a decoder can go on with the packets of the next piece, as it has to where that was cut anywhere."""
    header, other = codec.extradata or b"", following.extradata or b""
    # In streams that are cut anywhere, headers are among the packets.
    among = header[:3] in (b"\0\0\0", b"\0\0\1")
    return codec.name == following.name and (header == other or among)
