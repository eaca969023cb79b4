"""The videos of the project, which are the only ones that the page may ask for, and how a browser plays them."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from autotosis.project.errors import UserError
from autotosis.project.params import Params
from autotosis.video import parts, recording, tracks
from autotosis.video.opening import opened
from autotosis.video.recording import Recording

# What all browsers play from an MP4 or a WebM file (https://developer.mozilla.org/docs/Web/Media/Guides/Formats).
CONTAINERS = {".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/mp4", ".webm": "video/webm"}
PICTURES = {"video/mp4": ("h264",), "video/webm": ("vp8", "vp9", "av1")}
SOUNDS = {"video/mp4": ("aac", "mp3"), "video/webm": ("opus", "vorbis")}
PIXELS = ("yuv420p", "yuvj420p")
# More than this is too much for the decoders of some browsers, above all at four times the speed (bits per second).
BIT_RATE = 25_000_000
# How far a file's clock may differ from the recording's (seconds).
CLOCK = 0.02


@dataclass(frozen=True)
class Video:
    """A clip or a VOD.

    Attributes
    ----------
    name : str
        Its name inside the streamer's folder, such as `clips/a.mp4`.
    path : Path
        Its file, or the folder of its parts.
    state : tuple of tuple
        The name, the size in bytes and the time of change in nanoseconds of each of its files.
    judged, heard : tuple of int
        The sound tracks that are judged and heard, as `recording.probe` takes them.
    """

    name: str
    path: Path
    state: tuple[tuple[str, int, int], ...]
    judged: tuple[int, ...]
    heard: tuple[int, ...]


def clips(settings: Params) -> list[str]:
    """List the clips, such as `clips/a.mp4`, in the order of their names; UserError if a name cannot be used."""
    folder = settings.folder / "clips"
    paths = sorted(path for path in folder.glob("[!.]*") if path.is_file()) if folder.is_dir() else []
    videos = [path for path in paths if parts.is_video(path)]
    for path in videos:
        parts.check_name(path)
    return [f"clips/{path.name}" for path in videos]


def find(settings: Params, name: str) -> Video:
    """Find a clip or VOD by its name; UserError if params.yaml and clips/ have none of this name."""
    if name not in settings.vods.values() and name not in clips(settings):
        raise UserError(f"{name}: neither a clip nor a VOD of params.yaml")
    path, sounds = settings.folder / name, settings.tracks_of(name)
    state = tuple(_state(part) for part in parts.video_files(path))
    return Video(name, path, state, tuple(sounds.judged), tuple(sounds.heard))


def probe(video: Video) -> Recording:
    """Probe a video, with the audio tracks that the reel uses."""
    return _probe(video, video.heard)


def judged(video: Video) -> Recording:
    """Probe a video, with the audio tracks that the model uses."""
    return _probe(video, video.judged)


@lru_cache(64)
def media_type(video: Video) -> str | None:
    """Return the media type of a video that a browser can play as it is; None if it needs a proxy."""
    pieces = probe(video).pieces
    piece, kind = pieces[0], CONTAINERS.get(pieces[0].span.path.suffix.lower())
    if kind is None or len(pieces) > 1 or abs(piece.timestamp_at_zero) > CLOCK or piece.declared_duration:
        return None
    with opened(piece.span) as container:
        picture = container.streams.video[0]
        sounds = tracks.sounds(container)
        fits = (
            piece.span.is_whole
            and len(container.streams.video) == 1
            and len(sounds) <= 1
            and picture.codec_context.codec.canonical_name in PICTURES[kind]
            and picture.codec_context.pix_fmt in PIXELS
            and all(track.codec_context.codec.canonical_name in SOUNDS[kind] for track in sounds)
            and container.duration is not None
            and container.bit_rate <= BIT_RATE
        )
    return kind if fits else None


@lru_cache(64)
def _probe(video: Video, sounds: tuple[int, ...]) -> Recording:
    """Probe a video; cached, because all packets of some files are read."""
    return recording.probe(video.path, sounds)


def _state(path: Path) -> tuple[str, int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        raise UserError(f"{path}: no such video") from None
    return path.name, status.st_size, status.st_mtime_ns
