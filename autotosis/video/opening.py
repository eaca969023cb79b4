"""Opening videos: a file, or a folder of parts, which FFmpeg's concat demuxer makes one stream of.

The picture of a part begins where that of the part before it ends. Its sound keeps its place beside it: recorders
switch files at a keyframe, and the sound of a part may begin and end a little before or after its picture.
"""

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import av
from av.stream import Disposition

from autotosis.project.errors import UserError
from autotosis.video import hardware
from autotosis.video.clock import TRUNCATED, beginning_of, end_of_picture, time_of, timed
from autotosis.video.parts import video_files

# Codecs whose headers FFmpeg puts beside the packets when it joins parts, so that they may differ.
WITH_HEADERS = ("h264", "hevc")


@contextmanager
def open_video(path: Path, decoder: str = "software") -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """A video and its picture track; whatever FFmpeg finds wrong with it becomes a UserError."""
    if path.is_file() and path.stat().st_size == 0:
        raise UserError(f"{path}: the file is empty; remove it or download it again")
    try:
        with (
            as_input(path) as (name, form),
            av.open(name, hwaccel=hardware.accelerator(decoder), format=form.get("format"), options=form) as container,
        ):
            # A cover picture is a track too, but of a sound file.
            tracks = [video for video in container.streams.video if not video.disposition & Disposition.attached_pic]
            if not tracks:
                raise UserError(f"{path}: has no picture; remove or replace it")
            if tracks[0].codec_context is None:
                raise UserError(f"{path}: its picture is in a format that FFmpeg does not know; convert it to H.264")
            yield container, tracks[0]
    except av.error.FileNotFoundError:
        raise UserError(f"{path}: no such video") from None
    except av.error.FFmpegError as error:
        raise UserError(f"{path}: not a video that can be read ({error.strerror}); remove or replace it") from None


@contextmanager
def as_input(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """How FFmpeg, the library or the program, opens a video.

    Parameters
    ----------
    path : Path
        A file, or a folder of parts.

    Yields
    ------
    str
        The file to open; of a folder a list, which is there until the block ends.
    dict
        The input's options.

    Raises
    ------
    UserError
        A part that is no video, was cut off, or is not like the first.
    """
    parts = video_files(path)
    if parts == [path]:
        yield str(path.resolve()), {}
        return
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8", errors="surrogateescape") as file:
        file.write(_listing(parts))
        file.flush()
        # Or the program would count from what FFmpeg takes for the beginning (see `beginning_of`).
        yield file.name, {"format": "concat", "safe": "0", "seek_timestamp": "1"}


def beginnings(path: Path) -> list[tuple[Path, float]]:
    """Each file of a video, and when in the video its picture begins (seconds); raises as `as_input`."""
    parts, times = video_files(path), [0.0]
    if len(parts) > 1:
        # The picture of the first one may begin late, but the video begins with it all the same.
        (_, end), *others = _extents(parts)
        times += itertools.accumulate((end - start for start, end in others), initial=end)
    return list(zip(parts, times, strict=False))


def _listing(parts: Sequence[Path]) -> str:
    """The list of the parts that the concat demuxer reads."""
    # https://ffmpeg.org/ffmpeg-formats.html#concat-1. With all durations, it finds a time without reading up to it.
    extents, lines = _extents(parts), []
    for part, (_, end), (start, _) in zip(parts, extents, [*extents[1:], (0.0, 0.0)], strict=True):
        name = str(part.resolve()).replace("'", r"'\''")
        lines.append(f"file '{name}'\nduration {end - start:.6f}\n")
    return "".join(lines)


def _extents(parts: Sequence[Path]) -> list[tuple[float, float]]:
    """When the picture of each part starts and ends, seconds in it; UserError if they are not one stream."""
    return _extents_as_of(tuple(parts), tuple(part.stat().st_mtime_ns for part in parts))


@lru_cache
def _extents_as_of(parts: Sequence[Path], changed: Sequence[int]) -> list[tuple[float, float]]:
    with open_video(parts[0]) as (container, _):
        tracks = _tracks(container)
    return [_extent(part, tracks) for part in parts]


def _extent(part: Path, like: dict[int, tuple]) -> tuple[float, float]:
    """When the picture of a part starts and ends, seconds; UserError unless it is whole, and its tracks are `like`."""
    with open_video(part) as (container, video):
        if not _tracks(container).items() <= like.items():
            raise UserError(
                f"{part}: its picture or sound is in another format than in the first part, so that they are not one "
                "stream; convert it to that format, or make it a VOD of its own"
            )
        beginning, end = beginning_of(container), end_of_picture(container, video)
        start = float((video.start_time or 0) * video.time_base) - beginning
        container.seek(int((end - TRUNCATED + beginning) * av.time_base))
        ends = (
            time_of(packet) + float((packet.duration or 0) * packet.time_base) for packet in timed(container, video)
        )
        last = max(ends, default=0.0)
        if last - beginning < end - TRUNCATED:
            raise UserError(f"{part}: cut off or damaged: it promises {end:.1f} s; download it again or remove it")
    return start, end


def _tracks(container: av.container.InputContainer) -> dict[int, tuple]:
    """What must be the same in all parts, of each track of picture or sound, by its number."""
    return {
        track.index: (
            track.type,
            track.codec_context.name,
            track.time_base,
            None if track.codec_context.name in WITH_HEADERS else track.codec_context.extradata,
        )
        for track in (*container.streams.video, *container.streams.audio)
        if track.codec_context
    }
