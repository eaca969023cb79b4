"""The parameters of params.yaml about where videos come from, and which of their sound tracks are used."""

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from autotosis.project.section import Count, Seconds, Section

# Names in reels/ and reels/metrics/ that are not those of VODs.
RESERVED = {"all", "best", "metrics", "timelines"}


class Tracks(Section):
    """The sound tracks of a video to use, counted from 1. None is the one marked default."""

    judge: Count | None = None
    hear: Annotated[list[Count], Field(min_length=1)] | None = None

    @field_validator("hear")
    @classmethod
    def _each_once(cls, hear: list[int] | None) -> list[int] | None:
        if hear and len(set(hear)) < len(hear):
            raise ValueError("a track can be heard only once")
        return hear

    @property
    def judged(self) -> list[int]:
        """The sound track that is judged; none is the default one."""
        return [self.judge] if self.judge else []

    @property
    def heard(self) -> list[int]:
        """The sound tracks that are heard in the reel; none is the default one."""
        return self.hear or []


class Fetch(Section):
    height: Annotated[int, Field(ge=144, le=4320)]
    rate: Annotated[float, Field(gt=0)] | None
    pause: Seconds
    retries: Annotated[int, Field(ge=0, le=20)]
    cookies: str | None

    @field_validator("cookies")
    @classmethod
    def _inside_the_folder(cls, cookies: str | None) -> str | None:
        return None if cookies is None else inside_the_folder(cookies)


class Watch(Section):
    quiet: Annotated[float, Field(gt=0, le=86_400)]
    free_space: Annotated[float, Field(ge=0)]
    delete: Literal["nothing", "unused"]


def _named_in_one_way(vods: dict[str, str]) -> dict[str, str]:
    # Each name is a folder in reels/, and some file systems ignore case.
    if len({name.lower() for name in vods} | RESERVED) < len(vods) + len(RESERVED):
        raise ValueError(
            "two names are the same, or one of them is all, best, metrics or timelines, which are reserved"
        )
    for file in vods.values():
        _no_pattern(file)
        in_vods(file)
    # Tables spell file names in this way.
    return {name: str(PurePosixPath(file)) for name, file in vods.items()}


def _no_pattern(value: object) -> object:
    # YAML takes some names for dates and numbers.
    if isinstance(value, dict) and (other := next((key for key in value if not isinstance(key, str)), None)):
        raise ValueError(f"the name {other} must be in quotes: '{other}'")
    # DVC reads `vods` itself, and knows no patterns there.
    if isinstance(value, str) and "*" in value:
        raise ValueError(f"{value} is a pattern, which belongs in `recordings`")
    return value


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
        raise ValueError(f"{file} is no file in vods/ of the streamer's folder, such as vods/monday.mp4 or vods/*.mkv")
    return file


def inside_the_folder(file: str) -> str:
    """Return the name of a file inside the streamer's folder; ValueError if it leads outside or names none."""
    path = PurePosixPath(file)
    if str(path) == "." or path.is_absolute() or ".." in path.parts or not file.isprintable():
        raise ValueError("name a file or folder inside the streamer's folder, such as vods/monday.mp4")
    return file


Vods = Annotated[
    dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")], str],
    BeforeValidator(_no_pattern),
    AfterValidator(_named_in_one_way),
]


class FoundVods(Section):
    """What vods.yaml holds: recordings that are VODs, and those that no longer are, but whose reels are kept."""

    vods: Vods
    kept: Vods = {}
