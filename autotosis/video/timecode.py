"""Timecode: the time on the recording's own clock, as cameras, mixers and broadcasters write it."""

import re
from collections.abc import Mapping
from fractions import Fraction

from av.container import InputContainer

from autotosis.video.opening import Span, opened

TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.,])(\d{2,3})")


def at_the_beginning(file: Span, rate: Fraction) -> tuple[int, bool | None]:
    """Read the timecode of a file's first frame.

    Parameters
    ----------
    file : Span
        The file, or the first stretch of it.
    rate : Fraction
        Frames per second, Hz.

    Returns
    -------
    int
        The number of the frame; 0 if the file has no timecode.
    bool or None
        Whether it is drop-frame timecode, which skips numbers at 29.97 or 59.94 frames per second to agree with the
        clock (SMPTE ST 12-1); None if the file does not say.
    """
    with opened(file) as container:
        for text in _timecodes(container):
            if match := TIMECODE.fullmatch(text.strip()):
                return _number(match, rate)
        reference = _tag(container.metadata, "time_reference")
        if re.fullmatch(r"[0-9]{1,18}", reference) and container.streams.audio:
            # Broadcast Wave counts samples since midnight (EBU Tech 3285).
            return round(Fraction(int(reference), container.streams.audio[0].sample_rate) * rate), None
    return 0, None


def _timecodes(container: InputContainer) -> list[str]:
    """List the timecodes in the metadata of a file, those of the picture first."""
    tracks = sorted(container.streams, key=lambda track: track.type != "video")
    texts = [_tag(tags, "timecode") for tags in (*(track.metadata for track in tracks), container.metadata)]
    return [text for text in texts if text]


def _tag(tags: Mapping[str, str], name: str) -> str:
    """Return a tag, whose name is in capitals in Matroska; empty if there is none."""
    return tags.get(name) or tags.get(name.upper(), "")


def _number(match: re.Match[str], rate: Fraction) -> tuple[int, bool]:
    """Compute the number of a frame from its timecode, and whether it is drop-frame timecode."""
    hours, minutes, seconds, frame = (int(match[group]) for group in (1, 2, 3, 5))
    nominal, minutes = round(rate), 60 * hours + minutes
    number = (60 * minutes + seconds) * nominal + frame
    drops = match[4] != ":" and rate.denominator != 1
    if drops:
        # Two numbers per minute are skipped at 29.97 Hz, and four at 59.94 Hz, but none in every tenth minute.
        number -= round(nominal / 15) * (minutes - minutes // 10)
    return number, drops


def text(number: int, rate: Fraction, drops: bool) -> str:
    """Format the timecode of a frame.

    Hours continue beyond 24, which not all programs can read.

    Parameters
    ----------
    number : int
        The number of the frame.
    rate : Fraction
        Frames per second, Hz.
    drops : bool
        Whether to write drop-frame timecode.
    """
    nominal = round(rate)
    if drops:
        dropped = round(nominal / 15)
        minute, ten_minutes = 60 * nominal - dropped, 600 * nominal - 9 * dropped
        tens, rest = divmod(number, ten_minutes)
        number += dropped * (9 * tens + max(0, (rest - dropped) // minute))
    seconds, frame = divmod(number, nominal)
    minutes, second = divmod(seconds, 60)
    hour, left = divmod(minutes, 60)
    return f"{hour:02}:{left:02}:{second:02}{';' if drops else ':'}{frame:02}"
