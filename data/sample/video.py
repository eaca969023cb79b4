"""Makes the files of one video: its pictures, drawn and encoded as they come, and its sound."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import ffmpeg
import numpy as np
from scipy.io import wavfile

from autotosis.reel import ffmpeg_program
from data.sample.acting import act
from data.sample.game import Game, Interlude
from data.sample.picture import Frame, even
from data.sample.room import choose_look
from data.sample.script import Script
from data.sample.sound import RATE, soundtrack
from data.sample.streamer import Camera

# Streaming services cut their streams at keyframes, every two seconds.
KEYFRAME_SECONDS = 2
BORDER = (235, 128, 128)
BT709 = "colorprim=bt709:transfer=bt709:colormatrix=bt709"
# The same bytes from the same script: one thread, and no version or time in the file.
SAME_BYTES = {"threads": 1, "fflags": "+bitexact", "flags:v": "+bitexact", "flags:a": "+bitexact"}


@dataclass(frozen=True)
class Job:
    """One file to make.

    `content` is "clip", "picture" (the frames from `first` up to `end`) or "sound"; `size` is the frame's
    width and height, `camera` its box in it, both in pixels.
    """

    content: str
    script: Script
    target: Path
    size: tuple[int, int]
    fps: int
    camera: tuple[int, int, int, int]
    first: int
    end: int


def camera_box(size: tuple[int, int], corner: str) -> tuple[int, int, int, int]:
    """Where the face camera is: a quarter as wide and a third as high as the frame, near a corner.

    Returns
    -------
    tuple of int
        Left, top, right and bottom in pixels, all even; right and bottom are the first beyond.
    """
    width, height = size
    # In fortieths and ninetieths, which are even pixels at 320x180, 640x360 and 1280x720.
    left, top = (1 / 40, 29 / 40)["right" in corner], (4 / 90, 56 / 90)["bottom" in corner]
    left, top = even(left * width), even(top * height)
    return left, top, left + even(width / 4), top + even(height / 3)


def make(job: Job) -> None:
    """Do one job."""
    if job.content == "picture":
        _encode(job, None)
        return
    sound = job.target.with_suffix(".wav")
    wavfile.write(sound, RATE, soundtrack(job.script))
    if job.content == "clip":
        _encode(job, sound)
    else:
        stream = ffmpeg.input(f"file:{sound}").audio
        command = ffmpeg.output(stream, f"file:{job.target}", **_audio(), **SAME_BYTES)
        ffmpeg_program.run(command, str(job.target), Path())


def join(pieces: list[Path], sound: Path, target: Path) -> None:
    """Put a video together from its sound and pieces of its picture, cut every few `KEYFRAME_SECONDS`."""
    # Its lines are relative to it.
    list_path = pieces[0].with_suffix(".txt")
    list_path.write_text("".join(f"file '{piece.name}'\n" for piece in pieces))
    picture = ffmpeg.input(f"file:{list_path}", format="concat").video
    streams = picture, ffmpeg.input(f"file:{sound}").audio
    command = ffmpeg.output(*streams, f"file:{target}", c="copy", movflags="+faststart", **SAME_BYTES)
    ffmpeg_program.run(command, str(target), Path())


def _audio() -> dict[str, str | int]:
    # The thorough coder would take a tenth of all the time.
    return {"acodec": "aac", "aac_coder": "fast", "audio_bitrate": "64k"}


def _encode(job: Job, sound: Path | None) -> None:
    width, height = job.size
    interval = KEYFRAME_SECONDS * job.fps
    picture = ffmpeg.input("pipe:", format="rawvideo", pix_fmt="yuv420p", video_size=job.size, framerate=job.fps)
    streams, options = [picture], {}
    if sound:
        streams.append(ffmpeg.input(f"file:{sound}").audio)
        options = _audio()
    command = ffmpeg.output(
        *streams,
        f"file:{job.target}",
        vcodec="libx264",
        preset="superfast",
        crf=33,
        g=interval,
        keyint_min=interval,
        sc_threshold=0,
        # B-frames and looking ahead cost more time than they save space here.
        bf=0,
        **{"x264-params": "rc-lookahead=0:mbtree=0:weightp=0:subme=0:" + BT709},
        **options,
        **SAME_BYTES,
    )
    ffmpeg_program.run(command, str(job.target), Path(), frames=(frame.data.data for frame in _frames(job)))


def _frames(job: Job) -> Iterator[Frame]:
    script, (width, height) = job.script, job.size
    game, interlude = Game(script, width, height), Interlude(width, height)
    left, top, right, bottom = job.camera
    camera = Camera(choose_look(script.seed, script.session), script.seed, right - left, bottom - top)
    # As cheap cameras do, this one takes about 15 pictures a second.
    hold = max(1, round(job.fps / 15))
    numbers = np.arange(job.first, job.end)
    poses = act(script, numbers // hold * hold / job.fps)
    frame = Frame(width, height)
    # The first of a piece's frames may fall between two of the camera's.
    taken = -1
    for number, pose in zip(numbers.tolist(), poses, strict=True):
        time = number / job.fps
        if any(event.start <= time < event.end for event in script.of_kind("away")):
            interlude.draw(frame, time)
            yield frame
            continue
        if taken != number // hold:
            taken = number // hold
            filmed = camera.film(pose, taken)
        game.draw(frame, time)
        for plane, colour, step in zip(frame.planes, BORDER, (1, 2, 2), strict=True):
            plane[(top - 2) // step : (bottom + 2) // step, (left - 2) // step : (right + 2) // step] = colour
        frame.paste(filmed, left, top)
        yield frame
