"""The text to publish with a reel: what it shows, its chapters, and where in the VOD each of them is."""

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from autotosis.project import files
from autotosis.reel import reel
from autotosis.reel.reel import ReelSegment


def write(path: Path, label: str, placed: Sequence[ReelSegment]) -> None:
    """Write a description that can be pasted below the reel.

    YouTube turns lines that begin with a time in the reel into chapters. The first must be 0:00, and there must be at
    least three, each at least ten seconds long. https://support.google.com/youtube/answer/9884579
    It refuses texts of over 5,000 bytes, which are left to the user to shorten, and those with < or >.
    https://developers.google.com/youtube/v3/docs/videos#snippet.description

    Parameters
    ----------
    path : Path
        The text file to write.
    label : str
        The word for a highlight.
    placed : sequence of ReelSegment
        The segments of the reel, at least one.
    """
    # Times in the VOD are not written as 1:02:15, because YouTube would take them for times in the reel.
    length, vods = spelt(placed[-1].reel_end), list(dict.fromkeys(part.vod for part in placed))
    moments, several = "moment" if len(placed) == 1 else "moments", len(vods) > 1
    source = f"{len(vods)} VODs" if several else vods[0].name
    whole = spelt(sum(vod.recording.duration for vod in vods))
    label = " ".join(label.split()).replace("<", "‹").replace(">", "›")
    lines = [f"{label}: {len(placed)} {moments} of {source}, {length} of {whole}", ""]
    for part in placed:
        place = f"{part.vod.name} at {spelt(part.start)}" if several else spelt(part.start)
        # YouTube only understands whole seconds.
        line = f"{reel.clock(round(part.reel_start))} from {place}{reel.percentage(part)}"
        lines.append(f"{line} {link(part.vod.url, part.start)}" if part.vod.url else line)
    files.write_bytes(path, "".join(f"{line}\n" for line in lines).encode())


def spelt(seconds: float) -> str:
    """Format a time as 2m15s or 1h2m15s, as in links to Twitch."""
    hour, minute, second = reel.units(seconds)
    return f"{hour}h{minute}m{second}s" if hour else f"{minute}m{second}s"


def link(url: str, seconds: float) -> str:
    """Make a link to a time in a video on Twitch or YouTube; on other sites, to the video itself."""
    parts = urlsplit(url)
    place = re.sub(r"^(www|m|music)\.", "", parts.hostname or "") + parts.path
    if twitch := re.fullmatch(r"twitch\.tv/(?:videos|\w+/v(?:ideo)?)/(\d+)/?", place):
        return f"https://www.twitch.tv/videos/{twitch[1]}?t={spelt(seconds)}"
    if place == "youtube.com/watch":
        video = parse_qs(parts.query).get("v", [""])[0]
    else:
        youtube = re.fullmatch(r"(?:youtube\.com/(?:live|shorts|embed)|youtu\.be)/([\w-]+)/?", place)
        video = youtube[1] if youtube else ""
    # A query may hold any character.
    if not re.fullmatch(r"[\w-]+", video):
        return url
    return f"https://www.youtube.com/watch?v={video}&t={int(seconds + 1e-6)}s"
