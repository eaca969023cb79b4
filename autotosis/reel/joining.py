"""Joining the encoded segments of a reel: one picture without seams, one sound, as loud as asked for, and chapters."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import ffmpeg
from ffmpeg.nodes import FilterableStream

from autotosis.project.errors import UserError
from autotosis.project.params import Audio
from autotosis.reel import audio_mix, ffmpeg_program
from autotosis.reel.audio_mix import Level, Music
from autotosis.reel.encoding import EncodingJob

# Stereo AAC at this bit rate is transparent to most listeners (bits per second).
SOUND_BITS = 160_000
# The limiter takes away loudness. The gain is raised to make up for it, at most CORRECTIONS times, until no more than
# CLOSE_ENOUGH is missing (LU; EBU R 128 allows it). Each time takes a hundredth of the time for encoding the picture.
CORRECTIONS, CLOSE_ENOUGH = 3, 0.5
# What FFmpeg may take music for. Playlists are left out, because they name other files, wherever these are.
MUSIC_FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,eac3,flac,flv,iff,libgme,libopenmpt,loas,matroska,mov,mp3,mpc,mpc8,"
    "mpeg,mpegts,nut,ogg,oma,rm,tak,truehd,tta,voc,w64,wav,wv"
)


@lru_cache
def measure_music(path: Path) -> Music:
    """Measure the loudness of a music file; UserError if it is unreadable or silent."""
    try:
        level = _level(_music(path), path)
    except UserError:
        level = None
    if level is None:
        raise UserError(f"{path}: cannot be read as music, or is silent; set audio.music to another file, or to null")
    return Music(path, level.loudness)


def _music(path: Path, **options: int) -> FilterableStream:
    """Read a music file, with options of FFmpeg."""
    return audio_mix.stereo(ffmpeg.input(str(path.resolve()), format_whitelist=MUSIC_FORMATS, **options).audio)


def join(jobs: Sequence[EncodingJob], music: Music | None, audio: Audio, target: Path) -> None:
    """Join encoded segments and their crossfades into an MP4, and remove their files.

    The picture is copied. The sound is encoded here, in one go and thus without seams, with music mixed under it.
    """
    parts = [part for job in jobs for part in ([job.target, job.crossfade] if job.after else [job.target])]
    listing = target.with_suffix(".txt")
    listing.write_text("".join(f"file {part.name}\n" for part in parts))
    # FFmpeg parses the listing's path as a URL, so pass its name alone: the folder's path may contain # or ?.
    source, streams = ffmpeg.input(listing.name, format="concat"), []
    if jobs[0].encoder != "copy":
        streams.append(source.video)
    sound = source.audio if jobs[0].sound else None
    if music:
        length = round(sum(job.duration - job.after for job in jobs) * audio_mix.RATE)
        sound = _with_music(sound, music, length, audio.music_volume, target)
    if sound:
        streams.append(_levelled(sound, audio.loudness, target))
    options = {"c:v": "copy", "c:a": "aac", "b:a": SOUND_BITS, "movflags": "+faststart", "fflags": "+bitexact"}
    ffmpeg_program.run(ffmpeg.output(*streams, target.name, **options), target.name, target.parent)
    for file in (listing, *parts, *(side for job in jobs for side in (job.head, job.tail))):
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
    played = audio_mix.trim_music(_music(music.path, stream_loop=-1), length)
    level = _level(own, subject) if own else None
    if level is None:
        return played
    return audio_mix.mix_under(own, level.loudness, played, level.loudness + volume - music.loudness)


def _levelled(stream: FilterableStream, wanted: float | None, subject: Path) -> FilterableStream:
    """Bring the sound of a reel to the wanted loudness (LUFS). None keeps it, but limits what players would clip."""
    if (level := _level(stream, subject)) is None:
        return stream
    if wanted is None:
        return audio_mix.limit(stream) if level.peak > 0 else stream
    gain = min(wanted - level.loudness, audio_mix.MAX_GAIN)
    if level.peak + gain < audio_mix.PEAK - audio_mix.BETWEEN_SAMPLES:
        return audio_mix.apply_gain(stream, gain)
    # The limiter reduces the loudness, so measure again and compensate for that. It reduces what is added, too.
    for _ in range(CORRECTIONS):
        limited = _level(audio_mix.limit(audio_mix.apply_gain(stream, gain)), subject) or level
        missing = wanted - limited.loudness
        gain = min(gain + missing, audio_mix.MAX_GAIN)
        if missing <= CLOSE_ENOUGH:
            break
    return audio_mix.limit(audio_mix.apply_gain(stream, gain))


def _level(stream: FilterableStream, subject: Path) -> Level | None:
    """Measure the level of sound; None if it is silent."""
    measured = ffmpeg.output(audio_mix.measure(stream), "-", f="null")
    return audio_mix.parse_level(ffmpeg_program.run(measured, subject.name, subject.parent, "info"))


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
    # FFmpeg only reads an input if a track of it is mapped, so map one that need not exist (`v?`).
    video, names = ffmpeg.input(bare.name), ffmpeg.input(listing.name, f="ffmetadata")
    tracks = [video["v"], video["a?"], names["v?"]]
    if subtitles is not None:
        script.write_text(subtitles, encoding="utf-8")
        tracks.append(ffmpeg.input(script.name)["s"])
    options = {"c": "copy", "c:s": "mov_text", "map_chapters": 1, "movflags": "+faststart", "fflags": "+bitexact"}
    ffmpeg_program.run(ffmpeg.output(*tracks, reel.name, **options), reel.name, reel.parent)
    for part in (listing, script, bare):
        part.unlink(missing_ok=True)
