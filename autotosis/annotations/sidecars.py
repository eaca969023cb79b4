"""Files beside a VOD, which belong to it: its markers, its chat, and clips that a replay buffer saved meanwhile."""

import re
import reprlib
from datetime import datetime, timedelta
from pathlib import Path

from autotosis.project import files, tables
from autotosis.project.errors import UserError

MARKERS = ".markers.csv"
# The chat, as the user calls what TwitchDownloader saves, and as yt-dlp calls that of YouTube.
CHATS = (".chat.json", ".live_chat.json")
# As OBS names what its replay buffer saves, unless told otherwise.
REPLAY = "Replay"
# As OBS names recordings: when they began; and replays: when they were saved, at their end.
NAMED_BY_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[ _T-](\d{2})-(\d{2})-(\d{2})")
# The largest plausible table of markers (bytes).
MAX_MARKERS_BYTES = 1_000_000
MAX_RECORDING = timedelta(days=1)


def place(video: Path, ending: str) -> Path:
    """Return the path that a file which belongs to a VOD has, if it exists, such as vods/monday.markers.csv for
    vods/monday.mp4 or vods/monday/."""
    return video.with_name((video.name if video.is_dir() else video.stem) + ending)


def find(video: Path, ending: str) -> Path | None:
    """Return the path of a file that belongs to a VOD, or None if there is no such file."""
    path = place(video, ending)
    return path if path.is_file() else None


def chat(video: Path) -> Path | None:
    """Return the path of the chat of a VOD, or None if there is none."""
    return next((path for ending in CHATS if (path := find(video, ending))), None)


def is_replay(path: Path) -> bool:
    """Return whether a file is a clip that a replay buffer saved."""
    return path.name.startswith(REPLAY) and _named_time(path) is not None


def replays(video: Path) -> list[tuple[Path, float]]:
    """List the replays in the folder of a VOD that may have been saved while it was recorded.

    Both must be named after their times, as OBS does.

    Returns
    -------
    list of (Path, float)
        Each replay, and when it ends in the VOD (seconds), in the order of time. The VOD may have ended before.
    """
    begun = _named_time(video)
    if begun is None:
        return []
    clips = []
    for path in video.parent.glob(f"{REPLAY}*"):
        saved = _named_time(path)
        if path.is_file() and saved is not None and begun < saved < begun + MAX_RECORDING:
            clips.append((path, (saved - begun).total_seconds()))
    return sorted(clips, key=lambda pair: (pair[1], pair[0]))


def read_markers(path: Path) -> list[float]:
    """Read the stream markers that Twitch exports: their times, seconds in the VOD.

    Each row has a time such as 1:02:05, who set the marker, and what they wrote; there may be a header, in which the
    first column has no digit. UserError if a row begins with anything else. https://help.twitch.tv/s/article/creating-highlights-and-stream-markers
    """
    lines = files.read_text(path, MAX_MARKERS_BYTES).split("\n")
    times = []
    for number, fields in tables.split_rows(path, lines, strict=False):
        time = tables.clock(fields[0]) if fields else None
        if time is not None:
            times.append(time)
        elif fields and (number > 1 or re.search(r"\d", fields[0])):
            raise UserError(f"{path} row {number}: {reprlib.repr(fields[0])} is not a time such as 1:02:05")
    return times


def _named_time(path: Path) -> datetime | None:
    match = NAMED_BY_TIME.search(path.name)
    try:
        return datetime.strptime(" ".join(match.groups()), "%Y-%m-%d %H %M %S") if match else None
    except ValueError:
        return None
