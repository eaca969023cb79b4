"""Writing video with FFmpeg: cut, overlay, join. The only module that encodes."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import ffmpeg
import imageio_ffmpeg

from stages.lib import overlay
from stages.lib.errors import UserError
from stages.lib.media import Probe

SOUND_RATE = 48_000
# AAC at this rate is transparent to most listeners in stereo (bits per second).
SOUND_BITS = 160_000


@dataclass(frozen=True)
class Cut:
    """A segment to encode.

    Attributes
    ----------
    source : Path
        The VOD.
    probe : Probe
        What `media.probe` says of it.
    start : float
        Seconds in the VOD.
    frames : int
        How many frames of the reel it lasts.
    script : str
        The subtitle script to burn in.
    quality : int
        x264's constant rate factor.
    preset : str
        x264's preset.
    target : Path
        The file to write: MOV, with the picture as in the reel and the sound uncompressed.
    """

    source: Path
    probe: Probe
    start: float
    frames: int
    script: str
    quality: int
    preset: str
    target: Path


def frame_rate(probe: Probe) -> Fraction:
    """The constant frame rate of a reel of this source: its average, at most 60, in a form that encoders take."""
    return min(probe.rate, Fraction(60)).limit_denominator(1001)


def encode(cut: Cut) -> None:
    """Encode one segment; only it and what lies between it and the keyframe before is decoded.

    Picture and sound are made exactly as long as `frames` says, so that joined segments stay in sync. One thread,
    since x264's output depends on their number.
    """
    rate = frame_rate(cut.probe)
    duration = float(cut.frames / rate)
    folder = cut.target.with_suffix("")
    folder.mkdir()
    (folder / "overlay.ass").write_text(cut.script, encoding="utf-8")
    shutil.copy(overlay.FONT, folder)
    # A second more than needed is read and the last frame held: sources end and stutter anywhere. Where a stream
    # changes its size or colours, FFmpeg would start its filters anew and lose count: scaling copes without.
    reading = {"ss": f"{cut.start:.6f}", "t": f"{duration + 1:.6f}", "threads": 1, "reinit_filter": 0}
    source = ffmpeg.input(str(cut.source.resolve()), **reading)
    width, height = cut.probe.width // 2 * 2, cut.probe.height // 2 * 2
    picture = (
        source.video.filter("scale", width, height)
        .filter("setsar", 1)
        .filter("fps", fps=str(rate), start_time=0)
        .filter("tpad", stop_mode="clone", stop_duration=duration + 1)
        .filter("trim", end_frame=cut.frames)
        .filter("ass", filename="overlay.ass", fontsdir=".")
        .filter("format", "yuv420p")
    )
    streams = [picture]
    if cut.probe.sound:
        streams.append(
            source.audio.filter("aresample", SOUND_RATE, **{"async": 1, "first_pts": 0})
            .filter("aformat", channel_layouts="stereo")
            .filter("apad")
            .filter("atrim", end_sample=round(duration * SOUND_RATE))
        )
    options = {"c:v": "libx264", "crf": cut.quality, "preset": cut.preset, "threads": 1, "c:a": "pcm_s16le"}
    _run(ffmpeg.output(*streams, str(cut.target.resolve()), **options), folder, cut.target)
    shutil.rmtree(folder)


def join(parts: Sequence[Path], target: Path) -> None:
    """Join encoded segments into an MP4: the picture is copied, the sound encoded once, without seams."""
    listing = target.with_suffix(".txt")
    listing.write_text("".join(f"file {part.name}\n" for part in parts))
    source = ffmpeg.input(listing.name, format="concat")
    options = {
        "c:v": "copy",
        "c:a": "aac",
        "b:a": SOUND_BITS,
        "movflags": "+faststart",
        "fflags": "+bitexact",
    }
    _run(ffmpeg.output(source, target.name, **options), target.parent, target)
    listing.unlink()


def _run(command: ffmpeg.nodes.OutputStream, folder: Path, target: Path) -> None:
    arguments = command.global_args("-nostdin", "-loglevel", "error", "-y").compile(cmd=imageio_ffmpeg.get_ffmpeg_exe())
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, errors="replace")
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"FFmpeg ended with {done.returncode}"
        raise UserError(f"{target.name} could not be written: {reason}")
