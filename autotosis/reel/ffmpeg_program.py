"""Running FFmpeg's program."""

import re
from collections.abc import Iterable
from pathlib import Path

import ffmpeg
import imageio_ffmpeg

from autotosis.project import programs
from autotosis.project.errors import UserError


def run(
    command: ffmpeg.nodes.OutputStream,
    subject: str,
    folder: Path,
    log_level: str = "error",
    frames: Iterable[memoryview] = (),
) -> str:
    """Run FFmpeg, and return what it prints.

    Parameters
    ----------
    command : ffmpeg.nodes.OutputStream
        The command.
    subject : str
        What is being encoded, for error messages.
    folder : Path
        The working folder of FFmpeg.
    log_level : str
        FFmpeg's log level.
    frames : iterable of memoryview
        Frames to write to FFmpeg's standard input.
    """
    always = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", log_level, "-y")
    arguments = command.global_args(*always).compile(cmd=imageio_ffmpeg.get_ffmpeg_exe())
    code, text = programs.run(arguments, folder, frames)
    if code:
        lines = text.strip().splitlines()
        reason = re.sub(r" @ 0x[0-9a-f]+", "", lines[0]) if lines else f"FFmpeg gave {code}"
        raise UserError(f"{subject}: could not be encoded: {reason}")
    return text
