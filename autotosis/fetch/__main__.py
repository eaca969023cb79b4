"""Add the videos of a playlist, a channel or its page of clips to sources.csv of a streamer's folder.

Videos that it has already are not added again. `dvc repro` then downloads them. Run from the project's folder:
python -m autotosis.fetch https://www.twitch.tv/you/clips data/you --kind clip --since 2026-01-31
"""

import argparse
from datetime import date
from pathlib import Path

from autotosis.annotations import sources
from autotosis.fetch import downloading, listing
from autotosis.project import command_line, files, params
from autotosis.project.csv_text import Table
from autotosis.project.errors import UserError


def day(text: str) -> date:
    """Return the day that a text like 2026-01-31 names."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a day such as 2026-01-31") from None


def main(url: str, folder: Path, kind: str, since: date | None) -> None:
    try:
        params.web_address(url)
    except ValueError as error:
        raise UserError(f"{url}: {error}") from None
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder; name the streamer's folder, such as data/you")
    limits = params.load().fetch
    table = folder / "sources.csv"
    known = sources.read_sources(folder)
    same = [one for one in known if one.kind == kind]
    # A row about a stretch does not download the whole video.
    links, names = {one.url for one in same if not one.stretch}, {one.name.lower() for one in same}
    cookies = downloading.find_cookies(folder, limits)
    text = Table(table.read_bytes() if table.exists() else b"", sources.COLUMNS)
    before, undated = len(links), 0
    for entry in listing.entries(url, limits, cookies, dated=since is not None):
        if since and not entry.date:
            undated += 1
        elif entry.url not in links and not (since and entry.date < since.isoformat()):
            name = listing.name_of(entry, names)
            links.add(entry.url)
            names.add(name)
            text.insert({"url": entry.url, "kind": kind, "name": name}, after=None)
    files.write_bytes(table, text.content())
    print(f"{table}: {len(links) - before} rows added")
    if undated:
        print(f"{undated} videos left out, because neither the list nor their pages say when they were published")


if __name__ == "__main__":
    parser = command_line.parser(__doc__)
    parser.add_argument("url", help="the address of a playlist, a channel or a page of clips")
    parser.add_argument("folder", type=Path, help="the streamer's folder, such as data/you")
    parser.add_argument("--kind", choices=tuple(sources.FOLDERS), required=True, help="what the videos are")
    parser.add_argument("--since", type=day, help="only what was published on this day or later")
    with command_line.errors_as_sentences():
        main(**vars(parser.parse_args()))
