"""Writing video with FFmpeg: cutting, overlay, joining. No other module encodes."""

import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import ffmpeg
import imageio_ffmpeg
import numpy as np
from ffmpeg.nodes import FilterableStream

from autotosis.project import programs
from autotosis.project.errors import UserError
from autotosis.project.params import Audio, Render
from autotosis.reel import audio_mix, overlay, source
from autotosis.reel.audio_mix import Level, Music
from autotosis.reel.layouts import FrameFormat, Pane
from autotosis.reel.overlay import Look
from autotosis.reel.reel import ReelSegment, Vod
from autotosis.video.sound import read_stereo

# AAC at this rate is transparent to most listeners in stereo (bits per second).
SOUND_BITS = 160_000
# Lossless and as fast as possible, for parts of crossfades, which are encoded again.
LOSSLESS = {"c:v": "libx264", "qp": 0, "preset": "ultrafast", "threads": 1}
SOUND = {"c:a": "pcm_s16le"}
# Hardware encoders, in the order in which they are tried.
HARDWARE = ("h264_nvenc", "h264_videotoolbox", "h264_qsv", "h264_vaapi")
# The colours and levels of the frames from `source.film`, and so of everything that is encoded.
COLOURS = {"color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709", "range": "tv"}
# Options of the scaler that give the same result on all machines.
EXACT = {"flags": "bicubic+accurate_rnd+bitexact"}
# How many videos are encoded by hardware at once: drivers allow only a few, and these keep the chip busy.
AT_ONCE = 3


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
    sound : bool
        Whether the reel has sound. If this VOD has none, the piece gets silence.
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
    """

    segment: ReelSegment
    look: Look
    title: str | None
    sound: bool
    moments: np.ndarray
    render: Render
    encoder: str
    target: Path
    before: float = 0.0
    after: float = 0.0

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


def choose_encoder(render: Render, frame: FrameFormat) -> str:
    """Find the encoder for `render.encoder` and this frame format; UserError if it does not work on this machine."""
    if render.encoder in ("libx264", "copy"):
        return render.encoder
    for encoder in HARDWARE if render.encoder == "auto" else (render.encoder,):
        try:
            _try(encoder, render, frame)
        except UserError as error:
            refusal = error
        else:
            return encoder
    if render.encoder == "auto":
        return "libx264"
    raise UserError(f"params.yaml: render.encoder is {refusal}; choose auto or libx264")


def _try(encoder: str, render: Render, frame: FrameFormat) -> None:
    """Encode a few frames of this size; UserError if that fails."""
    picture = f"testsrc2=size={frame.width}x{frame.height}:rate={frame.rate}"
    tested = _handed_over(ffmpeg.input(picture, f="lavfi").video, encoder)
    _run(ffmpeg.output(tested, "-", f="null", frames=5, **_encoding(encoder, render)), encoder, Path())


def encode(piece: Piece) -> None:
    """Encode one segment, or only its sound if the picture is copied. Hardly more of the VOD is decoded.

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
    folder.mkdir()
    recording, rate = piece.vod.recording, piece.vod.frame.rate
    stretches = [
        (piece.head, 0.0, piece.before),
        (piece.target, piece.before, piece.duration - piece.after),
        (piece.tail, piece.duration - piece.after, piece.duration),
    ]
    stretches = [(target, start, end) for target, start, end in stretches if start < end]
    film: Iterable[memoryview] = ()
    if piece.encoder != "copy":
        # Decode here, because the ffmpeg program begins at another frame than players do and has other timestamps.
        film = source.film(recording, piece.start, round(piece.duration * rate), rate)
        size = (recording.width, recording.height)
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
            streams.append(_handed_over(picture.filter("setpts", "PTS-STARTPTS"), encoder))
            options = _encoding(encoder, piece.render) if target == piece.target else LOSSLESS
        if piece.sound:
            first, last = round(start * audio_mix.RATE), round(end * audio_mix.RATE)
            sound = sounds[number].filter("atrim", start_sample=first, end_sample=last)
            streams.append(sound.filter("asetpts", "PTS-STARTPTS"))
            options = options | SOUND
        outputs.append(ffmpeg.output(*streams, str(target.resolve()), **options))
    _run(ffmpeg.merge_outputs(*outputs), f"{recording.path} from {piece.start:.1f} s", folder, film=film)
    shutil.rmtree(folder)


def crossfade(pair: tuple[Piece, Piece]) -> None:
    """Encode the crossfade of two neighbours, and remove the files that it is made from.

    Raises
    ------
    UserError
        If FFmpeg fails; the message has FFmpeg's reason.
    """
    one, other = pair
    sides = [ffmpeg.input(str(side.resolve()), threads=1) for side in (one.tail, other.head)]
    pictures = [side.video.filter("fps", str(one.vod.frame.rate)) for side in sides]
    blended = ffmpeg.filter(pictures, "xfade", transition="fade", duration=f"{one.after:.6f}", offset=0)
    streams, options = [_handed_over(blended, one.encoder)], _encoding(one.encoder, one.render)
    if one.sound:
        length = round(one.after * audio_mix.RATE)
        streams.append(audio_mix.crossfaded(sides[0].audio, sides[1].audio, length))
        options = options | SOUND
    output = ffmpeg.output(*streams, str(one.crossfade.resolve()), **options)
    _run(output, f"{one.vod.recording.path} at {one.start + one.duration:.1f} s", one.target.parent)
    one.tail.unlink()
    other.head.unlink()


