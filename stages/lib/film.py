"""Writing video with FFmpeg: cut, overlay, join. The only module that encodes."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ffmpeg
import imageio_ffmpeg

from stages.lib import fonts
from stages.lib.errors import UserError
from stages.lib.media import Probe
from stages.lib.params import Render

SOUND_RATE = 48_000
# AAC at this rate is transparent to most listeners in stereo (bits per second).
SOUND_BITS = 160_000
# Reading begins this much before a cut (seconds). Seeking in some containers lands behind the keyframe, whose picture
# would then be missing; and the frame on display at the cut may be from before it. Recorders put a keyframe every two
# seconds, or at the most every ten.
LEAD = 10.0


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
    render : Render
        Its quality and preset count.
    target : Path
        The file to write: MOV, with the picture as in the reel and the sound uncompressed.
    """

    source: Path
    probe: Probe
    start: float
    frames: int
    script: str
    render: Render
    target: Path


def encode(cut: Cut) -> None:
    """Encode one segment; what lies more than LEAD and a keyframe's distance before it is not decoded.

    Picture and sound are made exactly as long as `frames` says, so that joined segments stay in sync. One thread,
    since x264's output depends on their number.

    Raises
    ------
    UserError
        FFmpeg fails; its reason is in the sentence.
    """
    rate = cut.probe.rate
    duration = float(cut.frames / rate)
    lead = min(cut.start, LEAD)
    folder = cut.target.with_suffix("")
    folder.mkdir()
    (folder / "overlay.ass").write_text(cut.script, encoding="utf-8")
    (folder / fonts.BOLD.name).write_bytes(fonts.BOLD.read_bytes())
    # A second more than needed is read and the last frame held: sources end and stutter anywhere.
    reading = {"ss": f"{cut.start - lead:.6f}", "t": f"{lead + duration + 1:.6f}", "threads": 1}
    path = str(cut.source.resolve())
    streams = [
        # Where a stream changes its size or colours, FFmpeg would start its filters anew and lose count of the
        # frames: scaling copes without.
        ffmpeg.input(path, **reading, reinit_filter=0)
        .video.filter("scale", cut.probe.width, cut.probe.height)
        .filter("setsar", 1)
        .filter("fps", fps=str(rate), start_time=f"{lead:.6f}")
        .filter("setpts", "PTS-STARTPTS")
        .filter("tpad", stop_mode="clone", stop_duration=duration + 1)
        .filter("trim", end_frame=cut.frames)
        .filter("ass", filename="overlay.ass", fontsdir=".")
        .filter("format", "yuv420p")
    ]
    if cut.probe.sound:
        first = round(lead * SOUND_RATE)
        streams.append(
            ffmpeg.input(path, **reading)
            .audio.filter("aresample", SOUND_RATE, **{"async": 1, "first_pts": 0})
            .filter("aformat", channel_layouts="stereo")
            .filter("apad")
            .filter("atrim", start_sample=first, end_sample=first + round(duration * SOUND_RATE))
            .filter("asetpts", "PTS-STARTPTS")
        )
    options = {"c:v": "libx264", "crf": cut.render.quality, "preset": cut.render.preset, "threads": 1}
    command = ffmpeg.output(*streams, str(cut.target.resolve()), **options, **{"c:a": "pcm_s16le"})
    _run(command, folder, f"{cut.source} from {cut.start:.1f} s")
    shutil.rmtree(folder)


def join(parts: Sequence[Path], target: Path) -> None:
    """Join encoded segments into an MP4: the picture is copied, the sound encoded once, without seams."""
    listing = target.with_suffix(".txt")
    listing.write_text("".join(f"file {part.name}\n" for part in parts))
    source = ffmpeg.input(listing.name, format="concat")
    options = {"c:v": "copy", "c:a": "aac", "b:a": SOUND_BITS, "movflags": "+faststart", "fflags": "+bitexact"}
    _run(ffmpeg.output(source, target.name, **options), target.parent, target.name)
    listing.unlink()


def _run(command: ffmpeg.nodes.OutputStream, folder: Path, subject: str) -> None:
    arguments = command.global_args("-nostdin", "-loglevel", "error", "-y").compile(cmd=imageio_ffmpeg.get_ffmpeg_exe())
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, errors="replace")
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise UserError(f"{subject}: could not be encoded: {said[0] if said else f'FFmpeg gave {done.returncode}'}")
