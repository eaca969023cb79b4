"""Which videos a playlist, a channel or its page of clips has."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.utils import unsmuggle_url

from autotosis.fetch import downloading
from autotosis.project import names, params
from autotosis.project.errors import UserError
from autotosis.project.videos_params import Fetch

MAX_NAME_LENGTH = 60


@dataclass(frozen=True)
class Entry:
    """A video of a list: its address, its title, and the date of its publication as YYYY-MM-DD, or empty."""

    url: str
    title: str
    date: str


def entries(url: str, limits: Fetch, cookies: Path | None, dated: bool) -> Iterator[Entry]:
    """List the videos that a link leads to, in the order of the page. One without a web address is left out.

    Parameters
    ----------
    url : str
        The address of a playlist, a channel, a page of clips, or a video.
    limits : Fetch
        The section `fetch` of params.yaml: the pause between requests.
    cookies : Path or None
        A file of cookies.
    dated : bool
        Whether to look at the page of each video whose date the list does not say; if that fails, it is left out, and
        a line says why.

    Raises
    ------
    UserError
        If the list cannot be read.
    """
    options = downloading.settings(limits, cookies)
    try:
        with YoutubeDL(options | {"extract_flat": "in_playlist"}) as program:
            info = program.extract_info(url, download=False)
            for video in _videos({**info, "url": info.get("webpage_url")}):
                address = unsmuggle_url(video.get("url") or video.get("webpage_url") or url)[0]
                try:
                    params.web_address(address)
                except ValueError:
                    # yt-dlp has names of its own for videos of some sites, such as wistia:807fafadvk.
                    print(f"{names.printable(address)}: left out, because it is not a web address", flush=True)
                    continue
                date = _date(video)
                if dated and not date:
                    try:
                        date = _date(program.extract_info(address, download=False))
                    except downloading.FAILURES as error:
                        print(f"{address}: left out, because {downloading.problem(error)}", flush=True)
                        continue
                yield Entry(address, str(video.get("title") or video.get("id") or "video"), date)
    except downloading.FAILURES as error:
        raise UserError(f"{url}: {downloading.problem(error)}") from None


def name_of(entry: Entry, taken: set[str]) -> str:
    """Return a name for a video that is not taken: its date and title in plain letters."""
    plain = unicodedata.normalize("NFKD", entry.title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", f"{entry.date} {plain}")[:MAX_NAME_LENGTH].strip("-") or "video"
    name, number = words, 2
    while name in taken:
        name, number = f"{words}-{number}", number + 1
    return name


def _videos(info: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """List the videos in what yt-dlp found: a video, or a list, which may contain lists, as that of a channel does."""
    if "entries" not in info:
        yield info
    # A list that contains itself is left out by yt-dlp, as None.
    for entry in filter(None, info.get("entries", ())):
        yield from _videos(entry)


def _date(info: dict[str, Any]) -> str:
    if info.get("upload_date"):
        return downloading.day(info["upload_date"])
    moment = info.get("timestamp") or info.get("release_timestamp")
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d") if moment else ""
