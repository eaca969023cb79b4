"""The time that a recording's own clock shows at its beginning, as cameras, mixers and broadcasters write it."""

import re
from fractions import Fraction
from pathlib import Path

from av.container import InputContainer

from autotosis.video.opening import Span, opened

SHAPE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.,])(\d\d+)")


def at_the_beginning(path: Path, rate: Fraction) -> tuple[int, bool | None]:
    """The number of a file's first frame, and whether its clock drops frames.

    Parameters
    ----------
    path : Path
        A file.
    rate : Fraction
        Frames per second.

    Returns
    -------
    int
        0 where it has no time code.
    bool or None
        Whether numbers are passed over at 29.97 or 59.94 a second, so that they tell the time (SMPTE ST 12-1); None
        where it has no time code.
    """
    with opened(Span(path)) as container:
        for text in _said(container):
            if match := SHAPE.fullmatch(text.strip()):
                return _number(match, rate)
        reference = container.metadata.get("time_reference", "")
        if reference.isdigit() and container.streams.audio:
            # Broadcast Wave: samples since midnight (EBU Tech 3285).
            return round(Fraction(int(reference), container.streams.audio[0].sample_rate) * rate), None
    return 0, None


def _said(container: InputContainer) -> list[str]:
    """What tracks and container call their time code; the picture's own first."""
    tracks = sorted(container.streams, key=lambda track: track.type != "video")
    places = [*(track.metadata for track in tracks), container.metadata]
    found = [place.get(key, "") for place in places for key in ("timecode", "TIMECODE")]
    return [text for text in found if text]


def _number(match: re.Match[str], rate: Fraction) -> tuple[int, bool]:
    hours, minutes, seconds, frame = (int(match[group]) for group in (1, 2, 3, 5))
    nominal, minutes = round(rate), 60 * hours + minutes
    number = (60 * minutes + seconds) * nominal + frame
    drops = match[4] != ":" and rate.denominator != 1
    if drops:
        # Two of each minute at 29.97 but of every tenth, four at 59.94.
        number -= round(nominal / 15) * (minutes - minutes // 10)
    return number, drops


def text(number: int, rate: Fraction, drops: bool) -> str:
    """The time code of a frame; hours go on counting where a day ends, which not all programs read."""
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
