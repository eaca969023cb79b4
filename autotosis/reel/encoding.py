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
from autotosis.reel.overlay import OverlayStyle
from autotosis.reel.reel import ReelSegment, Vod
from autotosis.video.reading import ROUNDING

# Lossless and as fast as possible, for parts of crossfades, which are encoded again.
LOSSLESS = {"c:v": "libx264", "qp": 0, "preset": "ultrafast", "threads": 1}
# Uncompressed sound. It may be louder than integers can hold: several tracks or channels, or both sides of a crossfade.
PCM = "pcm_f32le"


@dataclass(frozen=True)
class EncodingJob:
    """A segment of a reel, to be encoded into a file.

    Attributes
    ----------
    segment : ReelSegment
        The segment. It lasts a whole number of the reel's frames, unless its picture is copied.
    style : OverlayStyle
        The style of the overlay.
    title : str or None
        The title over the beginning of the segment, if there is one.
    sound : bool
        Whether any VOD of the reel has sound. A VOD without sound then gets silence.
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
    style: OverlayStyle
    title: str | None
    sound: bool
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
    def end(self) -> float:
        """End of what is shown and heard, seconds in the VOD.

        The last frame may be shown for longer than the segment lasts, if the reel has a lower frame rate than the VOD.
        """
        return min(self.start + self.duration, self.segment.end)

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


def encode(job: EncodingJob) -> None:
    """Encode one segment, or only its sound if the picture is copied. Hardly anything outside the segment is decoded.

    Picture and sound are exactly as long as `duration`, so that joined segments stay in sync. Parts that crossfade with
    a neighbour are written losslessly into files of their own, for `crossfade`.

    Raises
    ------
    UserError
        If FFmpeg fails; the message has FFmpeg's reason.
    """
    if job.encoder == "copy" and not job.sound:
        # There is nothing to encode: the only sound of the reel is music.
        return
    folder = job.target.with_suffix("")
    # If a worker of a cluster dies, another one repeats what it has begun, or even finished.
    files.remove(folder)
    folder.mkdir()
    recording, rate = job.vod.recording, job.vod.frame.rate
    stretches = [
        (job.head, 0.0, job.before),
        (job.target, job.before, job.duration - job.after),
        (job.tail, job.duration - job.after, job.duration),
    ]
    stretches = [(target, start, end) for target, start, end in stretches if start < end]
    frames: Iterable[memoryview] = ()
    if job.encoder != "copy":
        # Decode here, because the ffmpeg program begins at another frame than players do and has other timestamps.
        size = (recording.width, recording.height)
        count = round(job.duration * rate)
        frames = source.constant_rate_frames(recording, job.start, job.segment.end, count, rate, size)
        pictures = _picture(source.picture_input(size, rate), job, folder).filter_multi_output("split", len(stretches))
    if job.sound:
        heard = _sound(job, folder) if recording.sound else audio_mix.silence(job.duration)
        sounds = heard.filter_multi_output("asplit", len(stretches))
    outputs = []
    for number, (target, start, end) in enumerate(stretches):
        streams, options = [], {}
        if job.encoder != "copy":
            first, last = round(start * rate), round(end * rate)
            picture = pictures[number].filter("trim", start_frame=first, end_frame=last)
            encoder = job.encoder if target == job.target else "libx264"
            streams.append(encoders.in_encoder_format(picture.filter("setpts", "PTS-STARTPTS"), encoder))
            options = encoders.options(encoder, job.render) if target == job.target else LOSSLESS
        if job.sound:
            first, last = round(start * audio_mix.RATE), round(end * audio_mix.RATE)
            sound = sounds[number].filter("atrim", start_sample=first, end_sample=last)
            streams.append(sound.filter("asetpts", "PTS-STARTPTS"))
            options = options | {"c:a": PCM}
        outputs.append(ffmpeg.output(*streams, str(target.resolve()), **options))
    ffmpeg_program.run(
        ffmpeg.merge_outputs(*outputs), f"{recording.path} from {job.start:.1f} s", folder, frames=frames
    )
    shutil.rmtree(folder)


def crossfade(pair: tuple[EncodingJob, EncodingJob]) -> None:
    """Encode the crossfade of two neighbours.

    Raises
    ------
    UserError
        If FFmpeg fails; the message has FFmpeg's reason.
    """
    job, following = pair
    sides = [ffmpeg.input(str(side.resolve()), threads=1) for side in (job.tail, following.head)]
    pictures = [side.video.filter("fps", str(job.vod.frame.rate)) for side in sides]
    blended = ffmpeg.filter(pictures, "xfade", transition="fade", duration=f"{job.after:.6f}", offset=0)
    streams, options = [encoders.in_encoder_format(blended, job.encoder)], encoders.options(job.encoder, job.render)
    if job.sound:
        length = round(job.after * audio_mix.RATE)
        streams.append(audio_mix.crossfade(sides[0].audio, sides[1].audio, length))
        options = options | {"c:a": PCM}
    output = ffmpeg.output(*streams, str(job.crossfade.resolve()), **options)
    ffmpeg_program.run(output, f"{job.vod.recording.path} at {job.start + job.duration:.1f} s", job.target.parent)


def _picture(stream: FilterableStream, job: EncodingJob, folder: Path) -> ffmpeg.nodes.Node:
    """Build the filters for the picture of a segment; the overlay and its font are written to `folder`."""
    stream = _arranged(stream.filter("setsar", 1), job)
    moments = job.moments.tolist() if job.render.overlay == "burn" else None
    if moments is not None or job.title:
        script = overlay.script(job.style, moments, job.start, job.duration, job.title, job.title_lasts)
        (folder / "overlay.ass").write_text(script, encoding="utf-8")
        # A folder for the font alone: libass reads every file in it, and the sound would take much memory.
        font = job.style.font.path
        (folder / "fonts").mkdir()
        (folder / "fonts" / f"font{font.suffix}").write_bytes(font.read_bytes())
        stream = stream.filter("ass", filename="overlay.ass", fontsdir="fonts")
    return stream


def _arranged(stream: FilterableStream, job: EncodingJob) -> FilterableStream:
    """Build the filters that lay out the picture of a segment, one arrangement after the other."""
    vod, rate, frames = job.vod, job.vod.frame.rate, round(job.duration * job.vod.frame.rate)
    arrangements = vod.arranged(job.start, job.end - 2 * ROUNDING)
    # The first frame after each change, as `source.constant_rate_frames` chooses frames.
    starts = (arrangement.start - job.start + 2 * ROUNDING for arrangement in arrangements[1:])
    changes = (math.ceil(start * rate - 0.5) for start in starts)
    ends = pairwise([0, *changes, frames])
    pairs = zip(arrangements, ends, strict=True)
    parts = [(arrangement, first, last) for arrangement, (first, last) in pairs if first < last]
    if len(parts) == 1:
        return _laid_out(stream, parts[0][0].panes, vod.frame)
    copies, laid_out = stream.filter_multi_output("split", len(parts)), []
    for number, (arrangement, first, last) in enumerate(parts):
        part = copies[number].filter("trim", start_frame=first, end_frame=last).filter("setpts", "PTS-STARTPTS")
        laid_out.append(_laid_out(part, arrangement.panes, vod.frame))
    return ffmpeg.filter(laid_out, "concat", n=len(parts), v=1, a=0)


def _laid_out(stream: FilterableStream, panes: Sequence[Pane], frame: FrameFormat) -> FilterableStream:
    """Build the filters that put parts of a VOD's picture into their places in the reel's frame."""
    copies = stream.filter_multi_output("split", len(panes))
    parts = []
    for number, pane in enumerate(panes):
        crop, target = pane.crop, pane.target
        part = copies[number].filter("crop", crop.width, crop.height, crop.x, crop.y)
        parts.append(part.filter("scale", target.width, target.height, flags=source.EXACT).filter("setsar", 1))
    if len(parts) > 1:
        return ffmpeg.filter(parts, "vstack", inputs=len(parts))
    target = panes[0].target
    if (target.width, target.height) == (frame.width, frame.height):
        return parts[0]
    return parts[0].filter("pad", frame.width, frame.height, target.x, target.y)


def _sound(job: EncodingJob, folder: Path) -> ffmpeg.nodes.Node:
    """Write the sound of a segment into `folder` and read it from there, because its format may change within a VOD."""
    sound, length = folder / "sound.pcm", round(job.duration * audio_mix.RATE)
    source.write_sound(job.vod.recording, job.start, job.end, sound)
    heard = round((job.end - job.start) * audio_mix.RATE)
    stream = audio_mix.fade(source.sound_input(sound.name), heard, beginning=not job.before, end=not job.after)
    return stream.filter("apad").filter("atrim", end_sample=length)
