"""The properties of a recording, determined once: files, clocks, tracks, size, frame rate and duration."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from autotosis.annotations import chat
from autotosis.project.errors import UserError
from autotosis.video import clock, spans, tracks
from autotosis.video.clock import Extent
from autotosis.video.opening import Span, opened

# Sound that continues after the picture for longer than this is part of the recording (seconds). Encoders of sound end
# a little late.
SOUND_ALONE = 0.5
# The picture of a part of a stream may begin this much before that of the part before it ends, where it was not cut at
# a keyframe: frames are not stored in the order in which they are shown (seconds).
OVERLAP = 0.3
# Codecs whose headers may differ between parts. That of FLAC tells the length and a checksum of the sound.
WITH_HEADERS = ("h264", "hevc", "flac")
# The pictures of parts are scaled to the same size. If their shapes differ by more than this share, it shows; those of
# 1366x768 and 1280x720, both called 16:9, differ by 0.05 %.
OTHER_SHAPE = 0.02
# A pixel is at most this many times as wide as high, or as high as wide.
MAX_STRETCH = 10
# The brands of pictures that are stored like an MP4 (HEIF, ISO/IEC 23008-12, and AVIF). Sequences have other brands.
PICTURES = ("avci", "avif", "heic", "heim", "heis", "heix", "mif1", "mif2")
# To find the format in the middle of a recording, at most this many packets are read and frames are decoded. The frame
# rate is measured over the last frames: behind a keyframe, some may be missing.
LOOKED_AT, DECODED, MEASURED = 300, 24, 9


@dataclass(frozen=True)
class Piece:
    """A stretch of a recording with one continuous clock: a file, or one of several that were appended to one file.

    The picture of a piece begins where its clock says, if that goes on, and otherwise where the piece before it ends.
    Its sound stays in sync with it: recorders switch files at a keyframe, and sound may begin and end a little before
    or after its picture.

    Attributes
    ----------
    span : Span
        The file, or a stretch of it.
    timestamp_at_zero : float
        The timestamp of the file at second 0 of the recording, seconds.
    begin, end : float
        The beginning of the piece, and the end of its picture, seconds in the recording.
    picture : int
        The number of its picture track.
    sounds : tuple of int
        The numbers of the sound tracks that are heard together; empty if there is no sound.
    declared_duration : float or None
        The duration that the file claims to have, seconds, if less than that is there.
    """

    span: Span
    timestamp_at_zero: float
    begin: float
    end: float
    picture: int
    sounds: tuple[int, ...]
    declared_duration: float | None


@dataclass(frozen=True)
class Recording:
    """A video and its properties.

    Attributes
    ----------
    path : Path
        The file, or the folder of the parts.
    start, duration : float
        When the picture starts, because sound may start before it, and when the recording ends, seconds.
    width, height : int
        The size as displayed, pixels: upright, with square pixels, and even.
    rate : Fraction
        The frame rate where no frames are missing, Hz, 10 to 60.
    sound : bool
        Whether there is a sound track.
    pieces : tuple of Piece
        The pieces, in the order of time.
    """

    path: Path
    start: float
    duration: float
    width: int
    height: int
    rate: Fraction
    sound: bool
    pieces: tuple[Piece, ...]

    @property
    def files(self) -> list[Piece]:
        """The first piece of each file."""
        return [next(pieces) for _, pieces in itertools.groupby(self.pieces, lambda piece: piece.span.path)]

    def height_at(self, width: int) -> int:
        """Return the height of the picture when it is scaled to a width, pixels."""
        return max(2, round(width * self.height / self.width))


def probe(path: Path, sounds: Sequence[int] = ()) -> Recording:
    """Determine the properties of a video.

    Parameters
    ----------
    path : Path
        A file, or a folder of parts.
    sounds : sequence of int
        The sound tracks to hear, counted from 1 among all sound tracks; empty for the one that is marked default. The
        duration of the recording does not depend on them.

    Raises
    ------
    UserError
        If FFmpeg cannot read it as a video, if it is an incomplete or encrypted MP4, if the parts do not fit together,
        if it is longer than a week, or if there is no such sound track.
    """
    files = spans.of_video(path)
    if len(files) > 1:
        _check_alike(files)
    extents = list(itertools.chain.from_iterable(map(clock.extents, files)))
    pieces, duration = _one_after_the_other(extents)
    if sounds:
        # Some parts of a VOD may have no sound.
        some = any(piece.sounds for piece in pieces)
        at_beginning: dict[Path, list[int]] = {}
        pieces = tuple(
            replace(piece, sounds=_numbers(piece, sounds, at_beginning)) if piece.sounds or not some else piece
            for piece in pieces
        )
    if duration <= 0:
        raise UserError(f"{path}: has a duration of 0 s; remove it or convert it to MP4")
    if duration > chat.MAX_SECONDS:
        raise UserError(
            f"{path}: lasts {duration / 86_400:.1f} days, and a recording at most {chat.MAX_SECONDS / 86_400:.0f}; "
            "remove it, or divide it if it is really so long"
        )
    with opened(pieces[0].span) as container:
        is_picture = container.format.name.endswith("_pipe") or container.format.name == "image2"
        if is_picture or container.metadata.get("major_brand") in PICTURES:
            raise UserError(f"{path}: a picture, not a video; remove it")
        video = tracks.picture(pieces[0].span.path, container)
        unordered = clock.is_unordered(video)
        first = _first_frame(path, container, video)
        start = max(0.0, (extents[0].start if unordered else first.time or 0.0) - pieces[0].timestamp_at_zero)
        picture_format = _picture_format(container, video, first, pieces[0])
    # A recording may begin with an advertisement in another format.
    longest = max(pieces, key=lambda piece: piece.end - piece.begin)
    if longest is not pieces[0]:
        # A part that was not cut at a keyframe may have no frame that can be decoded alone.
        with suppress(UserError), opened(longest.span) as container:
            video = tracks.picture(longest.span.path, container)
            picture_format = _picture_format(container, video, _first_frame(path, container, video), longest)
    return Recording(path, start, duration, *picture_format, any(piece.sounds for piece in pieces), pieces)


def _picture_format(
    container: InputContainer, video: VideoStream, first: VideoFrame, piece: Piece
) -> tuple[int, int, Fraction]:
    """Return width and height, pixels, and frame rate, Hz, in the middle of a piece whose first frame is given."""
    shown, aspect, rate = first, video.sample_aspect_ratio, _steady_rate(video)
    with suppress(av.error.FFmpegError):
        container.seek(int((piece.timestamp_at_zero + (piece.begin + piece.end) / 2) * av.time_base))
        video.codec_context.flush_buffers()
        frames = _decoded(itertools.islice(clock.demuxed(container, video), LOOKED_AT), video)
        shown = next(frames, first)
        if (shown.width, shown.height) != (first.width, first.height):
            # FFmpeg has only looked at the beginning. Other formats than transport streams state a frame rate.
            aspect = video.codec_context.sample_aspect_ratio
            if container.format.name == "mpegts":
                rate = _measured_rate([shown, *itertools.islice(frames, DECODED)]) or rate
    width, height = shown.width * float(pixel_shape(aspect)), shown.height
    if shown.rotation % 180:
        width, height = height, width
    return max(2, round(width / 2) * 2), max(2, round(height / 2) * 2), rate


def _one_after_the_other(extents: Sequence[Extent]) -> tuple[tuple[Piece, ...], float]:
    """Arrange the pieces of a recording one after the other, and return them and the end of the recording (seconds)."""
    pieces: list[Piece] = []
    begin = zero = 0.0
    for number, extent in enumerate(extents):
        if number == 0:
            zero = extent.beginning
        elif extent.continues or _goes_on(extents[number - 1], extent):
            begin = extent.start - zero
        else:
            zero = extent.start - begin
        end, sound_end = extent.end - zero, extent.sound_end - zero
        declared_duration = None if extent.declared_end is None else extent.declared_end - extent.beginning
        sounds = () if extent.sound is None else (extent.sound,)
        pieces.append(Piece(extent.span, zero, begin, end, extent.picture, sounds, declared_duration))
        begin = sound_end if sound_end > end + SOUND_ALONE else end
    return tuple(pieces), begin


def _goes_on(before: Extent, extent: Extent) -> bool:
    """Return whether the clock of an extent is that of the one before it, as in segments of a stream."""
    return before.start < extent.start and -OVERLAP < extent.start - before.end < clock.AHEAD


def _numbers(piece: Piece, sounds: Sequence[int], at_beginning: dict[Path, list[int]]) -> tuple[int, ...]:
    """Return the numbers of a piece's sound tracks, which are counted from 1; UserError if there is no such track.

    Where tracks of a transport stream have ended, the others are counted as at its beginning. `at_beginning` has the
    identifiers of the tracks there, by file, and is filled in.
    """
    with opened(piece.span) as container:
        # Only in a transport stream does the identifier of a track stay. In Matroska, all tracks have the same one.
        stays = container.format.name == "mpegts"
        there = {track.id if stays else track.index: track.index for track in tracks.sounds(container)}
    counted = at_beginning.setdefault(piece.span.path, list(there)) if stays else list(there)
    if not there.keys() < set(counted):
        counted = list(there)
    for number in sounds:
        if number > len(counted):
            raise UserError(
                f"{piece.span.path}: `tracks` in params.yaml names sound track {number}, but the file has only "
                f"{len(counted)}; name another track, or remove the entry"
            )
    return tuple(there[counted[number - 1]] for number in sounds if counted[number - 1] in there)


def _check_alike(files: Sequence[Span]) -> None:
    """Raise a UserError unless each track has the same format in all parts that have it, and the picture its shape."""
    with opened(files[0]) as container:
        like, rotation, shape = _formats(container), _rotation(files[0], container), _shape(files[0], container)
    for file in files[1:]:
        with opened(file) as container:
            formats = _formats(container)
            differ = any(like.setdefault(number, track) != track for number, track in formats.items())
            stretched = abs(_shape(file, container) / shape - 1) > OTHER_SHAPE
            if differ or stretched or _rotation(file, container) != rotation:
                raise UserError(
                    f"{file.path}: its picture or sound is in another format than in the first part, or the picture "
                    "has another shape or is rotated differently, so they cannot be joined; convert it to that format, "
                    "or make it a VOD of its own"
                )


def _formats(container: InputContainer) -> dict[int, tuple[object, ...]]:
    """Return what must be the same in all parts, for each track of picture or sound, by its number or identifier."""
    # In MPEG, FFmpeg numbers the tracks by their first packets, whose order differs between parts.
    identified = container.format.name in clock.GUESSED
    return {
        track.id if identified else track.index: (
            track.type,
            track.codec_context.name,
            track.time_base,
            None if track.codec_context.name in WITH_HEADERS else track.codec_context.extradata,
        )
        for track in (*container.streams.video, *container.streams.audio)
        if track.codec_context
    }


def _shape(file: Span, container: InputContainer) -> float:
    """Return how many times as wide as high a part's picture is before it is rotated; NaN if that is not known."""
    video = tracks.picture(file.path, container)
    return video.width * float(pixel_shape(video.sample_aspect_ratio)) / video.height if video.height else math.nan


