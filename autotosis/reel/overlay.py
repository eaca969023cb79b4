"""The overlay of a reel: label, probability, time and title, as subtitles that libass draws (ASS v4+)."""

import colorsys
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from pysubs2 import Alignment, SSAEvent, SSAFile, SSAStyle

from autotosis.annotations.configuration import RenderConfig
from autotosis.pictures import fonts
from autotosis.pictures.fonts import Font
from autotosis.project.params import Style
from autotosis.reel import reel
from autotosis.reel.layouts import Arrangement, FrameFormat, Rectangle
from autotosis.reel.reel import ReelSegment

# Lengths are in units of the script. At style.size 1, the shorter side of the frame is this many units long, however
# many pixels it has.
SHORTER = 720
MARGIN = (18, 14)
PADDING = (12, 6)
FONT_SIZE, CLOCK_SIZE, GAP = 34, 22, 24
# How far the top of the smaller text is below that of the larger one, so that both are on the same baseline.
CLOCK_BELOW = 10
BAR_BELOW, BAR_WIDTH, BAR_HEIGHT = 52, 260, 16
PANEL_HEIGHT = 80
# The largest font size of a title, and how long it is shown (seconds).
TITLE_SIZE, TITLE_LASTS = 84, 2.0
# A title takes at most this share of the width, and of the height.
TITLE_SHARE = 0.8
# Subtitles change at most once in this time, so that they can be read (seconds).
READABLE = 0.25
WHITE = "&HFFFFFF&"


@dataclass(frozen=True)
class OverlayStyle:
    """The style of an overlay.

    Attributes
    ----------
    label : str
        The word for a highlight.
    params : Style
        The corner and the size of the overlay.
    font : Font
        The font of its text.
    frame : FrameFormat
        The frame format of the reel.
    area : Rectangle
        The part of the frame that the overlay is drawn in.
    """

    label: str
    params: Style
    font: Font
    frame: FrameFormat
    area: Rectangle


def choose_style(config: RenderConfig, frame: FrameFormat, arrangements: Sequence[Arrangement]) -> OverlayStyle:
    """Choose the style of a reel's overlay. It is drawn in the lowest pane, so never over a separate face camera.

    Raises
    ------
    UserError
        If the font cannot be used.
    """
    font = fonts.load(config.font or fonts.BOLD)
    lowest = max((arrangement.panes[-1].target for arrangement in arrangements), key=lambda target: target.y)
    return OverlayStyle(config.label, config.render.style, font, frame, lowest)


def script(
    style: OverlayStyle,
    moments: Sequence[tuple[float, float]] | None,
    start: float,
    duration: float,
    title: str | None,
    title_lasts: float,
) -> str:
    """Write the overlay of a segment: the probability as text and as a bar from green to red, the time, and a title.

    Parameters
    ----------
    style : OverlayStyle
        The style of the overlay.
    moments : sequence of (float, float) or None
        The time of each moment, seconds from the start of the segment, and its probability, which holds until the next
        one. The first time is 0 or negative. None draws the title only.
    start : float
        Start of the segment, seconds in the VOD.
    duration : float
        Length of the segment, seconds.
    title : str or None
        The title over its first seconds, if there is one.
    title_lasts : float
        How long the title is shown, seconds. It may be longer than the segment.

    Returns
    -------
    str
        A script in the ASS format.
    """
    text_width = FONT_SIZE * style.font.width(f"{_plain(style.label)} 100%")
    clock_width = CLOCK_SIZE * style.font.width(_clock(start + duration))
    bar_width = max(BAR_WIDTH, round(text_width + GAP + clock_width))
    panel_width = bar_width + 2 * PADDING[0]
    # Units per pixel: more of them, which makes everything smaller, if the panel would not fit into its area.
    unit = SHORTER / min(style.frame.width, style.frame.height) / style.params.size
    unit = max(
        unit, (panel_width + 2 * MARGIN[0]) / style.area.width, (PANEL_HEIGHT + 2 * MARGIN[1]) / style.area.height
    )
    events: list[SSAEvent] = []
    if moments is not None:
        events += _panel(style, unit, bar_width, moments, start, duration)
    if title:
        events.append(_title(_plain(title), style, unit, title_lasts))
    return _script(style, unit, events)


def _script(style: OverlayStyle, unit: float, events: Sequence[SSAEvent]) -> str:
    subtitles = SSAFile()
    subtitles.info |= {
        "PlayResX": str(round(style.frame.width * unit)),
        "PlayResY": str(round(style.frame.height * unit)),
        # Break lines only at explicit line breaks.
        "WrapStyle": "2",
    }
    text = SSAStyle(
        style.font.family, FONT_SIZE, bold=style.font.bold, outline=2, shadow=0, alignment=Alignment.TOP_LEFT,
        marginl=0, marginr=0, marginv=0,
    )  # fmt: skip
    subtitles.styles = {
        "Text": text,
        "Clock": replace(text, fontsize=CLOCK_SIZE, alignment=Alignment.TOP_RIGHT),
        "Title": replace(text, outline=4, alignment=Alignment.MIDDLE_CENTER),
        "Shape": replace(text, bold=False, outline=0),
    }
    subtitles.events = list(events)
    return subtitles.to_string("ass", header_notice="")


