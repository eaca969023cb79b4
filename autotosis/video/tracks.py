"""The tracks of a file that are shown and heard: the same ones that FFmpeg and players choose."""

import re
from pathlib import Path

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from autotosis.project.errors import UserError

# Cover art and thumbnails.
COVER = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
# Codecs of single pictures. A track of these beside a film is its cover, whether or not it is marked as one, unless it
# has several pictures and lasts for more than a second.
STILLS = frozenset(["mjpeg", "png", "bmp", "gif", "webp", "tiff", "jpegls", "jpegxl", "jpeg2000", "ljpeg"])
# Tracks for some listeners only, or to be mixed with another track.
SPECIAL = Disposition.hearing_impaired | Disposition.visual_impaired | Disposition.comment | Disposition.dependent


def picture(path: Path, container: InputContainer) -> VideoStream:
    """Choose the picture track of a file; UserError if it has none that can be decoded."""
    films = pictures(container)
    if not films:
        raise UserError(f"{path}: has no picture; remove or replace it")
    film = max(films, key=_rank)
    if film.codec_context is None:
        raise UserError(f"{path}: its picture is in a format that FFmpeg does not know; convert it to H.264")
    return film


def pictures(container: InputContainer) -> list[VideoStream]:
    """List all picture tracks of a file, without covers and thumbnails."""
    tracks = [track for track in container.streams.video if not track.disposition & COVER]
    return [track for track in tracks if not _is_still(track)] or tracks


def sound(container: InputContainer, film: VideoStream) -> AudioStream | None:
    """Choose the sound track that belongs to the picture track of a file; None if none can be decoded."""
    heard = sounds(container)
    # A transport stream may have several programs. FFmpeg tells the picture that it would choose in the program of a
    # track. In other files, that is the same for all tracks.
    chosen = container.streams.best("video", related=film)
    own = [track for track in heard if container.streams.best("video", related=track) == chosen]
    return max(own or heard, key=_rank, default=None)


def sounds(container: InputContainer) -> list[AudioStream]:
    """List all sound tracks of a file that can be decoded, in order. Users count them from 1, as recorders do."""
    found = [track for track in container.streams.audio if track.codec_context is not None]
    # FFmpeg numbers the tracks of a program stream by their first packets, whose order differs between parts.
    return sorted(found, key=lambda track: track.id) if container.format.name == "mpeg" else found


def read_only(container: InputContainer, *wanted: Stream) -> None:
    """Make FFmpeg skip all other tracks. It does not even read them if the container allows that."""
    for track in container.streams:
        track.discard = Discard.default if track in wanted else Discard.all


def end_of(track: Stream) -> float:
    """Return when a track ends according to its container, seconds; 0 if that is unknown."""
    # Matroska has it as a tag.
    if tag := re.fullmatch(r"(\d{1,6}):(\d\d):(\d\d\.\d+)", track.metadata.get("DURATION", "")):
        return 3600 * int(tag[1]) + 60 * int(tag[2]) + float(tag[3])
    return float((track.duration or 0) * (track.time_base or 0))


def _is_still(track: VideoStream) -> bool:
    """Return whether a track is a cover rather than a film."""
    if track.codec_context is None or track.codec_context.name not in STILLS:
        return False
    # Matroska does not tell the number of pictures.
    return track.frames == 1 or end_of(track) <= 1


def _rank(track: VideoStream | AudioStream) -> tuple[bool, bool, int]:
    """Return a track's rank. As in FFmpeg: not SPECIAL, then default, then the largest; of equal ones, the first."""
    size = 0
    if isinstance(track, VideoStream) and track.codec_context is not None:
        size = track.codec_context.width * track.codec_context.height
    elif isinstance(track, AudioStream):
        size = track.codec_context.channels
    return not track.disposition & SPECIAL, bool(track.disposition & Disposition.default), size
