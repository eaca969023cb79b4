"""Encoding the segments of a reel with FFmpeg: layout, overlay, sound and crossfades."""

import math
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import ffmpeg
import numpy as np
from ffmpeg.nodes import FilterableStream

from autotosis.project import files
from autotosis.project.params import Render
from autotosis.reel import audio_mix, encoders, ffmpeg_program, overlay, source
from autotosis.reel.layouts import FrameFormat, Pane
from autotosis.reel.overlay import Look
from autotosis.reel.reel import ReelSegment, Vod
from autotosis.video.recording import Recording

# Lossless and as fast as possible, for parts of crossfades, which are encoded again.
LOSSLESS = {"c:v": "libx264", "qp": 0, "preset": "ultrafast", "threads": 1}
# Uncompressed sound. Several tracks, or both sides of a crossfade, may together be louder than 16 bits can hold.
INTEGER, FLOAT = "pcm_s16le", "pcm_f32le"


@dataclass(frozen=True)
class Piece:
    """A segment of a reel, to be encoded into a file.

    Attributes
    ----------
    segment : ReelSegment
        The segment. It lasts a whole number of the reel's frames, unless its picture is copied.
    look : Look
        The look of the overlay.
    title : str or None
        The title over the beginning of the segment, if there is one.
    sound : str or None
        The codec of the pieces' sound, from `sound_codec`; None if no VOD has sound. A VOD without sound gets silence.
    moments : ndarray of float64, shape (moments, 2)
        The time of each moment, seconds from the start of the segment, and its probability, 0 to 1.
    render : Render
        The parameters of rendering.
    encoder : str
        The name of the encoder, from `choose_encoder`.
    target : Path
        The MOV file to write, with the picture as in the reel and uncompressed sound.
    before, after : float
        The length of the crossfades with the segments before and after it, seconds.
    title_lasts : float
        How long the title is shown, seconds. It may be longer than the segment.
    """

    segment: ReelSegment
    look: Look
    title: str | None
    sound: str | None
    moments: np.ndarray
    render: Render
    encoder: str
    target: Path
    before: float = 0.0
    after: float = 0.0
    title_lasts: float = overlay.TITLE_LASTS

    @property
    def vod(self) -> Vod:
        """The VOD that the segment belongs to."""
        return self.segment.vod

    @property
    def start(self) -> float:
        """Start of the segment, seconds in the VOD."""
        return self.segment.start

    @property
    def duration(self) -> float:
        """Length of the segment in the reel, seconds."""
        return self.segment.reel_end - self.segment.reel_start

    @property
    def head(self) -> Path:
        """The file of the part that crossfades with the segment before it."""
        return self.target.with_suffix(".head.mov")

    @property
    def tail(self) -> Path:
        """The file of the part that crossfades with the segment after it."""
        return self.target.with_suffix(".tail.mov")

    @property
    def crossfade(self) -> Path:
        """The file of the crossfade with the segment after it."""
        return self.target.with_suffix(".crossfade.mov")


def sound_codec(recordings: Iterable[Recording], transition: str) -> str | None:
    """Choose the codec for the sound of pieces of these recordings; None if none of them has sound."""
    tracks = max(len(piece.sounds) for recording in recordings for piece in recording.pieces)
    return None if not tracks else FLOAT if tracks > 1 or transition == "crossfade" else INTEGER


def encode(piece: Piece) -> None:
    """Encode one segment, or only its sound if the picture is copied. Hardly anything outside the segment is decoded.

    Picture and sound are exactly as long as `duration`, so that joined segments stay in sync. Parts that crossfade with
    a neighbour are written losslessly into files of their own, for `crossfade`.

    Raises
    ------
    UserError
        If FFmpeg fails; the message has FFmpeg's reason.
    """
    if piece.encoder == "copy" and not piece.sound:
        # There is nothing to encode: the only sound of the reel is music.
        return
    folder = piece.target.with_suffix("")
    # If a worker of a cluster dies, another one repeats what it has begun, or even finished.
    files.remove(folder)
    folder.mkdir()
    recording, rate = piece.vod.recording, piece.vod.frame.rate
    stretches = [
        (piece.head, 0.0, piece.before),
        (piece.target, piece.before, piece.duration - piece.after),
        (piece.tail, piece.duration - piece.after, piece.duration),
    ]
    stretches = [(target, start, end) for target, start, end in stretches if start < end]
    frames: Iterable[memoryview] = ()
    if piece.encoder != "copy":
        # Decode here, because the ffmpeg program begins at another frame than players do and has other timestamps.
        size = (recording.width, recording.height)
        count = round(piece.duration * rate)
        frames = source.constant_rate_frames(recording, piece.start, piece.segment.end, count, rate, size)
        seen = ffmpeg.input("pipe:0", f="rawvideo", pix_fmt="yuv420p", video_size=size, framerate=str(rate)).video
        pictures = _picture(seen, piece, folder).filter_multi_output("split", len(stretches))
    if piece.sound:
        heard = _sound(piece, folder) if recording.sound else audio_mix.silence(piece.duration)
        sounds = heard.filter_multi_output("asplit", len(stretches))
    outputs = []
    for number, (target, start, end) in enumerate(stretches):
        streams, options = [], {}
        if piece.encoder != "copy":
            first, last = round(start * rate), round(end * rate)
            picture = pictures[number].filter("trim", start_frame=first, end_frame=last)
            encoder = piece.encoder if target == piece.target else "libx264"
            streams.append(encoders.in_encoder_format(picture.filter("setpts", "PTS-STARTPTS"), encoder))
            options = encoders.options(encoder, piece.render) if target == piece.target else LOSSLESS
        if piece.sound:
            first, last = round(start * audio_mix.RATE), round(end * audio_mix.RATE)
            sound = sounds[number].filter("atrim", start_sample=first, end_sample=last)
            streams.append(sound.filter("asetpts", "PTS-STARTPTS"))
            options = options | {"c:a": piece.sound}
        outputs.append(ffmpeg.output(*streams, str(target.resolve()), **options))
    ffmpeg_program.run(
        ffmpeg.merge_outputs(*outputs), f"{recording.path} from {piece.start:.1f} s", folder, frames=frames
    )
    shutil.rmtree(folder)