def _panel(
    style: OverlayStyle,
    unit: float,
    bar_width: int,
    moments: Sequence[tuple[float, float]],
    start: float,
    duration: float,
) -> Iterator[SSAEvent]:
    """Write the panel with label, probability, bar and time; `unit` is the number of units per pixel."""
    label, area, panel_width = _plain(style.label), style.area, bar_width + 2 * PADDING[0]
    left, top = area.x * unit + MARGIN[0], area.y * unit + MARGIN[1]
    if "right" in style.params.position:
        left += area.width * unit - 2 * MARGIN[0] - panel_width
    if "bottom" in style.params.position:
        top += area.height * unit - 2 * MARGIN[1] - PANEL_HEIGHT
    left, top = round(left), round(top)
    inside, below = (left + PADDING[0], top + PADDING[1]), (left + PADDING[0], top + BAR_BELOW)
    # Half-transparent black in the background, because a game may show its own numbers in the same place.
    panel = _rectangle((left, top), panel_width, PANEL_HEIGHT, "&H000000&", "\\1a&H70&")
    yield _line(0, 0.0, duration, "Shape", panel)
    ends = [time for time, _ in moments[1:]] + [duration]
    for (time, probability), end in zip(moments, ends, strict=True):
        time, end = max(time, 0.0), min(end, duration)
        if time >= end:
            continue
        colour = _colour(probability)
        bar = _rectangle(below, max(2, round(bar_width * probability)), BAR_HEIGHT, colour)
        yield _line(1, time, end, "Shape", bar)
        yield _line(2, time, end, "Text", f"{_at(inside, colour)}{label} {probability:.0%}")
    place = (inside[0] + bar_width, inside[1] + CLOCK_BELOW)
    for second in range(int(start), int(start + duration) + 1):
        time, end = max(0.0, second - start), min(duration, second + 1 - start)
        if time < end:
            yield _line(2, time, end, "Clock", f"{_at(place, WHITE)}{_clock(second)}")


def _title(title: str, style: OverlayStyle, unit: float, lasts: float) -> SSAEvent:
    """Write a title in the middle of the area that the panel leaves free, in as many lines as it needs."""
    area, taken = style.area, PANEL_HEIGHT + 2 * MARGIN[1]
    room, height = TITLE_SHARE * area.width * unit, TITLE_SHARE * (area.height * unit - taken)
    widest = max([1.0, *(style.font.width(word) for word in title.split())])
    # Lines are rarely full, so use only 80 % of the size at which the text would fill the room.
    size = min(TITLE_SIZE, room / widest, (room * height / max(1.0, style.font.width(title))) ** 0.5 * 0.8, height)
    middle = (area.y + area.height / 2) * unit + (-taken if "bottom" in style.params.position else taken) / 2
    place = round((area.x + area.width / 2) * unit), round(middle)
    margin = round((style.frame.width * unit - room) / 2)
    text = _at(place, WHITE, f"\\fs{size:.1f}\\q0\\fad(0,300)") + title
    return _line(3, 0.0, lasts, "Title", text, margin)


def track(label: str, placed: Sequence[ReelSegment], moments: Sequence[np.ndarray]) -> str:
    """Write the subtitles of a reel: label, probability and time in the VOD, slow enough to be read.

    Parameters
    ----------
    label : str
        The word for a highlight.
    placed : sequence of ReelSegment
        The segments of the reel.
    moments : sequence of ndarray of float64, shape (moments, 2)
        The moments of each segment, from `reel.moments`.

    Returns
    -------
    str
        A script in the ASS format.
    """
    events: list[SSAEvent] = []
    # An MP4 shows one subtitle at a time; in a crossfade, that of the next segment.
    ends = [*(part.reel_start for part in placed[1:]), placed[-1].reel_end]
    for part, end, (times, probabilities) in zip(placed, ends, (of_segment.T for of_segment in moments), strict=True):
        length = end - part.reel_start
        changes: list[tuple[float, str]] = []
        # A subtitle may begin with the segment, and then at each multiple of READABLE in the VOD, so at whole seconds.
        steps = range(int(part.start / READABLE) + 1, math.ceil((part.start + length) / READABLE))
        for time in (part.start, *(step * READABLE for step in steps)):
            moment = max(0, np.searchsorted(times, time - part.start + 1e-6) - 1)
            text = f"{_plain(label)} {probabilities[moment]:.0%}  {_clock(time)}"
            if not changes or text != changes[-1][1]:
                changes.append((time, text))
        for (time, text), (until, _) in itertools.pairwise([*changes, (part.start + length, "")]):
            begin, stop = (part.reel_start + at - part.start for at in (time, until))
            events.append(_line(0, begin, stop, "Default", text))
    subtitles = SSAFile()
    subtitles.events = events
    return subtitles.to_string("ass", header_notice="")


def _at(place: tuple[int, int], colour: str, tags: str = "") -> str:
    x, y = place
    return f"{{\\pos({x},{y})\\c{colour}{tags}}}"


def _rectangle(place: tuple[int, int], width: int, height: int, colour: str, tags: str = "") -> str:
    start = _at(place, colour, tags + "\\p1")
    return f"{start}m 0 0 l {width} 0 {width} {height} 0 {height}"


def _line(layer: int, start: float, end: float, style: str, text: str, margin: int = 0) -> SSAEvent:
    # The format has a resolution of a hundredth of a second; SSAEvent counts milliseconds.
    begin, stop = (10 * round(100 * seconds) for seconds in (start, end))
    return SSAEvent(begin, stop, text, layer=layer, style=style, marginl=margin, marginr=margin)


def _colour(probability: float) -> str:
    """Colour a probability, from green (0) over yellow to red (1), in the notation of ASS: blue, green, red."""
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb((1 - probability) / 3, 0.85, 0.95))
    return f"&H{blue:02X}{green:02X}{red:02X}&"


def _plain(text: str) -> str:
    """Put text into one line, without characters that ASS would take for commands."""
    return " ".join(text.split()).replace("\\", "/").replace("{", "(").replace("}", ")")


def _clock(seconds: float) -> str:
    """Format a time as h:mm:ss."""
    return "{}:{:02}:{:02}".format(*reel.units(seconds))
