"""How a reel sounds: the filters of FFmpeg that its sound goes through, from segments to the whole."""

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
# Encoding adds to the highest peaks, so that services want to have so much left, between the samples too, and limit
# what is louder at this pace (dBTP; milliseconds): https://support.spotify.com/us/artists/article/loudness-normalization
PEAK, ATTACK, RELEASE = -1.0, 5, 100
# At so many times the rate, no peak between the samples is missed by more than 0.7 dB (ITU-R BS.1770-5, annex 2).
OVERSAMPLING = 4


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


def gain(wanted: float) -> float:
    """How much louder a reel is made that should become so much louder (dB)."""
    return min(wanted, MOST_GAIN)


def louder(stream: FilterableStream, decibels: float) -> FilterableStream:
    """Sound that is louder, all of it by as much, but for peaks that are too high."""
    return (
        stream.filter("volume", f"{decibels:.3f}dB", precision="double")
        .filter("aresample", OVERSAMPLING * RATE)
        .filter("alimiter", limit=f"{PEAK}dB", attack=ATTACK, release=RELEASE, level=0, latency=1)
        .filter("aresample", RATE)
    )
