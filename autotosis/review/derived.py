"""What is made of a video for the page: short proxies that every browser plays, frames, and how loud it is."""

import io
from fractions import Fraction
from functools import partial
from pathlib import Path

import ffmpeg
import numpy as np
from PIL import Image

from autotosis.project.errors import UserError
from autotosis.reel import audio_mix, ffmpeg_program, source
from autotosis.review import cache, videos
from autotosis.review.videos import Video
from autotosis.video import display
from autotosis.video.recording import Recording
from autotosis.video.sound import read_stereo

# Length of a proxy (seconds): short, because one waits for it.
PROXY_SECONDS = 4
# The most that a proxy shows: pixels of its height, and frames per second.
PROXY_HEIGHT, PROXY_RATE = 360, 30
# Length of a stretch whose loudness is computed at once (seconds), values per second, and Hz of the sound for it.
LOUDNESS_SECONDS, LOUDNESS_RATE, SAMPLE_RATE = 60, 10, 8000
# The quietest and the loudest level that is told apart (dB relative to full scale).
QUIETEST, LOUDEST = -45.0, -3.0


def proxy(video: Video, number: int) -> Path:
    """Return a stretch of a video as H.264 and AAC in a fragmented MP4 file, which begins at time zero.

    Its sound is that of the tracks that are heard. Stretch n begins at n * PROXY_SECONDS seconds of the video.
    """
    return cache.get(video, "proxy", number, ".mp4", partial(_encode, videos.probe(video), number))


def loudness(video: Video, number: int) -> Path:
    """Return how loud what is judged is: a byte per 1 / LOUDNESS_RATE seconds, from QUIETEST to LOUDEST.

    Stretch n begins at n * LOUDNESS_SECONDS seconds of the video.
    """
    return cache.get(video, "loudness", number, ".u8", partial(_listen, videos.judged(video), number))


def frame(video: Video, time: float, width: int) -> bytes:
    """Return the frame that is on display at a time (seconds) as a JPEG of this width (pixels)."""
    what = videos.probe(video)
    time = min(max(time, what.start), max(what.start, what.duration - 0.1))
    ((pixels,),) = display.pictures(what, [[time]], width, what.height_at(width))
    picture = io.BytesIO()
    Image.fromarray(pixels).save(picture, "JPEG", quality=85)
    return picture.getvalue()


def _encode(what: Recording, number: int, target: Path) -> None:
    start = number * PROXY_SECONDS
    if start >= what.duration:
        raise UserError(f"{what.path}: ends at {what.duration:.1f} s, before stretch {number} begins; reload the page")
    seconds = min(PROXY_SECONDS, what.duration - start)
    rate = min(what.rate, Fraction(PROXY_RATE))
    height = min(PROXY_HEIGHT, what.height) // 2 * 2
    width = round(height * what.width / what.height / 2) * 2
    frames = source.constant_rate_frames(
        what, start, start + seconds, max(1, round(seconds * rate)), rate, (width, height), "bilinear"
    )
    sound_file = target.with_suffix(".pcm")
    if what.sound:
        source.write_sound(what, start, start + seconds, sound_file)
        sound = source.sound_input(str(sound_file.resolve()))
    else:
        sound = audio_mix.silence(seconds)
    output = ffmpeg.output(
        source.picture_input((width, height), rate),
        sound,
        str(target.resolve()),
        **{"c:v": "libx264", "c:a": "aac", "b:a": "96k", "profile:v": "main", "level:v": "3.1"},
        preset="ultrafast",
        bf=0,
        crf=27,
        movflags="frag_keyframe+empty_moov+default_base_moof+delay_moov",
    )
    try:
        ffmpeg_program.run(output, f"{what.path} from {start} s", Path("."), frames=frames)
    finally:
        sound_file.unlink(missing_ok=True)


def _listen(what: Recording, number: int, target: Path) -> None:
    start = number * LOUDNESS_SECONDS
    seconds = max(0.0, min(LOUDNESS_SECONDS, what.duration - start))
    step, values = SAMPLE_RATE // LOUDNESS_RATE, round(seconds * LOUDNESS_RATE)
    level = np.full(values, QUIETEST)
    if what.sound and values:
        sound = np.concatenate(list(read_stereo(what, SAMPLE_RATE, start + values / LOUDNESS_RATE, start)))
        power = (sound[: values * step] ** 2).reshape(values, -1).mean(axis=1)
        level = 10 * np.log10(power + 1e-12)
    share = np.clip((level - QUIETEST) / (LOUDEST - QUIETEST), 0, 1)
    target.write_bytes((share * 255).round().astype(np.uint8).tobytes())
