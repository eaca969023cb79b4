"""Encoders of the picture: software, or the hardware that works here."""

from pathlib import Path

import ffmpeg
from ffmpeg.nodes import FilterableStream

from autotosis.project.errors import UserError
from autotosis.project.params import Render
from autotosis.reel import ffmpeg_program
from autotosis.reel.layouts import FrameFormat

# Hardware encoders, in the order in which they are tried.
HARDWARE = ("h264_nvenc", "h264_videotoolbox", "h264_qsv", "h264_vaapi")
# How many videos are encoded by hardware at once: drivers allow only a few, and this many keep the chip busy.
AT_ONCE = 3


def choose_encoder(render: Render, frame: FrameFormat) -> str:
    """Find the encoder for `render.encoder` and this frame format; UserError if it does not work on this machine."""
    if render.encoder in ("libx264", "copy"):
        return render.encoder
    for encoder in HARDWARE if render.encoder == "auto" else (render.encoder,):
        try:
            _try(encoder, render, frame)
            return encoder
        except UserError as error:
            refusal = error
    if render.encoder == "auto":
        return "libx264"
    reason = str(refusal).rpartition("could not be encoded: ")[2]
    raise UserError(
        f"params.yaml: render.encoder is {render.encoder}, which does not work here ({reason}); choose auto or libx264"
    )


def _try(encoder: str, render: Render, frame: FrameFormat) -> None:
    """Encode a few frames of this size; UserError if that fails."""
    picture = f"testsrc2=size={frame.width}x{frame.height}:rate={frame.rate}"
    tested = in_encoder_format(ffmpeg.input(picture, f="lavfi").video, encoder)
    ffmpeg_program.run(ffmpeg.output(tested, "-", f="null", frames=5, **options(encoder, render)), encoder, Path())


def in_encoder_format(stream: FilterableStream, encoder: str) -> ffmpeg.nodes.Node:
    """Convert a picture to the pixel format that the encoder reads, and upload it to the encoder's memory if needed."""
    if encoder == "h264_vaapi":
        return stream.filter("format", "nv12").filter("hwupload")
    return stream.filter("format", "yuv420p")


def options(encoder: str, render: Render) -> dict[str, object]:
    """Return FFmpeg's options for an encoder. All but Apple's have a quality scale of 0 to 51, like x264's."""
    quality: dict[str, dict[str, object]] = {
        # One thread, because x264's output depends on the number of threads.
        "libx264": {"crf": render.quality, "preset": render.preset, "threads": 1},
        "h264_nvenc": {"rc": "vbr", "cq": render.quality, "b:v": 0},
        "h264_videotoolbox": {"q:v": round(100 * (1 - render.quality / 51))},
        "h264_qsv": {"global_quality": render.quality},
        "h264_vaapi": {"qp": render.quality, "init_hw_device": "vaapi=chip", "filter_hw_device": "chip"},
    }
    return {"c:v": encoder, **quality[encoder]}
