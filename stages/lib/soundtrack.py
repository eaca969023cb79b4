"""How a reel sounds: the filters of FFmpeg that its sound goes through, from segments to the whole."""

import ffmpeg

# Samples per second (Hz).
RATE = 48_000
# Sound that begins or ends in the middle of a wave clicks. So short a fade is not heard, and low voices still swing
# once in it, at 100 Hz (seconds).
FADE = 0.01


def faded(stream: ffmpeg.nodes.FilterableStream, length: int) -> ffmpeg.nodes.FilterableStream:
    """Sound of so many samples that begins and ends with silence."""
    fade = min(round(FADE * RATE), length // 2)
    return stream.filter("afade", type="in", nb_samples=fade).filter(
        "afade", type="out", start_sample=length - fade, nb_samples=fade
    )
