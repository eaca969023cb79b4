"""The chat of a VOD, as TwitchDownloader or yt-dlp saves it: when each message was written."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from autotosis.project import files
from autotosis.project.errors import UserError

# The largest plausible chat (bytes): that of a day with three messages a second.
MAX_BYTES = 500_000_000
# No recording is longer than a week (seconds).
MAX_SECONDS = 7 * 86_400.0
# The keys of both formats on the way to the time of a message. Nothing else is kept in memory.
TWITCH = ("comments", "content_offset_seconds")
YOUTUBE = ("replayChatItemAction", "videoOffsetTimeMsec", "actions", "addChatItemAction")


def read_chat(path: Path | None) -> np.ndarray:
    """Read when the messages of a chat were written.

    Parameters
    ----------
    path : Path or None
        JSON of TwitchDownloader, or lines of JSON, one a message, of yt-dlp (YouTube). None counts as an empty chat.

    Returns
    -------
    ndarray of float64, shape (messages,)
        The times, seconds in the VOD, in ascending order. What was written before the VOD began is left out.

    Raises
    ------
    UserError
        If the file is too large or malformed.
    """
    if path is None:
        return np.zeros(0)
    files.check_regular(path)
    if path.stat().st_size > MAX_BYTES:
        raise UserError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB; save the chat again without embedded images")
    try:
        times = np.fromiter(_times(path), np.float64)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        times = np.array([np.nan])
    # NaN is not in this range either.
    if not (abs(times) < MAX_SECONDS).all():
        raise UserError(
            f"{path}: not a chat as TwitchDownloader (JSON) or yt-dlp (live_chat) saves it; save it again or remove it"
        )
    return np.sort(times[times > 0])


def _times(path: Path) -> Iterator[float]:
    # The structure of JSON is ASCII, and what the messages say does not matter. Latin-1 needs one byte a character.
    text = path.read_text(encoding="latin-1").removeprefix("\u00ef\u00bb\u00bf")
    if '"replayChatItemAction"' not in text:
        for comment in json.loads(text, object_hook=_needed)["comments"]:
            yield float(comment["content_offset_seconds"])
        return
    for line in filter(str.strip, text.split("\n")):
        event = json.loads(line, object_hook=_needed)
        # The time is inside the action in replays, and beside it in chats that were saved live.
        event |= event.get("replayChatItemAction", {})
        if any("addChatItemAction" in action for action in event.get("actions", [])):
            yield float(event["videoOffsetTimeMsec"]) / 1000


def _needed(values: dict[str, Any]) -> dict[str, Any]:
    return {key: values[key] for key in (*TWITCH, *YOUTUBE) if key in values}
