"""Writing video with FFmpeg: cut, overlay, join. The only module that encodes."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ffmpeg
import imageio_ffmpeg
import numpy as np

from stages.lib import fonts, media, opening, overlay
from stages.lib.errors import UserError
from stages.lib.media import Probe
from stages.lib.params import Render

SOUND_RATE = 48_000
# AAC at this rate is transparent to most listeners in stereo (bits per second).
SOUND_BITS = 160_000
# In the order in which they are tried.
HARDWARE = ("h264_nvenc", "h264_videotoolbox", "h264_qsv", "h264_vaapi")
# Drivers let a chip encode only a few videos at once, and these few keep it busy.
AT_ONCE = 3


@dataclass(frozen=True)
class Cut:
    """A segment to encode.

    Attributes
    ----------
    source : Path
        The VOD.
    probe : Probe
        What `media.probe` says of it.
    begin, start, duration : float
        Where it is read from, so that its first frame and sound are decoded; where it starts; how long it is. Seconds
        in the VOD. It lasts a whole number of the reel's frames, unless its picture is copied.
    label : str
        What a highlight is called.
    moments : ndarray of float64, shape (moments, 2)
        Of each moment the time, seconds from the start, and the probability.
    render : Render
        How it is encoded.
    encoder : str
        What `choose_encoder` says.
    target : Path
        The file to write: MOV, with the picture as in the reel and the sound uncompressed.
    """

    source: Path
    probe: Probe
    begin: float
    start: float
    duration: float
    label: str
    moments: np.ndarray
    render: Render
    encoder: str
    target: Path


def choose_encoder(render: Render, probe: Probe) -> str:
    """The encoder that `render.encoder` means here; UserError if it does not work."""
    if render.encoder in ("libx264", "copy"):
        return render.encoder
    for encoder in HARDWARE if render.encoder == "auto" else (render.encoder,):
        try:
            _try(encoder, render, probe)
        except UserError as error:
            refusal = error
        else:
            return encoder
    if render.encoder == "auto":
        return "libx264"
    raise UserError(f"params.yaml: render.encoder is {refusal}; choose auto or libx264")


def _try(encoder: str, render: Render, probe: Probe) -> None:
    """Encode a few frames of the size of this video; UserError if that fails."""
    picture = f"testsrc2=size={probe.width}x{probe.height}:rate={probe.rate}"
    tested = _handed_over(ffmpeg.input(picture, f="lavfi").video, encoder)
    _run(ffmpeg.output(tested, "-", f="null", frames=5, **_encoding(encoder, render)), encoder, Path())


def encode(cut: Cut) -> None:
    """Encode one segment, or only its sound where the picture is copied; little more of the VOD than it is decoded.

    Picture and sound are made exactly as long as `duration` says, so that joined segments stay in sync.

    Raises
    ------
    UserError
        FFmpeg fails; its reason is in the sentence.
    """
    folder = cut.target.with_suffix("")
    folder.mkdir()
    lead = cut.start - cut.begin
    # A second more than needed: sources stutter. Where a stream changes its size or colours, FFmpeg would start its
    # filters anew and lose count of the frames: scaling copes without.
    reading = {"t": f"{lead + cut.duration + 1:.6f}", "threads": 1, "reinit_filter": 0}
    if cut.begin:
        reading["ss"] = f"{cut.begin:.6f}"
    with opening.as_input(cut.source) as (name, form):
        source = ffmpeg.input(name, **form, **reading)
        streams, options = [], {}
        if cut.encoder != "copy":
            streams.append(_picture(source.video, cut, lead, folder))
            options = _encoding(cut.encoder, cut.render)
        if cut.probe.sound:
            streams.append(_sound(source.audio, cut, lead))
            options |= {"c:a": "pcm_s16le"}
        _run(
            ffmpeg.output(*streams, str(cut.target.resolve()), **options),
            f"{cut.source} from {cut.start:.1f} s",
            folder,
        )
    shutil.rmtree(folder)


def _picture(stream: ffmpeg.nodes.FilterableStream, cut: Cut, lead: float, folder: Path) -> ffmpeg.nodes.Node:
    """The picture of a cut, read from `lead` seconds before it on; `folder` gets what is drawn over it."""
    stream = (
        stream.filter("scale", cut.probe.width, cut.probe.height)
        .filter("setsar", 1)
        .filter("fps", fps=str(cut.probe.rate), start_time=f"{lead:.6f}")
        .filter("setpts", "PTS-STARTPTS")
        # Sources end anywhere: the last frame is held.
        .filter("tpad", stop_mode="clone", stop_duration=cut.duration + 1)
        .filter("trim", end_frame=round(cut.duration * cut.probe.rate))
    )
    if cut.render.overlay == "burn":
        shape = cut.probe.width / cut.probe.height
        script = overlay.script(cut.label, cut.moments.tolist(), cut.duration, shape)
        (folder / "overlay.ass").write_text(script, encoding="utf-8")
        (folder / fonts.BOLD.name).write_bytes(fonts.BOLD.read_bytes())
        stream = stream.filter("ass", filename="overlay.ass", fontsdir=".")
    return _handed_over(stream, cut.encoder)


def _sound(stream: ffmpeg.nodes.FilterableStream, cut: Cut, lead: float) -> ffmpeg.nodes.Node:
    """The sound of a cut, read from `lead` seconds before it on."""
    first = round(lead * SOUND_RATE)
    return (
        stream.filter("aresample", SOUND_RATE, **{"async": 1, "min_hard_comp": media.OUT_OF_SYNC, "first_pts": 0})
        .filter("aformat", channel_layouts="stereo")
        .filter("apad")
        .filter("atrim", start_sample=first, end_sample=first + round(cut.duration * SOUND_RATE))
        .filter("asetpts", "PTS-STARTPTS")
    )


def _handed_over(stream: ffmpeg.nodes.FilterableStream, encoder: str) -> ffmpeg.nodes.Node:
    """A picture in the form, and the memory, that the encoder reads."""
    if encoder == "h264_vaapi":
        return stream.filter("format", "nv12").filter("hwupload")
    return stream.filter("format", "yuv420p")


def _encoding(encoder: str, render: Render) -> dict[str, object]:
    """FFmpeg's options for an encoder; all but Apple's count quality as x264 does, from 0 for the best to 51."""
    quality = {
        # One thread, since x264's output depends on their number.
        "libx264": {"crf": render.quality, "preset": render.preset, "threads": 1},
        "h264_nvenc": {"rc": "vbr", "cq": render.quality, "b:v": 0},
        "h264_videotoolbox": {"q:v": round(100 * (1 - render.quality / 51))},
        "h264_qsv": {"global_quality": render.quality},
        "h264_vaapi": {"qp": render.quality, "init_hw_device": "vaapi=chip", "filter_hw_device": "chip"},
    }
    return {"c:v": encoder, **quality[encoder]}


def join(parts: Sequence[Path], target: Path) -> None:
    """Join encoded segments into an MP4: the picture is copied, the sound encoded once, without seams."""
    listing = target.with_suffix(".txt")
    listing.write_text("".join(f"file {part.name}\n" for part in parts))
    source = ffmpeg.input(listing.name, format="concat")
    options = {"c:v": "copy", "c:a": "aac", "b:a": SOUND_BITS, "movflags": "+faststart", "fflags": "+bitexact"}
    _run(ffmpeg.output(source, target.name, **options), target.name, target.parent)
    listing.unlink()


def _run(command: ffmpeg.nodes.OutputStream, subject: str, folder: Path) -> None:
    arguments = command.global_args("-nostdin", "-loglevel", "error", "-y").compile(cmd=imageio_ffmpeg.get_ffmpeg_exe())
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, errors="replace")
    if done.returncode:
        said = done.stderr.strip().splitlines()
        reason = re.sub(r" @ 0x[0-9a-f]+", "", said[0]) if said else f"FFmpeg gave {done.returncode}"
        raise UserError(f"{subject}: could not be encoded: {reason}")
