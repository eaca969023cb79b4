"""Opening a file of a recording, or a stretch of its bytes that FFmpeg reads like a file."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from autotosis.project import files
from autotosis.project.errors import UserError
from autotosis.video import hardware, parts

# FFmpeg only looks at the first 7 s or 5 MB of a transport stream. If a track begins later, FFmpeg must look at this
# much of it (microseconds and bytes), or else most packets of the track get no time.
LONG_LOOK = {"analyzeduration": "60000000", "probesize": "200000000"}


@dataclass(frozen=True)
class Span:
    """A file, or a stretch of it if several recordings were appended to one file.

    Attributes
    ----------
    path : Path
        The path of the file.
    first, end : int, int or None
        The first byte, and the one after the last; None is the end of the file.
    header : bytes
        What FFmpeg must read before these bytes.
    """

    path: Path
    first: int = 0
    end: int | None = None
    header: bytes = b""

    @property
    def is_whole(self) -> bool:
        """Whether this is a whole file."""
        return self.first == 0 and self.end is None and not self.header


@contextmanager
def opened(span: Span) -> Iterator[InputContainer]:
    """Open a file, and turn whatever FFmpeg finds wrong with it, now or later, into a UserError."""
    parts.check(span.path)
    try:
        with open_span(span) as container:
            yield container
    except av.error.FFmpegError as error:
        raise refusal(span.path, error) from None


def open_span(span: Span, decoder: str = "software") -> InputContainer:
    """Open a file without translating FFmpeg's errors. The caller must close it."""
    container = _open(span, decoder, {})
    if container.format.name == "mpegts" and not all(map(_is_known, container.streams)):
        container.close()
        container = _open(span, decoder, LONG_LOOK)
    return container


def _open(span: Span, decoder: str, options: dict[str, str]) -> InputContainer:
    """Open a file with options of FFmpeg."""
    source = str(span.path.absolute()) if span.is_whole else _Bytes(span)
    # In bytes that it does not read by a file name, FFmpeg would follow any address, and wait for an answer.
    options = {"protocol_whitelist": "file"} | options
    # Titles in old files are often not in UTF-8.
    container = av.open(
        source, metadata_errors="replace", hwaccel=hardware.accelerator(decoder), container_options=options
    )
    assert isinstance(container, InputContainer)
    return container


def _is_known(track: Stream) -> bool:
    """Return whether FFmpeg has found the frame rate of a picture, or the sample rate of sound, if it can decode it."""
    if track.codec_context is None:
        return True
    if isinstance(track, VideoStream):
        return bool(track.average_rate)
    return not isinstance(track, AudioStream) or track.codec_context.sample_rate > 0


def refusal(path: Path, error: av.error.FFmpegError) -> UserError:
    """Return the error for a file that FFmpeg cannot read."""
    if isinstance(error, av.error.FileNotFoundError):
        return UserError(f"{path}: no such video")
    return UserError(f"{path}: not a video that can be read ({error.strerror}); remove or replace it")


class _Bytes:
    """The bytes of a span, as a file that FFmpeg can read."""

    def __init__(self, span: Span):
        self.path, self.header, self.first = span.path, span.header, span.first
        self.name = span.path.name
        self.file = span.path.open("rb")
        end = self.file.seek(0, io.SEEK_END) if span.end is None else span.end
        self.offset, self.length = 0, len(span.header) + end - span.first

    def read(self, count: int) -> bytes:
        header = self.header[self.offset : self.offset + count]
        count = min(count, self.length - self.offset) - len(header)
        with files.named_in_errors(self.path):
            self.file.seek(self.first + self.offset + len(header) - len(self.header))
            data = header + self.file.read(max(0, count))
        self.offset += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        wanted = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.offset, io.SEEK_END: self.length}[whence]
        # A damaged recording may name any position.
        self.offset = min(max(0, wanted), self.length)
        return self.offset

    def tell(self) -> int:
        return self.offset

    def close(self) -> None:
        self.file.close()
