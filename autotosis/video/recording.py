"""What a recording is, decided once: its files and their clocks, its tracks, its size, rate and end."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from autotosis.project.errors import UserError
from autotosis.video import clock, parts, spans, tracks
from autotosis.video.clock import Extent
from autotosis.video.opening import Span, opened

# Sound that goes on for longer than this behind the picture is part of the recording (seconds); encoders of sound end
# a little late.
SOUND_ALONE = 0.5
# Codecs whose headers may differ from part to part.
WITH_HEADERS = ("h264", "hevc")


@dataclass(frozen=True)
class Piece:
    """A stretch of a recording with one running clock: a file, or one of those that were appended to one file.

    The picture of a piece begins where that of the one before it ends, and its sound keeps its place beside it:
    recorders switch files at a keyframe, and sound may begin and end a little before or after its picture.

    Attributes
    ----------
    span : Span
        Where it is.
    zero : float
        Which of its timestamps is second 0 of the recording, seconds.
    begin, end : float
        When it begins, and when its picture ends; seconds of the recording.
    picture, sound : int, int or None
        The numbers of its tracks; None is no sound.
    promised : float or None
        How long its file says that it is, where less is there; seconds.
    """

    span: Span
    zero: float
    begin: float
    end: float
    picture: int
    sound: int | None
    promised: float | None


@dataclass(frozen=True)
class Recording:
    """A video, and what it is.

    Attributes
    ----------
    path : Path
        Its file, or the folder of its parts.
    start, duration : float
        When the picture starts, since sound may start before it; and when the recording ends. Seconds.
    width, height : int
        As displayed: pixels that are not square stretched, a phone's picture upright. Even.
    rate : Fraction
        Frames per second: what it has wherever none is missing, 10 to 60.
    sound : bool
        Whether it has a sound track.
    pieces : tuple of Piece
        What it is made of, in the order of time.
    """

    path: Path
    start: float
    duration: float
    width: int
    height: int
    rate: Fraction
    sound: bool
    pieces: tuple[Piece, ...] = ()

    @property
    def files(self) -> list[tuple[Path, float]]:
        """Each of its files, and when it begins in the recording (seconds)."""
        first: dict[Path, float] = {}
        for piece in self.pieces:
            first.setdefault(piece.span.path, piece.begin)
        return list(first.items())


def probe(path: Path) -> Recording:
    """What a file, or a folder of parts, is.

    Raises
    ------
    UserError
        FFmpeg cannot read it as a video; a plain MP4 was cut off; parts are not one stream.
    """
    files = parts.video_files(path)
    if len(files) > 1:
        _check_alike(files)
    extents = list(itertools.chain.from_iterable(clock.extents(spans.readable(Span(file))) for file in files))
    pieces, duration = _one_after_the_other(extents)
    if duration <= 0:
        raise UserError(f"{path}: lasts no time, as a picture does; remove it or convert it to MP4")
    with opened(pieces[0].span) as container:
        if container.format.name.endswith("_pipe") or container.format.name == "image2":
            raise UserError(f"{path}: lasts no time, being a picture; remove it")
        video = tracks.picture(pieces[0].span.path, container)
        unordered = clock.is_unordered(container, video)
        first = _first_frame(path, container, video)
        width, height = first.width * float(video.sample_aspect_ratio or 1), first.height
        if first.rotation % 180:
            width, height = height, width
        return Recording(
            path,
            max(0.0, (extents[0].start if unordered else first.time or 0.0) - pieces[0].zero),
            duration,
            max(2, round(width / 2) * 2),
            max(2, round(height / 2) * 2),
            _steady_rate(video),
            any(piece.sound is not None for piece in pieces),
            pieces,
        )


def _one_after_the_other(extents: Sequence[Extent]) -> tuple[tuple[Piece, ...], float]:
    """The pieces of a recording, and when it ends (seconds)."""
    pieces: list[Piece] = []
    begin = zero = 0.0
    for number, each in enumerate(extents):
        if number == 0:
            zero = each.beginning
        elif each.continues:
            begin = each.start - zero
        else:
            zero = each.start - begin
        end, sound_end = each.end - zero, each.sound_end - zero
        promised = None if each.promised is None else each.promised - each.beginning
        pieces.append(Piece(each.span, zero, begin, end, each.picture, each.sound, promised))
        begin = sound_end if sound_end > end + SOUND_ALONE else end
    return tuple(pieces), begin


def _check_alike(files: Sequence[Path]) -> None:
    """UserError unless the tracks of all parts are like those of the first."""
    with opened(Span(files[0])) as container:
        like = _formats(container)
    for file in files[1:]:
        with opened(Span(file)) as container:
            if not _formats(container).items() <= like.items():
                raise UserError(
                    f"{file}: its picture or sound is in another format than in the first part, so that they are not "
                    "one stream; convert it to that format, or make it a VOD of its own"
                )


def _formats(container: InputContainer) -> dict[int, tuple[object, ...]]:
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


def _first_frame(path: Path, container: InputContainer, video: VideoStream) -> VideoFrame:
    for packet in clock.demuxed(container, video):
        try:
            frames = video.codec_context.decode(packet)
        except av.error.InvalidDataError:
            continue
        for frame in frames:
            if frame.pts is not None or clock.is_unordered(container, video):
                return frame
    # Decoders keep the frames of a video that has only a few.
    for frame in video.codec_context.decode(None):
        if frame.pts is not None or clock.is_unordered(container, video):
            return frame
    raise UserError(f"{path}: no frame of it has a time; remove it or convert it to MP4")


def _steady_rate(video: VideoStream) -> Fraction:
    # The average rate is pulled down by every frame that is missing, the guessed one is not.
    for rate in (video.guessed_rate, video.average_rate):
        if rate and rate >= 10:
            return min(rate, Fraction(60)).limit_denominator(1001)
    return Fraction(30)
