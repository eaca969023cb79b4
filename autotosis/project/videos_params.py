"""The parameters of params.yaml about where videos come from, and which of their sound tracks are used."""

import re
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from autotosis.project import names
from autotosis.project.section import Count, Seconds, Section

# Names in reels/ and reels/metrics/ that are not those of VODs.
RESERVED = {"all", "best", "metrics", "timelines"}
# The name of a VOD, or of a video that is downloaded.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def _no_track_twice(hear: list[int]) -> list[int]:
    if len(set(hear)) < len(hear):
        raise ValueError("a track can be heard only once")
    return hear


class Tracks(Section):
    """The sound tracks of a video to use, counted from 1; None means the default track."""

    judge: Count | None = None
    hear: Annotated[list[Count], Field(min_length=1), AfterValidator(_no_track_twice)] | None = None

    @property
    def judged(self) -> list[int]:
        """The track that the model uses, as a list; empty means the default track."""
        return [self.judge] if self.judge else []

    @property
    def heard(self) -> list[int]:
        """The tracks that are heard in the reel; empty means the default track."""
        return self.hear or []


def inside_the_folder(file: str) -> str:
    """Return the name of a file inside the streamer's folder; ValueError if it leads outside or names none."""
    if not names.is_inside(file):
        raise ValueError("name a file or folder inside the streamer's folder")
    return file


class Fetch(Section):
    height: Annotated[int, Field(ge=144, le=4320)]
    rate: Annotated[float, Field(gt=0)] | None
    pause: Seconds
    retries: Annotated[int, Field(ge=0, le=20)]
    cookies: Annotated[str, AfterValidator(inside_the_folder)] | None


class Watch(Section):
    quiet: Annotated[float, Field(gt=0, le=86_400)]
    free_space: Annotated[float, Field(ge=0)]
    delete: Literal["nothing", "unused"]


def _names(vods: object) -> object:
    spelling: dict[str, str] = {}
    for name in vods if isinstance(vods, dict) else []:
        # YAML takes some names for dates and numbers.
        if not isinstance(name, str):
            raise ValueError(f"the name {name} must be in quotes: '{name}'")
        if not NAME.fullmatch(name):
            raise ValueError(f"the name {name!r} must consist of letters, digits, - and _, and not begin with - or _")
        # Each name is a folder in reels/, and some file systems ignore case.
        if name.lower() in RESERVED:
            raise ValueError(f"the name {name} is reserved; choose another one")
        if (other := spelling.setdefault(name.lower(), name)) != name:
            raise ValueError(f"the names {other} and {name} must differ by more than upper and lower case")
    return vods


def _file_of_vod(file: str) -> str:
    # DVC reads `vods` itself, and knows no patterns there.
    if "*" in file:
        raise ValueError("a pattern belongs in `recordings`")
    # Tables spell file names in this way.
    return str(PurePosixPath(in_vods(file)))


def pattern_of_files(pattern: str) -> str:
    """Return a pattern of files inside the streamer's folder; ValueError if it is malformed."""
    if any("**" in part and part != "**" for part in PurePosixPath(pattern).parts):
        raise ValueError("** must stand alone between slashes, as in vods/**/*.mkv")
    return in_vods(pattern)


def in_vods(file: str) -> str:
    """Return the name of a file or folder in vods/ of the streamer's folder; ValueError if it is anywhere else."""
    parts = PurePosixPath(inside_the_folder(file)).parts
    # DVC only notices there that a chat, markers or replays were added beside a recording.
    if len(parts) < 2 or parts[0] != "vods":
        raise ValueError("it must be in vods/ of the streamer's folder, as vods/monday.mp4 and vods/*.mkv are")
    return file


Vods = Annotated[dict[str, Annotated[str, AfterValidator(_file_of_vod)]], BeforeValidator(_names)]


class FoundVods(Section):
    """What vods.yaml holds: recordings that are VODs, and those that no longer are, but whose reels, if any, stay."""

    vods: Vods
    kept: Vods = {}