def crossfade(pair: tuple[Piece, Piece]) -> None:
    """Encode the crossfade of two neighbours.

    Raises
    ------
    UserError
        If FFmpeg fails; the message has FFmpeg's reason.
    """
    one, other = pair
    sides = [ffmpeg.input(str(side.resolve()), threads=1) for side in (one.tail, other.head)]
    pictures = [side.video.filter("fps", str(one.vod.frame.rate)) for side in sides]
    blended = ffmpeg.filter(pictures, "xfade", transition="fade", duration=f"{one.after:.6f}", offset=0)
    streams, options = [encoders.in_encoder_format(blended, one.encoder)], encoders.options(one.encoder, one.render)
    if one.sound:
        length = round(one.after * audio_mix.RATE)
        streams.append(audio_mix.crossfaded(sides[0].audio, sides[1].audio, length))
        options = options | {"c:a": one.sound}
    output = ffmpeg.output(*streams, str(one.crossfade.resolve()), **options)
    ffmpeg_program.run(output, f"{one.vod.recording.path} at {one.start + one.duration:.1f} s", one.target.parent)


def _picture(stream: FilterableStream, piece: Piece, folder: Path) -> ffmpeg.nodes.Node:
    """Build the filters for the picture of a piece; the overlay and its font are written to `folder`."""
    stream = stream.filter("setparams", **encoders.COLOURS).filter("setsar", 1)
    stream = _arranged(stream, piece)
    moments = piece.moments.tolist() if piece.render.overlay == "burn" else None
    if moments is not None or piece.title:
        script = overlay.script(piece.look, moments, piece.start, piece.duration, piece.title, piece.title_lasts)
        (folder / "overlay.ass").write_text(script, encoding="utf-8")
        # A folder for the font alone: libass reads every file in it, and the sound would take much memory.
        font = piece.look.font.path
        (folder / "fonts").mkdir()
        (folder / "fonts" / f"font{font.suffix}").write_bytes(font.read_bytes())
        stream = stream.filter("ass", filename="overlay.ass", fontsdir="fonts")
    return stream


def _arranged(stream: FilterableStream, piece: Piece) -> FilterableStream:
    """Build the filters that lay out the picture of a piece, one arrangement after the other."""
    vod, rate, frames = piece.vod, piece.vod.frame.rate, round(piece.duration * piece.vod.frame.rate)
    shown = vod.arranged(piece.start, piece.start + piece.duration)
    # The first frame after each change, as `source.constant_rate_frames` chooses frames.
    edges = [0, *(math.ceil((each.start - piece.start) * rate - 0.5) for each in shown[1:]), frames]
    parts = [(each, *ends) for each, ends in zip(shown, pairwise(edges), strict=True) if ends[0] < ends[1]]
    if len(parts) == 1:
        return _laid_out(stream, parts[0][0].panes, vod.frame)
    copies, laid_out = stream.filter_multi_output("split", len(parts)), []
    for number, (each, first, last) in enumerate(parts):
        part = copies[number].filter("trim", start_frame=first, end_frame=last).filter("setpts", "PTS-STARTPTS")
        laid_out.append(_laid_out(part, each.panes, vod.frame))
    return ffmpeg.filter(laid_out, "concat", n=len(parts), v=1, a=0)


def _laid_out(stream: FilterableStream, panes: Sequence[Pane], frame: FrameFormat) -> FilterableStream:
    """Build the filters that put parts of a VOD's picture into their places in the reel's frame."""
    copies = stream.filter_multi_output("split", len(panes))
    shown = []
    for number, pane in enumerate(panes):
        seen = pane.seen
        part = copies[number].filter("crop", seen.width, seen.height, seen.x, seen.y)
        shown.append(part.filter("scale", pane.shown.width, pane.shown.height, flags=source.EXACT).filter("setsar", 1))
    if len(shown) > 1:
        return ffmpeg.filter(shown, "vstack", inputs=len(shown))
    place = panes[0].shown
    if (place.width, place.height) == (frame.width, frame.height):
        return shown[0]
    return shown[0].filter("pad", frame.width, frame.height, place.x, place.y)


def _sound(piece: Piece, folder: Path) -> ffmpeg.nodes.Node:
    """Write the sound of a piece into `folder` and read it from there, because its format may change within a VOD."""
    sound, length = folder / "sound.pcm", round(piece.duration * audio_mix.RATE)
    source.write_sound(piece.vod.recording, piece.start, piece.start + piece.duration, sound)
    stream = ffmpeg.input(sound.name, f="f32le", ar=audio_mix.RATE, ch_layout="stereo").audio
    stream = stream.filter("apad").filter("atrim", end_sample=length)
    return audio_mix.faded(stream, length, beginning=not piece.before, end=not piece.after)