def pixel_shape(aspect: Fraction | None) -> Fraction:
    """Return how many times as wide as high a pixel is; 1 if that is not known, or damaged."""
    return aspect if aspect and 1 / MAX_STRETCH <= aspect <= MAX_STRETCH else Fraction(1)


def _rotation(file: Span, container: InputContainer) -> int:
    """Return how a part's container says that the picture is rotated, degrees; 0 if it does not say it."""
    if not file.header and ("mov" in container.format.name or "matroska" in container.format.name):
        # A part that was not cut at a keyframe may have no frame that can be decoded alone.
        with suppress(UserError):
            return _first_frame(file.path, container, tracks.picture(file.path, container)).rotation
    return 0


def _first_frame(path: Path, container: InputContainer, video: VideoStream) -> VideoFrame:
    """Decode the first frame that has a time; UserError if there is none."""
    frame = next(_decoded(clock.demuxed(container, video), video), None)
    if frame is None:
        raise UserError(f"{path}: none of its frames has a time; remove it or convert it to MP4")
    return frame


def _decoded(packets: Iterable[Packet[Any]], video: VideoStream) -> Iterator[VideoFrame]:
    """Decode the frames of packets that have a time."""
    # Of a short video, the decoder still has all frames at the end.
    for packet in itertools.chain(packets, [None]):
        for frame in clock.decode(video.codec_context, packet):
            if frame.pts is not None or clock.is_unordered(video):
                yield frame


def _steady_rate(video: VideoStream) -> Fraction:
    """Return the frame rate where no frames are missing, Hz, 10 to 60."""
    # Missing frames lower the average rate, but not the guessed one.
    for rate in (video.guessed_rate, video.average_rate):
        if rate and rate >= 10:
            return min(rate, Fraction(60)).limit_denominator(1001)
    return Fraction(30)


def _measured_rate(frames: Sequence[VideoFrame]) -> Fraction | None:
    """Measure the frame rate of consecutive frames, Hz, at most 60; None if it is below 10 or they are too few."""
    times = [frame.pts * (frame.time_base or 0) for frame in frames[-MEASURED:] if frame.pts is not None]
    if len(times) < MEASURED or not 0 < times[-1] - times[0] <= (MEASURED - 1) / 10:
        return None
    return min(Fraction(MEASURED - 1) / Fraction(times[-1] - times[0]), Fraction(60)).limit_denominator(1001)
