"""Downloading one video with yt-dlp: politely, and going on where an earlier attempt stopped."""

import errno
import logging
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import LoadError
from pathlib import Path
from typing import Any

import imageio_ffmpeg
from yt_dlp import YoutubeDL
from yt_dlp.cookies import YoutubeDLCookieJar
from yt_dlp.networking.exceptions import HTTPError, TransportError
from yt_dlp.postprocessor.ffmpeg import FFmpegPostProcessor
from yt_dlp.utils import YoutubeDLError, download_range_func

from autotosis.annotations.sources import FOLDERS
from autotosis.project import names
from autotosis.project.errors import UserError, error_sentence
from autotosis.project.progress import ProgressBar
from autotosis.project.videos_params import Fetch

MEGABYTE = 1e6
# HTTP statuses after which the same request may succeed later: too slow, too early, too many requests, and whatever is
# the server's own fault.
TEMPORARY = {408, 425, 429, *range(500, 600)}
# Errors for a full disk, a used-up quota, and a file that is too large for its file system, such as FAT.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# A server may ask for a longer pause than we would make, but not for a longer one than this (seconds).
MAX_PAUSE = 600.0
# yt-dlp's names for streams that are live, have not begun, or are not complete yet.
UNFINISHED = {"is_live", "is_upcoming", "post_live"}
SECONDS_WITHOUT_ANSWER = 30
# The folders whose files git ignores, because DVC keeps them.
KEPT_BY_DVC = {*FOLDERS.values(), "music"}
# What yt-dlp raises; ValueError is for bad addresses, including those that a site redirects to.
FAILURES = (YoutubeDLError, ValueError)
# How yt-dlp's message begins if a download or FFmpeg ended too early; it does not keep the cause of these.
ENDED_EARLY = ("[download] Got error: ", "ffmpeg exited with code ")
# What yt-dlp prints is not shown, since errors are raised as well.
SILENT = logging.getLogger("yt-dlp")
SILENT.disabled = True


class Temporary(UserError):
    """A download that failed, and may succeed later."""


@dataclass(frozen=True)
class Downloaded:
    """A file, and what its web page says of it: the page's address, the title, and the date as YYYY-MM-DD, or empty."""

    file: Path
    page: str
    title: str
    date: str


def find_cookies(folder: Path, limits: Fetch) -> Path | None:
    """Return the file of cookies in a streamer's folder, or None if `fetch.cookies` is null.

    UserError if there is no such file, it has another format, or git or DVC would keep it. yt-dlp writes into it.
    """
    if limits.cookies is None:
        return None
    path = folder / limits.cookies
    if not path.is_file():
        raise UserError(f"params.yaml: fetch.cookies names {path}, but there is no such file")
    if Path(limits.cookies).parts[0] in KEPT_BY_DVC:
        raise UserError(f"{path}: cookies are secret, and DVC pushes what is in this folder; move the file out of it")
    # Outside of the project, there may be no repository, and git itself fails.
    inside = path.resolve().is_relative_to(Path.cwd())
    # git refuses to look at what another user owns, such as a project that is mounted into a container.
    command = ["git", "-c", "safe.directory=*", "check-ignore", "--quiet", "--", path.name]
    code = subprocess.run(command, cwd=path.parent, stderr=None if inside else subprocess.DEVNULL).returncode
    if code == 1 or (code and inside):
        raise UserError(f"{path}: cookies are secret, and git would commit this file; add it to .gitignore")
    try:
        YoutubeDLCookieJar(str(path)).load()
    except (LoadError, ValueError):
        raise UserError(f"{path}: not cookies in Netscape's format; export them again as cookies.txt") from None
    return path


def settings(limits: Fetch, cookies: Path | None) -> dict[str, Any]:
    """Return the settings that every use of yt-dlp shares."""
    return {
        "logger": SILENT,
        "quiet": True,
        "noprogress": True,
        "cachedir": False,
        "cookiefile": str(cookies) if cookies else None,
        "socket_timeout": SECONDS_WITHOUT_ANSWER,
        "sleep_interval_requests": limits.pause,
    }


def download(
    url: str, stretch: tuple[float, float] | None, folder: Path, name: str, limits: Fetch, cookies: Path | None
) -> Downloaded:
    """Download a video into a folder of its own.

    Parameters
    ----------
    url : str
        Its web address.
    stretch : (float, float) or None
        Which part of it, seconds; None is all of it.
    folder : Path
        The folder. If an earlier attempt was interrupted, what it left there is continued.
    name : str
        What it is called in messages.
    limits : Fetch
        The section `fetch` of params.yaml.
    cookies : Path or None
        A file of cookies.

    Raises
    ------
    Temporary
        If it failed, and may succeed later.
    UserError
        If it failed, and will fail again.
    OSError
        If the disk is full; `filename` is the folder.
    """
    options = settings(limits, cookies) | {
        "outtmpl": {"default": f"{folder.as_posix()}/video.%(ext)s"},
        "format": f"bv*[height<=?{limits.height}]+ba/b[height<=?{limits.height}]",
        "noplaylist": True,
        "ffmpeg_location": imageio_ffmpeg.get_ffmpeg_exe(),
        "ratelimit": limits.rate * MEGABYTE if limits.rate else None,
        # yt-dlp would retry silently, so `download` retries instead and says so.
        "retries": 0,
        "fragment_retries": 0,
        "extractor_retries": 0,
        # A part that is missing would be a gap in the video.
        "skip_unavailable_fragments": False,
        "match_filter": _check_info,
    }
    if stretch:
        # As yt-dlp's own command line does: a downloader of stretches looks nowhere else.
        FFmpegPostProcessor._ffmpeg_location.set(imageio_ffmpeg.get_ffmpeg_exe())
        options |= {"download_ranges": download_range_func(None, [stretch]), "force_keyframes_at_cuts": True}
    for attempt in range(limits.retries + 1):
        try:
            return _attempt(url, options, name)
        except FAILURES as error:
            for full in _causes(error):
                if isinstance(full, OSError) and full.errno in FULL:
                    raise OSError(full.errno, full.strerror, str(folder)) from None
            cause = problem(error)
            if not isinstance(cause, Temporary) or attempt == limits.retries:
                raise cause from None
            pause = min(max(limits.pause * 2**attempt, _retry_after(error)), MAX_PAUSE)
            print(f"{name}: {cause}; trying again in {pause:g} s", flush=True)
            time.sleep(pause)
    raise AssertionError