def _picture(stream: FilterableStream, piece: Piece, folder: Path) -> ffmpeg.nodes.Node:
    """Build the filters for the picture of a piece; the overlay and its font are written to `folder`."""
    stream = stream.filter("setparams", **COLOURS).filter("setsar", 1)
    stream = _laid_out(stream, piece.vod.panes, piece.vod.frame)
    moments = piece.moments.tolist() if piece.render.overlay == "burn" else None
    if moments is not None or piece.title:
        script = overlay.script(piece.look, moments, piece.start, piece.duration, piece.title)
        (folder / "overlay.ass").write_text(script, encoding="utf-8")
        font = piece.look.font.path
        (folder / f"font{font.suffix}").write_bytes(font.read_bytes())
        stream = stream.filter("ass", filename="overlay.ass", fontsdir=".")
    return stream


def _laid_out(stream: FilterableStream, panes: Sequence[Pane], frame: FrameFormat) -> FilterableStream:
    """Build the filters that put parts of a VOD's picture into their places in the reel's frame."""
    copies = stream.filter_multi_output("split", len(panes))
    shown = []
    for number, pane in enumerate(panes):
        seen = pane.seen
        part = copies[number].filter("crop", seen.width, seen.height, seen.x, seen.y)
        shown.append(part.filter("scale", pane.shown.width, pane.shown.height, **EXACT).filter("setsar", 1))
    if len(shown) > 1:
        return ffmpeg.filter(shown, "vstack", inputs=len(shown))
    place = panes[0].shown
    if (place.width, place.height) == (frame.width, frame.height):
        return shown[0]
    return shown[0].filter("pad", frame.width, frame.height, place.x, place.y)


def _sound(piece: Piece, folder: Path) -> ffmpeg.nodes.Node:
    """Write the sound of a piece into `folder` and read it from there, because its format may change within a VOD."""
    sound, length = folder / "sound.pcm", round(piece.duration * audio_mix.RATE)
    with sound.open("wb") as file:
        for block in read_stereo(piece.vod.recording, audio_mix.RATE, piece.start + piece.duration, piece.start):
            file.write(block.astype("<f4").tobytes())
    stream = ffmpeg.input(sound.name, f="f32le", ar=audio_mix.RATE, ch_layout="stereo").audio
    stream = stream.filter("apad").filter("atrim", end_sample=length)
    return audio_mix.faded(stream, length, beginning=not piece.before, end=not piece.after)


def _handed_over(stream: FilterableStream, encoder: str) -> ffmpeg.nodes.Node:
    """Convert a picture to the pixel format that the encoder reads, and upload it to the encoder's memory if needed."""
    if encoder == "h264_vaapi":
        return stream.filter("format", "nv12").filter("hwupload")
    return stream.filter("format", "yuv420p")


def _encoding(encoder: str, render: Render) -> dict[str, object]:
    """Return FFmpeg's options for an encoder. Except for Apple's, all of them use x264's scale of quality, 0 to 51."""
    quality: dict[str, dict[str, object]] = {
        # One thread, because x264's output depends on the number of threads.
        "libx264": {"crf": render.quality, "preset": render.preset, "threads": 1},
        "h264_nvenc": {"rc": "vbr", "cq": render.quality, "b:v": 0},
        "h264_videotoolbox": {"q:v": round(100 * (1 - render.quality / 51))},
        "h264_qsv": {"global_quality": render.quality},
        "h264_vaapi": {"qp": render.quality, "init_hw_device": "vaapi=chip", "filter_hw_device": "chip"},
    }
    return {"c:v": encoder, **quality[encoder]}


@lru_cache
def measure_music(path: Path) -> Music:
    """Measure the loudness of a music file; UserError if it is missing, unreadable or silent."""
    if not path.is_file():
        raise UserError(f"{path}: no such file, but params.yaml names it as audio.music")
    try:
        level = _level(audio_mix.stereo(ffmpeg.input(str(path.resolve())).audio), path)
    except UserError:
        level = None
    if level is None:
        raise UserError(f"{path}: no music in it that can be heard; name another file as audio.music, or null")
    return Music(path, level.loudness)


