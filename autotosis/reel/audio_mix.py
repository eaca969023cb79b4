"""The sound of a reel: FFmpeg's filters for fades, crossfades, loudness and music."""

import re
from dataclasses import dataclass
from pathlib import Path

import ffmpeg
from ffmpeg.nodes import FilterableStream

# Samples per second (Hz).
RATE = 48_000
# Sound that begins or ends in the middle of a wave clicks, so it is faded over this time (seconds). It is too short to
# be heard, and as long as one period of a low voice (100 Hz).
FADE = 0.01
# Sound below this level is not counted as loudness (LUFS; the absolute gate of ITU-R BS.1770-5, annex 1).
SILENCE = -70.0
# Loudness is measured in blocks of this length (seconds; the same annex).
BLOCK = 0.4
# The largest gain (dB). Sound that would need more is noise, or not meant to be heard.
MAX_GAIN = 30.0
# Streaming services ask for 1 dB of headroom above peaks, including those between samples, and use limiters with this
# attack and release. Encoding raises peaks by another decibel, sometimes by two (dBTP; milliseconds).
# https://support.spotify.com/us/artists/article/loudness-normalization
PEAK, ATTACK, RELEASE = -2.0, 5, 100
# How far a peak between two samples can exceed them (dB): 3 dB for frequencies up to a quarter of the sample rate;
# 0.7 dB at twice the sample rate, at which the limiter works (ITU-R BS.1770-5, annex 2).
OVERSAMPLING, BETWEEN_SAMPLES = 2, 3.0
# Music is turned down (ducked) while the reel's own sound is louder than this, relative to the reel's loudness (dB).
# Each dB above this turns the music down by 3/4 dB, so sound at the reel's loudness by 9 dB. With audio.music_volume,
# music is then about 20 dB below speech, which stays easy to follow (WCAG 2.2, success criterion 1.4.7).
DUCKED_FROM, RATIO = -12.0, 4
# How fast music is turned down, and how fast it comes back: not between words, only in pauses (milliseconds).
DUCKED_WITHIN, BACK_WITHIN = 20, 500
# Music fades out over this time at the end of the reel (seconds).
FADE_OUT = 3.0


@dataclass(frozen=True)
class Level:
    """The level of a sound.

    Attributes
    ----------
    loudness : float
        Integrated loudness, LUFS (ITU-R BS.1770).
    peak : float
        The highest sample, dBFS.
    """

    loudness: float
    peak: float


@dataclass(frozen=True)
class Music:
    """A music file.

    Attributes
    ----------
    path : Path
        The file.
    loudness : float
        Its integrated loudness, LUFS.
    """

    path: Path
    loudness: float


def stereo(stream: FilterableStream) -> FilterableStream:
    """Convert sound to two channels at RATE."""
    return stream.filter("aresample", RATE).filter("aformat", channel_layouts="stereo")


def silence(duration: float) -> FilterableStream:
    """Make `duration` seconds of silence, in two channels at RATE."""
    nothing = ffmpeg.input(f"anullsrc=sample_rate={RATE}:channel_layout=stereo", f="lavfi").audio
    return nothing.filter("atrim", end_sample=round(duration * RATE))


def fade(stream: FilterableStream, length: int, beginning: bool, end: bool) -> FilterableStream:
    """Fade sound of `length` samples in at its beginning, out at its end, or both."""
    samples = min(round(FADE * RATE), length // 2)
    if beginning:
        stream = stream.filter("afade", type="in", nb_samples=samples)
    if end:
        stream = stream.filter("afade", type="out", start_sample=length - samples, nb_samples=samples)
    return stream


def crossfade(one: FilterableStream, other: FilterableStream, length: int) -> FilterableStream:
    """Crossfade from one sound to another, both of `length` samples."""
    # With sine curves, whose squares add up to one, unrelated sounds keep the same power throughout the crossfade.
    return ffmpeg.filter([one, other], "acrossfade", nb_samples=length, curve1="qsin", curve2="qsin")


def measure(stream: FilterableStream) -> FilterableStream:
    """Make FFmpeg print the level of a sound when it ends."""
    # Sound that is shorter than a block of BS.1770 would count as silent.
    return stream.filter("apad", whole_dur=BLOCK).filter("ebur128", peak="sample", framelog="quiet")


def parse_level(output: str) -> Level | None:
    """Read the level of sound from FFmpeg's output; None if it is silent."""
    match = re.search(r"Integrated loudness:\s+I: +(\S+) LUFS.*Peak: +(\S+) dBFS", output, re.DOTALL)
    if not match or float(match[1]) <= SILENCE:
        return None
    return Level(float(match[1]), float(match[2]))


def apply_gain(stream: FilterableStream, decibels: float) -> FilterableStream:
    """Apply a constant gain to sound (dB)."""
    return stream.filter("volume", f"{decibels:.3f}dB", precision="double")


def limit(stream: FilterableStream) -> FilterableStream:
    """Limit the peaks of sound, including those between samples."""
    return (
        stream.filter("aresample", OVERSAMPLING * RATE)
        .filter("alimiter", limit=f"{PEAK}dB", attack=ATTACK, release=RELEASE, level=0, latency=1)
        .filter("aresample", RATE)
    )


def trim_music(music: FilterableStream, length: int) -> FilterableStream:
    """Cut music to `length` samples, and fade it out at its end."""
    samples = min(round(FADE_OUT * RATE), length)
    # The timestamps of a file that is repeated are not exact, so count samples instead.
    music = music.filter("atrim", end_sample=length).filter("asetpts", "N/SR/TB")
    music = fade(music, length, beginning=True, end=False)
    return music.filter("afade", type="out", start_sample=length - samples, nb_samples=samples)


def mix_under(own: FilterableStream, level: float, music: FilterableStream, decibels: float) -> FilterableStream:
    """Mix music under a reel's own sound, turned down while that is loud.

    Parameters
    ----------
    own : FilterableStream
        The reel's own sound.
    level : float
        Its loudness, LUFS.
    music : FilterableStream
        The music.
    decibels : float
        The gain of the music, dB.
    """
    heard = own.filter_multi_output("asplit", 2)
    # FFmpeg expects the threshold as an amplitude between 0.001 and 1.
    threshold = min(max(10 ** ((level + DUCKED_FROM) / 20), 0.001), 1.0)
    options = {"threshold": f"{threshold:.6f}", "ratio": RATIO, "attack": DUCKED_WITHIN, "release": BACK_WITHIN}
    # When its inputs end, the compressor drops samples that it has not processed yet, so both are padded with silence.
    sides = [apply_gain(music, decibels).filter("apad"), heard[1].filter("apad")]
    ducked = ffmpeg.filter(sides, "sidechaincompress", **options)
    return ffmpeg.filter([heard[0], ducked], "amix", inputs=2, duration="first", normalize=0)