def _check_info(info: dict[str, Any], incomplete: bool = False) -> str | None:
    """Say why a video is not to be downloaded, before that begins; `Temporary` for an unfinished stream."""
    # What there is so far would count as the whole stream.
    if info.get("is_live") or info.get("live_status") in UNFINISHED:
        raise Temporary("the stream is not over, or not yet complete")
    return "one of several videos" if info.get("playlist_index") else None


def _attempt(url: str, options: dict[str, Any], name: str) -> Downloaded:
    with _Progress(name) as progress, YoutubeDL(options | {"progress_hooks": [progress.show]}) as program:
        info = program.extract_info(url)
    if not info or "entries" in info:
        raise UserError("the link leads to several videos; add them to the table with `python -m autotosis.fetch`")
    file = Path(info["requested_downloads"][0]["filepath"])
    text = {key: _line(info.get(key) or "") for key in ("webpage_url", "title", "upload_date")}
    return Downloaded(file, text["webpage_url"], text["title"], day(text["upload_date"]))


def _line(words: object) -> str:
    """Return the words of a site as one line that can be printed and saved."""
    return names.printable(" ".join(str(words).split()))


def day(date: str) -> str:
    """Write a date of yt-dlp, which is YYYYMMDD or empty, as YYYY-MM-DD or empty."""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if date else ""


class _Progress:
    """The progress of a download in megabytes, as soon as its size is known."""

    def __init__(self, name: str):
        self.name = name
        self.bar: ProgressBar | None = None

    def __enter__(self) -> "_Progress":
        return self

    def show(self, status: dict[str, Any]) -> None:
        """Show what yt-dlp reports."""
        total = status.get("total_bytes") or status.get("total_bytes_estimate")
        if total and total > MEGABYTE and self.bar is None:
            self.bar = ProgressBar(f"fetch {self.name}", total / MEGABYTE, "MB")
        if self.bar:
            self.bar.advance(max(0.0, status.get("downloaded_bytes", 0) / MEGABYTE - self.bar.done))

    def __exit__(self, *error: Any) -> None:
        if self.bar:
            self.bar.__exit__(*error)


def problem(error: Exception) -> UserError:
    """Turn an error of yt-dlp into a sentence; `Temporary` if trying again may help."""
    causes = list(_causes(error))
    words = _line(str(error).removeprefix("ERROR:"))
    # For a fragment of a stream, yt-dlp keeps only the text of the error.
    match = re.match(r"\[download\] Got error: HTTP Error (\d+)", words)
    status = int(match[1]) if match else next((cause.status for cause in causes if isinstance(cause, HTTPError)), None)
    if status in TEMPORARY:
        return Temporary(f"the server answered {status}" + (" (too many requests)" if status == 429 else ""))
    if status:
        return UserError(f"the server answered {status}" + (", so the link is dead" if status in (404, 410) else ""))
    # requests' InvalidURL is both an OSError and a ValueError; a bad address stays bad.
    system = [cause for cause in causes if isinstance(cause, OSError) and not isinstance(cause, ValueError)]
    if words.startswith(ENDED_EARLY) or any(isinstance(cause, TransportError) for cause in causes):
        return Temporary("the connection failed" + (f" ({error_sentence(system[-1])})" if system else ""))
    if system:
        return Temporary(error_sentence(system[-1]))
    # yt-dlp recommends options of its own.
    if "--cookies" in words:
        return UserError(
            "the site asks for a login; export its cookies, and name the file as fetch.cookies in params.yaml"
        )
    return UserError(words.partition(" (caused by ")[0].partition("; please report")[0])


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what caused it: yt-dlp keeps that in attributes of its own."""
    seen: set[int] = set()
    pending = [error]
    while pending:
        cause = pending.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            info = getattr(cause, "exc_info", None) or (None, None, None)
            pending += [info[1], getattr(cause, "cause", None), cause.__cause__, cause.__context__]


def _retry_after(error: Exception) -> float:
    """Return the pause that the server asked for (seconds), or 0."""
    answers = (cause.response for cause in _causes(error) if isinstance(cause, HTTPError))
    asked = next((answer.headers.get("Retry-After", "") for answer in answers), "")
    return float(asked) if asked.isdecimal() else 0.0
