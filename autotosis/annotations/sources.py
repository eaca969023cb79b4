"""sources.csv: links to clips and VODs; and .fetched.csv in clips/ and vods/: where each downloaded video came from."""

import reprlib
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from pathlib import Path, PurePosixPath

from autotosis.project import files, params, tables
from autotosis.project.videos_params import NAME

COLUMNS, OPTIONAL = ("url", "kind", "name"), ("start", "end")
FOLDERS = {"clip": "clips", "vod": "vods"}


@dataclass(frozen=True)
class Source:
    """A row of sources.csv.

    Attributes
    ----------
    url : str
        The web address of a video.
    kind : str
        "clip" or "vod".
    name : str
        What the file is to be called, without its ending.
    start, end : float or None
        For a clip that is a stretch of a VOD: the stretch, seconds in the VOD.
    row : tables.Row
        The row, for error messages.
    """

    url: str
    kind: str
    name: str
    start: float | None
    end: float | None
    row: tables.Row

    @property
    def stretch(self) -> str:
        """The stretch of the VOD as text, such as "12.5-20"; empty for the whole video."""
        return "" if self.start is None else f"{self.start:.10g}-{self.end:.10g}"


@dataclass(frozen=True)
class Fetched:
    """A row of .fetched.csv: a file in the same folder, the link that it was downloaded by, and what that led to.

    `page` is the video's own address, and `date` when it was published (YYYY-MM-DD); either may be empty.
    """

    file: str
    url: str
    stretch: str
    page: str
    title: str
    date: str


def read_sources(folder: Path) -> list[Source]:
    """Read sources.csv of a streamer's folder; UserError if a row is malformed, or two rows are about the same file."""
    sources: dict[tuple[str, str], Source] = {}
    for row in tables.read_rows(folder / "sources.csv", COLUMNS, OPTIONAL):
        source = _source(row)
        # Some file systems ignore case.
        place = (source.kind, source.name.lower())
        if place in sources:
            raise row.error(f"{source.name} is the name in row {sources[place].row.number} as well; choose another one")
        sources[place] = source
    return list(sources.values())


def _source(row: tables.Row) -> Source:
    try:
        params.web_address(row["url"])
    except ValueError as error:
        raise row.error(f"url is {reprlib.repr(row['url'])}, {error}") from None
    if row["kind"] not in FOLDERS:
        raise row.error(f"kind is {row['kind']!r}, not clip or vod")
    if not NAME.fullmatch(row["name"]):
        raise row.error(f"name is {row['name']!r}; use letters, digits, - and _ only, and begin with a letter or digit")
    start, end = (row.seconds(key) if row.fields.get(key) else None for key in OPTIONAL)
    if (start is None) != (end is None) or (start is not None and end is not None and end <= start):
        raise row.error("start and end must both be there, and end must be after start, or both must be empty")
    if start is not None and row["kind"] == "vod":
        raise row.error("only a clip may be a stretch of a VOD; leave start and end of a VOD empty")
    return Source(row["url"], row["kind"], row["name"], start, end, row)


def read_fetched(folder: Path) -> dict[str, Fetched]:
    """Read .fetched.csv of clips/ or vods/, by file; empty if nothing was downloaded. UserError if it is malformed."""
    fetched, names = {}, [field.name for field in fields(Fetched)]
    for row in tables.read_rows(folder / ".fetched.csv", names):
        file = row["file"]
        # What a row names is removed when its link changes.
        if not tables.is_plain(file) or "/" in file:
            raise row.error(f"file is {reprlib.repr(file)}, not the name of a file in {folder}; remove the row")
        fetched[file] = Fetched(**row.fields)
    return fetched


def write_fetched(folder: Path, fetched: dict[str, Fetched]) -> None:
    """Write .fetched.csv of clips/ or vods/."""
    rows = [astuple(fetched[file]) for file in sorted(fetched)]
    files.write_csv(folder / ".fetched.csv", [field.name for field in fields(Fetched)], rows)


def page_of(folder: Path, video: str) -> str | None:
    """Return the web address of a downloaded video of a streamer's folder, such as vods/a.mp4; None for any other."""
    path = PurePosixPath(video)
    row = read_fetched(folder / path.parent).get(path.name)
    for address in (row.page, row.url) if row else ():
        # The page is what a site said.
        with suppress(ValueError):
            return params.web_address(address)
    return None
