"""Reading a track of a recording from any time on. The result is the same as when reading from the beginning."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from types import TracebackType
from typing import Any, Literal, Self

import av
from av.codec.context import CodecContext
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Stream
from av.video.stream import VideoStream

from autotosis.video import opening, spans, tracks
from autotosis.video.clock import decode, demuxed, is_unordered, loses_time, time_of
from autotosis.video.recording import Recording

# Times are rounded in containers and tables, so they may be off by this much (seconds).
ROUNDING = 1e-6
# If a video has at least this many times the wanted frames per second, frames that no other frame needs, or hardly any,
# are not decoded. Most encoders put one to three of them in a row, so enough frames are left, at half the cost. x264
# can put eight in a row; then, fewer frames than wanted are left.
SKIPPING_RATIO = 5
# A frame that begins more than this after the end of a recording has a damaged time (seconds).
BEYOND = 1.0
# How much of a recording is read to measure the distance between keyframes (seconds).
FIRST_MINUTE = 60.0


class Track:
    """The picture or the sound of a recording, opened for reading. All times are those of the recording.

    Errors of FFmpeg become UserErrors.

    Parameters
    ----------
    recording : Recording
        The video.
    kind : str
        The track to read: "picture" or "sound".
    decoder : str
        The decoder of the picture, as `extract.decoder` names it.
    wanted : float
        The number of frames that are wanted per second, Hz. Frames beyond that may be left out; 0 reads all of them.
    sound : int
        The sound track to read, counted from 0 among those that are heard.
    """

    def __init__(
        self,
        recording: Recording,
        kind: Literal["picture", "sound"],
        decoder: str = "software",
        wanted: float = 0.0,
        sound: int = 0,
    ):
        self.recording, self.kind, self.decoder, self.wanted, self.sound = recording, kind, decoder, wanted, sound
        self.numbers = [number for number in range(len(recording.pieces)) if self._index(number) is not None]
        self.container: InputContainer
        self.stream: Stream
        try:
            self._open(self.numbers[0])
        except av.error.FFmpegError as error:
            raise opening.refusal(recording.path, error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.container.close()
        if isinstance(error, av.error.FFmpegError):
            raise opening.refusal(self.recording.pieces[self.piece_number].span.path, error) from None

    def frames(self, time: float) -> Iterator[Any]:
        """Decode frames, beginning with one at or before a time (seconds), or else with the first one."""
        return self._reaching(time, self._decoded, lambda frame: frame.time)

    def packets(self, time: float) -> Iterator[Packet[Any]]:
        """Read packets without decoding them, beginning with a keyframe at or before a time (seconds).

        It is the last such keyframe if the file can be searched, and the first keyframe if there is none before the
        time.
        """
        return self._reaching(time, self._from_keyframe, time_of)

    def _reaching(
        self, time: float, read: Callable[[int], Iterator[Any]], time_of_first: Callable[[Any], float]
    ) -> Iterator[Any]:
        """Read from the first of the tried positions that is not after a time (seconds), or else from the beginning."""
        for number in reversed(self.numbers):
            if self.recording.pieces[number].begin > time:
                continue
            for _ in self._positions(number, time):
                found = read(number)
                first = next(found, None)
                if first is not None and time_of_first(first) <= time + ROUNDING:
                    return itertools.chain([first], found)
        self._rewind(self.numbers[0])
        return read(self.numbers[0])

    def _index(self, number: int) -> int | None:
        """Return the number of this track in a piece; None if the piece has no such track."""
        piece = self.recording.pieces[number]
        if self.kind == "picture":
            return piece.picture
        return piece.sounds[self.sound] if self.sound < len(piece.sounds) else None

    def _positions(self, number: int, time: float) -> Iterator[None]:
        """Move to positions from which a time (seconds) may be reached.

        Each is earlier than the one before it, and the last one is the beginning of the piece.
        """
        piece, back = self.recording.pieces[number], 0.0
        time = min(time, max(piece.begin, piece.end)) if number != self.numbers[-1] else time
        while time - back > piece.begin:
            if not self._seek(number, time - back):
                break
            yield
            # Some containers can only be searched by guessing, which may end up after the time.
            back = 2 * back + (0.5 if back < 1 else 5)
        self._rewind(number)
        yield

    def _seek(self, number: int, time: float) -> bool:
        """Move to a time (seconds) in a piece; False if its container cannot be searched."""
        if number != self.piece_number:
            self._rewind(number)
        piece = self.recording.pieces[number]
        picture = self.container.streams[piece.picture]
        if self.container.format.name == "mxf" and spans.lacks_end(piece.span):
            # FFmpeg would guess the position from the bit rate, and take what is there for what was asked for.
            return False
        if loses_time(picture):
            return False
        try:
            if "matroska" in self.container.format.name and picture.time_base:
                # Matroska only indexes the picture. To find a time in the sound, FFmpeg would read all before it. In a
                # file without an index, it makes one, of the tracks that are not discarded.
                picture.discard = Discard.default
                self.container.seek(int((time + piece.timestamp_at_zero) / picture.time_base), stream=picture)
            else:
                self.container.seek(int((time + piece.timestamp_at_zero) * av.time_base))
        except av.error.FFmpegError:
            return False
        finally:
            tracks.read_only(self.container, self.stream)
        self.has_read = True
        return True

    def _rewind(self, number: int) -> None:
        """Move to the beginning of a piece."""
        # Some containers allow this only by opening the file again.
        if number != self.piece_number or self.has_read:
            self.container.close()
            self._open(number)

    def _open(self, number: int) -> None:
        """Open a piece."""
        piece, index = self.recording.pieces[number], self._index(number)
        assert index is not None
        self.piece_number, self.has_read = number, False
        self.container = opening.open_span(piece.span, self.decoder if self.kind == "picture" else "software")
        self.stream = self.container.streams[index]
        tracks.read_only(self.container, self.stream)
        assert self.stream.time_base is not None
        self.time_base = self.stream.time_base
        self.shift = round(piece.timestamp_at_zero / self.time_base)
        self.header = (self.stream.codec_context.extradata if self.stream.codec_context else None) or b""

    def _piece_packets(self, number: int) -> Iterator[Packet[Any]]:
        """Read the packets of a piece from the current position on, with the times of the recording."""
        self.has_read = True
        return map(self._shifted, demuxed(self.container, self.stream))

    def _shifted(self, packet: Packet[Any]) -> Packet[Any]:
        """Convert the times of a packet from those of the file to those of the recording, and note a new header."""
        # FFmpeg tells it only with the first packet that it reads after a change.
        if packet.has_sidedata("new_extradata"):
            self.header = bytes(packet.get_sidedata("new_extradata")) or self.header
        if packet.pts is not None:
            packet.pts -= self.shift
        if packet.dts is not None:
            packet.dts -= self.shift
        return packet

    def _from_keyframe(self, number: int) -> Iterator[Packet[Any]]:
        """Read the packets from the first keyframe after the current position on, through all pieces that follow."""
        yield from itertools.dropwhile(lambda packet: not packet.is_keyframe, self._piece_packets(number))
        for following in self.numbers[self.numbers.index(number) + 1 :]:
            self._rewind(following)
            yield from self._piece_packets(following)

    def _decoded(self, number: int) -> Iterator[Any]:
        """Decode the frames from the current position on, through all pieces that follow.

        Frames that need others, from before the position, are left out.
        """
        codec = self._codec()
        codec.flush_buffers()
        # Frames that are shown before the first keyframe need frames that have not been read.
        waiting = self.kind == "picture" and (number != self.numbers[0] or self.has_read)
        begin = float("-inf")
        decode_times: list[int] = []
        end = self.recording.duration + BEYOND
        for following in self.numbers[self.numbers.index(number) :]:
            if following != number:
                time_base = self.time_base
                self._rewind(following)
                if not _can_continue(codec, self._codec()) or time_base != self.time_base:
                    yield from _timed(_flush(codec, time_base), decode_times, begin, end)
                    codec, waiting = self._codec(), self.kind == "picture"
            for packet in self._piece_packets(following):
                if waiting:
                    if not packet.is_keyframe:
                        continue
                    waiting, begin = False, time_of(packet)
                if packet.pts is None and packet.dts is not None:
                    heapq.heappush(decode_times, packet.dts)
                yield from _timed(decode(codec, packet), decode_times, begin, end)
        yield from _timed(_flush(codec, self.time_base), decode_times, begin, end)

    def _codec(self) -> CodecContext:
        """Return the decoder of the open piece."""
        codec = self.stream.codec_context
        if not codec.is_open:
            # One thread, because videos are read in parallel, one per core.
            codec.thread_count = 1
            rate = self.stream.guessed_rate if isinstance(self.stream, VideoStream) else None
            if 0 < SKIPPING_RATIO * self.wanted <= (rate or 0) and not is_unordered(self.stream):
                # In H.264, other frames hardly ever need bidirectional frames. In later codecs, they may, so only
                # frames that are marked as not needed are left out.
                codec.skip_frame = "BIDIR" if codec.name == "h264" else "NONREF"
        return codec


def keyframe_distance(recording: Recording) -> float:
    """Measure the longest distance between keyframes in the first minute of a recording, seconds."""
    keyframes, last = [], 0.0
    with Track(recording, "picture") as track:
        for packet in track.packets(0.0):
            last = max(last, time_of(packet))
            if packet.is_keyframe:
                keyframes.append(last)
            if last > FIRST_MINUTE:
                break
    return max((following - keyframe for keyframe, following in itertools.pairwise([*keyframes, last])), default=last)


def _timed(frames: list[Any], decode_times: list[int], begin: float, end: float) -> Iterator[Any]:
    """Give frames their times, and leave out those that are shown before `begin` or after `end` (seconds).

    `decode_times` are the times of packets that only say when they are decoded. Their frames get these times in the
    order in which they are shown.
    """
    for frame in frames:
        if decode_times:
            frame.pts = heapq.heappop(decode_times)
        if frame.pts is not None and begin - ROUNDING <= frame.time <= end:
            yield frame


def _flush(codec: CodecContext, time_base: Fraction) -> list[Any]:
    """Return the frames that a decoder still has, with the time base of their times, which they lack."""
    frames = decode(codec, None)
    for frame in frames:
        frame.time_base = time_base
    return frames


def _can_continue(codec: CodecContext, following: CodecContext) -> bool:
    """Return whether a decoder can continue with the packets of the next piece.

    It must continue if the recording was cut anywhere, and not at a keyframe.
    """
    header, other = codec.extradata or b"", following.extradata or b""
    # Streams that can be cut anywhere have their headers among the packets. PCM has no header that tells its rate.
    among = header[:3] in (b"\0\0\0", b"\0\0\1")
    return codec.name == following.name and not codec.name.startswith("pcm_") and (header == other or among)
