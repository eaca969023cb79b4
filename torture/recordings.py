"""Recordings in many containers and codecs; each frame shows its number, and a beep marks every second."""

import os
import random
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests import videos

RATE, SOUND_RATE = 25, videos.RATE
HEIGHT, WIDTH, _ = videos.bars(0).shape
# Otherwise, the encoder of AV1 tells all that it does, whatever FFmpeg is told.
os.environ["SVT_LOG"] = "1"


@dataclass(frozen=True)
class Variant:
    """A variant of the recordings: its container, codecs, what the encoder is told, and what else is odd about it.

    `missing` is the share of frames that are left out, `late` how long after the sound the picture begins (seconds),
    `offset` the first timestamp (seconds).
    """

    container: str
    video: str
    audio: str = "aac"
    options: tuple[str, ...] = ()
    missing: float = 0.0
    late: float = 0.0
    offset: float = 0.0

    @property
    def name(self) -> str:
        """What it is called in the table, and in a file's name."""
        odd = [f"{key}={getattr(self, key):g}" for key in ("missing", "late", "offset") if getattr(self, key)]
        return " ".join([self.container, self.video, *self.options, *odd]).replace("/", "-")


# Encoders' options, by what they make.
NO_B_FRAMES = ("-bf", "0")
REORDERED = ("-bf", "3")
OPEN = ("-bf", "3", "-x264-params", "open-gop=1:keyint=40:min-keyint=40:scenecut=0")
OPEN_HEVC = ("-x265-params", "log-level=error:open-gop=1:bframes=4:keyint=40:min-keyint=40:scenecut=0")
CLOSED_HEVC = ("-x265-params", "log-level=error:open-gop=0:bframes=3:keyint=50")
VP9 = ("-deadline", "realtime", "-cpu-used", "8")
FRAGMENTS = ("-movflags", "frag_keyframe+empty_moov+default_base_moof")
AV1 = ("-preset", "12")
VARIANTS = (
    Variant("mp4", "libx264", options=NO_B_FRAMES),
    Variant("mp4", "libx264", options=REORDERED),
    Variant("mp4", "libx264", options=OPEN),
    Variant("mp4", "libx264", options=REORDERED, missing=0.4),
    Variant("mp4", "libx264", options=REORDERED, late=1.6),
    Variant("mp4", "libx265", options=CLOSED_HEVC),
    Variant("mp4", "libx265", options=OPEN_HEVC),
    Variant("mp4", "libsvtav1", options=AV1),
    Variant("mp4", "libvpx-vp9", options=VP9),
    Variant("mp4", "mpeg4", options=("-bf", "2")),
    Variant("mkv", "libx264", options=OPEN),
    Variant("mkv", "libx264", options=REORDERED, missing=0.4, offset=7.3),
    Variant("mkv", "libx264", options=REORDERED, late=1.6),
    Variant("mkv", "libx265", options=OPEN_HEVC, missing=0.2),
    Variant("mkv", "mpeg4", "mp2", ("-bf", "2")),
    Variant("ts", "libx264", options=NO_B_FRAMES),
    Variant("ts", "libx264", options=OPEN, offset=5),
    Variant("ts", "libx264", options=REORDERED, late=1.6),
    Variant("ts", "libx265", options=OPEN_HEVC),
    Variant("ts", "mpeg2video", "mp2", ("-bf", "2")),
    Variant("flv", "libx264", options=NO_B_FRAMES),
    Variant("flv", "libx264", options=REORDERED, late=1.6),
    Variant("flv", "libx264", options=NO_B_FRAMES, missing=0.3, offset=4),
    Variant("webm", "libvpx-vp9", "libopus", VP9),
    Variant("webm", "libvpx-vp9", "libopus", VP9, missing=0.3),
    Variant("webm", "libsvtav1", "libopus", AV1, late=1.6),
    Variant("avi", "mpeg4", "mp2", NO_B_FRAMES),
    Variant("avi", "mpeg4", "mp2", ("-bf", "2")),
    Variant("avi", "libx264", "mp2", NO_B_FRAMES),
    Variant("mov", "libx264", options=REORDERED, missing=0.2),
    Variant("mov", "libx265", options=CLOSED_HEVC, late=1.6),
    Variant("mp4", "libx264", options=(*REORDERED, *FRAGMENTS)),
    Variant("asf", "libx264", "wmav2", REORDERED),
    Variant("asf", "mpeg4", "wmav2", ("-bf", "2")),
    # With B-frames, FFmpeg reads no valid time for the first frame of NUT.
    Variant("nut", "libx264", options=("-bf", "0"), missing=0.3),
    Variant("ogv", "libtheora", "libvorbis", ("-q:v", "10")),
    Variant("mxf", "mpeg2video", "pcm_s16le", ("-bf", "2")),
    Variant("mpg", "mpeg2video", "mp2", ("-bf", "2")),
    Variant("mpg", "mpeg2video", "mp2", ("-bf", "0"), late=1.6),
)


def make(variant: Variant, path: Path, seconds: float, rng: random.Random) -> None:
    """Make a recording; frames are left out at random."""
    plain = path.with_name(f"{path.stem}.plain.mkv")
    with av.open(str(plain), "w") as container:
        video = container.add_stream("ffv1", rate=RATE)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.time_base = Fraction(1, 1000)
        audio = container.add_stream("pcm_s16le", rate=SOUND_RATE, layout="mono")
        samples = (videos.beeps(np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE) * 32767).astype(np.int16)
        for start in range(0, len(samples), 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], "s16", "mono")
            frame.rate, frame.pts, frame.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
            container.mux(audio.encode(frame))
        for number in range(round(variant.late * RATE), round(seconds * RATE)):
            if number > variant.late * RATE and rng.random() < variant.missing:
                continue
            frame = av.VideoFrame.from_ndarray(videos.bars(number), "rgb24")
            frame.pts, frame.time_base = round(number * 1000 / RATE), Fraction(1, 1000)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    codecs = ["-c:v", variant.video, "-g", "50", "-b:v", "2M", *variant.options, "-c:a", variant.audio]
    steady = ["-fps_mode", "passthrough" if variant.missing or variant.late else "cfr"]
    videos.ffmpeg("-i", plain, *codecs, *steady, "-pix_fmt", "yuv420p", "-output_ts_offset", variant.offset, path)
    plain.unlink()


def frames(path: Path) -> list[tuple[float, int]]:
    """When each frame is shown, seconds since what players show as zero, and its number: decoded from the beginning."""
    with av.open(str(path)) as container:
        zero = (container.start_time or 0) / av.time_base
        decoded = [
            (frame.time - zero, videos.number_of(frame.to_ndarray(format="gray")))
            for frame in container.decode(video=0)
            if frame.time is not None
        ]
    # They come out in the order of display, also in ASF, where their times do not.
    return list(zip(sorted(time for time, _ in decoded), (number for _, number in decoded), strict=True))
