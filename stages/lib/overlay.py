"""What is written over a reel's picture: one subtitle script, in the format that libass draws (ASS v4+)."""

import colorsys
from collections.abc import Sequence

from stages.lib import fonts

# The script's own units: the frame is this high whatever its pixels, and as wide as its shape makes it.
HEIGHT = 720
FONT_SIZE = 34
TEXT_PLACE, BAR_PLACE, PANEL_PLACE = (30, 20), (30, 66), (18, 14)
BAR_WIDTH, BAR_HEIGHT = 260, 16
PANEL_WIDTH, PANEL_HEIGHT = 284, 80

HEADER = """[Script Info]
ScriptType: v4.00+
PlayResX: {width}
PlayResY: {height}
ScaledBorderAndShadow: yes
WrapStyle: 2

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, Bold, BorderStyle, Outline, Shadow, Alignment
Style: Text,{font},{size},&H00FFFFFF,&H00000000,1,1,2,0,7
Style: Shape,{font},{size},&H00FFFFFF,&H00000000,0,1,0,0,7

[Events]
Format: Layer, Start, End, Style, Text
"""


def script(label: str, moments: Sequence[tuple[float, float]], duration: float, shape: float) -> str:
    """The text and the bar of each moment's probability, from green to red.

    Parameters
    ----------
    label : str
        What a highlight is called.
    moments : sequence of (float, float)
        Seconds from the segment's start, and the probability from then until the next; the first is at 0 or
        before.
    duration : float
        Of the segment, seconds.
    shape : float
        Width of the frame over its height.
    """
    lines = [HEADER.format(width=round(HEIGHT * shape), height=HEIGHT, font=fonts.FAMILY, size=FONT_SIZE)]
    # Half-transparent black behind it all: a game shows its own numbers in the same place.
    panel = _rectangle(PANEL_PLACE, PANEL_WIDTH, PANEL_HEIGHT, "&H000000&\\1a&H70&")
    lines.append(_line(0, 0.0, duration, "Shape", panel))
    ends = [time for time, _ in moments[1:]] + [duration]
    for (start, probability), end in zip(moments, ends, strict=True):
        start, end = max(start, 0.0), min(end, duration)
        if start >= end:
            continue
        colour = _colour(probability)
        bar = _rectangle(BAR_PLACE, max(2, round(BAR_WIDTH * probability)), BAR_HEIGHT, colour)
        lines.append(_line(1, start, end, "Shape", bar))
        place = "\\pos({},{})".format(*TEXT_PLACE)
        lines.append(_line(2, start, end, "Text", f"{{{place}\\c{colour}}}{_plain(label)} {probability:.0%}"))
    return "".join(lines)


def _rectangle(place: tuple[int, int], width: int, height: int, colour: str) -> str:
    position = "\\pos({},{})".format(*place)
    return f"{{{position}\\c{colour}\\p1}}m 0 0 l {width} 0 {width} {height} 0 {height}"


def _line(layer: int, start: float, end: float, style: str, text: str) -> str:
    return f"Dialogue: {layer},{_time(start)},{_time(end)},{style},{text}\n"


def _colour(probability: float) -> str:
    """From green for 0 over yellow to red for 1, as ASS writes a colour: blue, green, red."""
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb((1 - probability) / 3, 0.85, 0.95))
    return f"&H{blue:02X}{green:02X}{red:02X}&"


def _plain(text: str) -> str:
    """The text with nothing in it that ASS would take for a command."""
    return text.replace("\\", "/").replace("{", "(").replace("}", ")").replace("\n", " ")


def _time(seconds: float) -> str:
    hundredths = round(seconds * 100)
    return f"{hundredths // 360000}:{hundredths // 6000 % 60:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"