def join(pieces: Sequence[Piece], music: Music | None, audio: Audio, target: Path) -> None:
    """Join encoded pieces and their crossfades into an MP4, and remove their files.

    The picture is copied. The sound is encoded here, in one go and thus without seams, with music mixed under it.
    """
    films = [film for piece in pieces for film in ([piece.target, piece.crossfade] if piece.after else [piece.target])]
    listing = target.with_suffix(".txt")
    listing.write_text("".join(f"file {film.name}\n" for film in films))
    source, streams = ffmpeg.input(str(listing.resolve()), format="concat"), []
    if pieces[0].encoder != "copy":
        streams.append(source.video)
    sound = source.audio if pieces[0].sound else None
    if music:
        length = round(sum(piece.duration - piece.after for piece in pieces) * audio_mix.RATE)
        sound = _with_music(sound, music, length, audio.music_volume, target)
    if sound:
        streams.append(_levelled(sound, audio.loudness, target))
    options = {"c:v": "copy", "c:a": "aac", "b:a": SOUND_BITS, "movflags": "+faststart", "fflags": "+bitexact"}
    _run(ffmpeg.output(*streams, target.name, **options), target.name, target.parent)
    for file in (listing, *films):
        file.unlink(missing_ok=True)


def _with_music(
    own: FilterableStream | None, music: Music, length: int, volume: float, subject: Path
) -> FilterableStream:
    """Mix music under the sound of a reel.

    Parameters
    ----------
    own : FilterableStream or None
        The reel's own sound, if it has any.
    music : Music
        The music.
    length : int
        Length of the reel, samples.
    volume : float
        Loudness of the music relative to the reel's own sound, dB.
    subject : Path
        The reel, for error messages.
    """
    repeated = ffmpeg.input(str(music.path.resolve()), stream_loop=-1).audio
    played = audio_mix.played(audio_mix.stereo(repeated), length)
    level = _level(own, subject) if own else None
    if level is None:
        return played
    return audio_mix.under(own, level.loudness, played, level.loudness + volume - music.loudness)


def _levelled(stream: FilterableStream, wanted: float | None, subject: Path) -> FilterableStream:
    """Bring the sound of a reel to the wanted loudness (LUFS); None leaves it as it is."""
    if wanted is None or (level := _level(stream, subject)) is None:
        return stream
    gain = audio_mix.gain(wanted - level.loudness)
    if level.peak + gain < audio_mix.PEAK - audio_mix.BETWEEN_SAMPLES:
        return audio_mix.louder(stream, gain)
    # The limiter reduces the loudness, so measure again and compensate for that.
    limited = _level(audio_mix.limited(audio_mix.louder(stream, gain)), subject) or level
    return audio_mix.limited(audio_mix.louder(stream, audio_mix.gain(gain + wanted - limited.loudness)))


def _level(stream: FilterableStream, subject: Path) -> Level | None:
    """Measure the level of sound; None if it is silent."""
    measured = ffmpeg.output(audio_mix.measured(stream), "-", f="null")
    return audio_mix.level(_run(measured, subject.name, Path(), "info"))


def finish(reel: Path, chapters: Sequence[tuple[float, float, str]], subtitles: str | None) -> None:
    """Add chapters and subtitles to an MP4. Picture and sound are copied.

    Parameters
    ----------
    reel : Path
        The MP4, which is replaced.
    chapters : sequence of (float, float, str)
        Start and end of each chapter, seconds, and its name, in which no character may need escaping for FFmpeg.
    subtitles : str or None
        A script in the ASS format, of which only texts and times are kept; None for no subtitles.
    """
    listing, script, bare = (reel.with_suffix(suffix) for suffix in (".txt", ".ass", ".bare.mp4"))
    marks = (
        f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={round(1000 * start)}\nEND={round(1000 * end)}\ntitle={name}\n"
        for start, end, name in chapters
    )
    listing.write_text(";FFMETADATA1\n" + "".join(marks))
    reel.rename(bare)
    # FFmpeg only reads an input if a track of it is mapped, so map one that the chapters do not have.
    film, names = ffmpeg.input(bare.name), ffmpeg.input(listing.name, f="ffmetadata")
    tracks = [film["v"], film["a?"], names["v?"]]
    if subtitles is not None:
        script.write_text(subtitles, encoding="utf-8")
        tracks.append(ffmpeg.input(script.name)["s"])
    options = {"c": "copy", "c:s": "mov_text", "map_chapters": 1, "movflags": "+faststart", "fflags": "+bitexact"}
    _run(ffmpeg.output(*tracks, reel.name, **options), reel.name, reel.parent)
    for part in (listing, script, bare):
        part.unlink(missing_ok=True)


def _run(
    command: ffmpeg.nodes.OutputStream,
    subject: str,
    folder: Path,
    told: str = "error",
    film: Iterable[memoryview] = (),
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
    told : str
        FFmpeg's log level.
    film : iterable of memoryview
        Frames to write to FFmpeg's standard input.
    """
    always = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", told, "-y")
    arguments = command.global_args(*always).compile(cmd=imageio_ffmpeg.get_ffmpeg_exe())
    code, text = programs.run(arguments, folder, film)
    if code:
        lines = text.strip().splitlines()
        reason = re.sub(r" @ 0x[0-9a-f]+", "", lines[0]) if lines else f"FFmpeg gave {code}"
        raise UserError(f"{subject}: could not be encoded: {reason}")
    return text
