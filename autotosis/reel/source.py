"""Reading the picture and the sound of a VOD for an encoder."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import ffmpeg
import numpy as np
from ffmpeg.nodes import FilterableStream

from autotosis.annotations.facecams import Box
from autotosis.reel import audio_mix
from autotosis.video.display import on_display
from autotosis.video.picture import FrameConverter, deinterlaced
from autotosis.video.reading import ROUNDING, Track
from autotosis.video.recording import Recording
from autotosis.video.sound import read_stereo

# The colours and levels of the frames from `constant_rate_frames`, and so of everything that is encoded.
COLOURS = {"color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709", "range": "tv"}
# FFmpeg's flags for scaling that give the same result on all machines.
EXACT = "bicubic+accurate_rnd+bitexact"


def constant_rate_frames(
    recording: Recording,
    start: float,
    end: float,
    frames: int,
    rate: Fraction,
    size: tuple[int, int],
    scaler: str = EXACT,
) -> Iterator[memoryview]:
    """Read the picture at a constant frame rate. Each frame is the nearest one in time.

    Parameters
    ----------
    recording : Recording
        The VOD.
    start, end : float
        The time of the first frame, and a time from which on no frame is shown, seconds.
    frames : int
        The number of frames. After the end, or that of the picture, the last frame is repeated.
    rate : Fraction
        Frames per second, Hz.
    size : (int, int)
        Width and height to scale to, pixels.
    scaler : str
        FFmpeg's flags for scaling.

    Yields
    ------
    memoryview
        A frame, upright, in yuv420p with the colours of BT.709 in limited range.
    """
    converter = FrameConverter(Box(), *size, "yuv420p", scaler)
    # If two frames are equally near, take the earlier one.
    times = [min(start + (number + 0.5) / float(rate), end) - 2 * ROUNDING for number in range(frames)]
    with Track(recording, "picture") as track:
        displayed = on_display(recording, deinterlaced(track.frames(start)), times)
        for pixels in converter.convert(displayed):
            yield np.ascontiguousarray(pixels).data


def picture_input(size: tuple[int, int], rate: Fraction) -> FilterableStream:
    """Have FFmpeg read the frames of `constant_rate_frames` from its standard input."""
    frames = ffmpeg.input("pipe:0", f="rawvideo", pix_fmt="yuv420p", video_size=size, framerate=str(rate)).video
    return frames.filter("setparams", **COLOURS)


def write_sound(recording: Recording, start: float, end: float, target: Path) -> None:
    """Write the sound between two times (seconds) into a file: 32-bit floats, in two channels at audio_mix.RATE."""
    with target.open("wb") as file:
        for block in read_stereo(recording, audio_mix.RATE, end, start):
            file.write(block.astype("<f4").tobytes())


def sound_input(file: str) -> FilterableStream:
    """Have FFmpeg read a file of `write_sound`."""
    return ffmpeg.input(file, f="f32le", ar=audio_mix.RATE, ch_layout="stereo").audio
