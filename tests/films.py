"""Films of `videos.numbered` in any container, and what a recording of them shows and sounds like."""

import numpy as np

from autotosis.video.display import on_display
from autotosis.video.reading import Track
from autotosis.video.sound import read_stereo
from tests import videos

FRAGMENTS = ("-movflags", "frag_keyframe+empty_moov+default_base_moof")


def film(path, seconds=6.0, *options, codec="libx264"):
    """Make a film of `videos.numbered` in any container."""
    source = path.parent / f"source{seconds}.mp4"
    if not source.exists():
        videos.numbered(source, seconds, "libx264")
    coded = ("-c:v", codec, "-g", 30, "-c:a", "aac") if codec else ("-c", "copy")
    videos.ffmpeg("-i", source, *coded, *options, path)
    return path


def number(frame) -> int:
    """Read the number that a frame of the size of `videos.bars` shows."""
    shown = frame.to_ndarray(format="gray")
    return sum(int(shown[32, 16 * bit + 8] > 128) << bit for bit in range(10))


def numbers_at(recording, times) -> list[int]:
    """Read the numbers of the frames that are on display at these times (seconds)."""
    with Track(recording, "picture") as track:
        return [number(next(on_display(recording, track.frames(time), [time]))) for time in times]


def beeps(recording) -> np.ndarray:
    """Measure when the beeps of a recording begin (seconds)."""
    heard = np.concatenate(list(read_stereo(recording, videos.RATE, recording.duration)))
    return videos.beginnings(np.abs(heard[:, 0]))
