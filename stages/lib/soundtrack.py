"""How a reel sounds: the filters of FFmpeg that its sound goes through, from segments to the whole."""

import ffmpeg
from ffmpeg.nodes import FilterableStream

# Samples per second (Hz).
RATE = 48_000
# Sound that begins or ends in the middle of a wave clicks. So short a fade is not heard, and low voices still swing
# once in it, at 100 Hz (seconds).
FADE = 0.01


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
