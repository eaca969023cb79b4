"""How a reel sounds: the filters of FFmpeg that its sound goes through, from segments to the whole."""

import re
from dataclasses import dataclass
from pathlib import Path

import ffmpeg
from ffmpeg.nodes import FilterableStream

# Samples per second (Hz).
RATE = 48_000
# Sound that begins or ends in the middle of a wave clicks. So short a fade is not heard, and low voices still swing
# once in it, at 100 Hz (seconds).
FADE = 0.01
# Where the measure of loudness ends (LUFS; ITU-R BS.1770-5, annex 1: the absolute gate).
SILENCE = -70.0
# What is so quiet that it would need more is noise, or nothing that anybody listens to (dB).
MOST_GAIN = 30.0
# Services want a decibel to be left above the highest peaks, those between the samples too, and limit what is louder
# at this pace; encoding adds another one, and now and then two (dBTP; milliseconds).
# https://support.spotify.com/us/artists/article/loudness-normalization
PEAK, ATTACK, RELEASE = -2.0, 5, 100
# How far a peak rises above the samples beside it: up to a fourth of their rate, 3 dB at most, and at twice the rate,
# which the limiter works at, 0.7 dB (ITU-R BS.1770-5, annex 2).
OVERSAMPLING, BETWEEN_SAMPLES = 2, 3.0
# Music becomes quieter where the reel's own sound comes within so much of its loudness (dB), and each dB above that
# makes it quieter by all but a fourth: at that loudness by 9 dB. With render.music_volume it is then 20 dB quieter than
# speech, which leaves speech easy to follow (WCAG 2.2, success criterion 1.4.7).
DUCKED_FROM, RATIO = -12.0, 4
# It is there at once, and comes back after a pause for breath (milliseconds).
DUCKED_WITHIN, BACK_WITHIN = 20, 500
# Music does not end with the reel by chance, but comes to an end (seconds).
FADE_OUT = 3.0


@dataclass(frozen=True)
class Level:
    """How loud sound is as a whole (LUFS, ITU-R BS.1770), and its highest sample (dBFS)."""

    loudness: float
    peak: float


@dataclass(frozen=True)
class Music:
    """A file of music, and how loud it is as a whole (LUFS)."""

    path: Path
    loudness: float


def stereo(stream: FilterableStream) -> FilterableStream:
    """Sound of any kind in two channels, at RATE."""
    return stream.filter("aresample", RATE).filter("aformat", channel_layouts="stereo")


def silence(duration: float) -> FilterableStream:
    """So many seconds of nothing to hear, in two channels, at RATE."""
    nothing = ffmpeg.input(f"anullsrc=sample_rate={RATE}:channel_layout=stereo", f="lavfi").audio
    return nothing.filter("atrim", end_sample=round(duration * RATE))


def faded(stream: FilterableStream, length: int, beginning: bool, end: bool) -> FilterableStream:
    """Sound of so many samples, faded in at its beginning and out at its end where asked for."""
    fade = min(round(FADE * RATE), length // 2)
    if beginning:
        stream = stream.filter("afade", type="in", nb_samples=fade)
    if end:
        stream = stream.filter("afade", type="out", start_sample=length - fade, nb_samples=fade)
    return stream


def crossfaded(one: FilterableStream, other: FilterableStream, length: int) -> FilterableStream:
    """One sound becomes the other, both of so many samples."""
    # Along sines, whose squares add up to one: two sounds that are not alike are as loud together as each is alone.
    return ffmpeg.filter([one, other], "acrossfade", nb_samples=length, curve1="qsin", curve2="qsin")


def measured(stream: FilterableStream) -> FilterableStream:
    """Sound whose level FFmpeg says at its end."""
    return stream.filter("ebur128", peak="sample", framelog="quiet")


def level(said: str) -> Level | None:
    """The level out of what FFmpeg says of `measured` sound; None where there is nothing to hear."""
    found = re.search(r"Integrated loudness:\s+I: +(\S+) LUFS.*Peak: +(\S+) dBFS", said, re.DOTALL)
    if not found or float(found[1]) <= SILENCE:
        return None
    return Level(float(found[1]), float(found[2]))


def gain(wanted: float) -> float:
    """How much louder a reel is made that should become so much louder (dB)."""
    return min(wanted, MOST_GAIN)


def louder(stream: FilterableStream, decibels: float) -> FilterableStream:
    """Sound that is louder, all of it by as much."""
    return stream.filter("volume", f"{decibels:.3f}dB", precision="double")


def limited(stream: FilterableStream) -> FilterableStream:
    """Sound whose peaks, those between the samples too, are held down where they are too high."""
    return (
        stream.filter("aresample", OVERSAMPLING * RATE)
        .filter("alimiter", limit=f"{PEAK}dB", attack=ATTACK, release=RELEASE, level=0, latency=1)
        .filter("aresample", RATE)
    )


def played(music: FilterableStream, length: int) -> FilterableStream:
    """So many samples of music that goes on for longer, with an end."""
    fade = min(round(FADE_OUT * RATE), length)
    # A file that is played again and again says of its samples when they are heard, but not exactly.
    music = music.filter("atrim", end_sample=length).filter("asetpts", "N/SR/TB")
    music = faded(music, length, beginning=True, end=False)
    return music.filter("afade", type="out", start_sample=length - fade, nb_samples=fade)


def under(own: FilterableStream, level: float, music: FilterableStream, decibels: float) -> FilterableStream:
    """Sound with music under it, made so much louder; `level` is how loud the sound is (LUFS)."""
    heard = own.filter_multi_output("asplit", 2)
    # The threshold as FFmpeg wants it: an amplitude, from a thousandth to one.
    threshold = min(max(10 ** ((level + DUCKED_FROM) / 20), 0.001), 1.0)
    options = {"threshold": f"{threshold:.6f}", "ratio": RATIO, "attack": DUCKED_WITHIN, "release": BACK_WITHIN}
    # The compressor drops what it has not yet worked on when its inputs end, so both go on in silence.
    sides = [louder(music, decibels).filter("apad"), heard[1].filter("apad")]
    ducked = ffmpeg.filter(sides, "sidechaincompress", **options)
    return ffmpeg.filter([heard[0], ducked], "amix", inputs=2, duration="first", normalize=0)
