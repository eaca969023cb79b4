"""Videos that tests make: what they show and sound like at each moment is known."""

import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np

RATE = 48_000


def ffmpeg(*arguments: object) -> None:
    """Run FFmpeg, for what cannot be made frame by frame."""
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", *map(str, arguments)], check=True)


def write(
    path: Path,
    times: list[float],
    picture: Callable[[float], np.ndarray],
    sound: Callable[[np.ndarray], np.ndarray] | None = None,
    duration: float = 0.0,
    codec: str = "libx264",
) -> None:
    """Write a video with a frame at each of the times (seconds).

    `picture` gives the frame at a time, uint8 of shape (height, width, 3); `sound`, where there is any, the samples
    at an array of times, -1 to 1, up to `duration`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        first = picture(times[0])
        video = container.add_stream(codec, rate=30)
        video.width, video.height, video.pix_fmt = first.shape[1], first.shape[0], "yuv420p"
        video.time_base = video.codec_context.time_base = Fraction(1, 12_800)
        video.codec_context.gop_size = 30
        video.codec_context.options = {"preset": "ultrafast", "crf": "10", "bf": "0"}
        audio = container.add_stream("aac", rate=RATE, layout="mono") if sound else None
        if audio:
            samples = sound(np.arange(round(duration * RATE)) / RATE).astype(np.float32)
            for start in range(0, len(samples), 1024):
                frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], "fltp", "mono")
                frame.rate, frame.pts = RATE, start
                container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
        for time in times:
            frame = av.VideoFrame.from_ndarray(picture(time), "rgb24")
            frame.pts, frame.time_base = round(time * 12_800), Fraction(1, 12_800)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))


def grey(level: float, width: int = 64, height: int = 48) -> np.ndarray:
    """A picture of one grey, 0 to 255."""
    return np.full((height, width, 3), round(level), np.uint8)


def flash_and_beep(path: Path, duration: float, fps: float = 30, with_sound: bool = True) -> None:
    """Every whole second, a tenth of a second of white and of a tone at 1 kHz."""

    def sound(times: np.ndarray) -> np.ndarray:
        return 0.5 * np.sin(2 * np.pi * 1000 * times) * (times % 1 < 0.1)

    times = [number / fps for number in range(round(duration * fps))]
    write(
        path, times, lambda time: grey(255 if (time + 1e-6) % 1 < 0.1 else 0), sound if with_sound else None, duration
    )


def luminance(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The time of each frame in seconds, and the mean of its lower half, 0 to 255 (an overlay is above)."""
    with av.open(str(path)) as container:
        frames = [(frame.time, frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    return np.array([time for time, _ in frames]), np.array([f[len(f) // 2 :].mean() for _, f in frames])


def samples(path: Path) -> np.ndarray:
    """The sound as float32, mixed to one channel at RATE."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(str(path)) as container:
        return np.concatenate(
            [part.to_ndarray()[0] for f in container.decode(audio=0) for part in resampler.resample(f)]
        )


def onsets(active: np.ndarray) -> np.ndarray:
    """Where a signal of yes and no turns to yes."""
    return np.flatnonzero(active & ~np.concatenate([[False], active[:-1]]))
