"""Add the videos of a playlist, a channel or its page of clips to sources.csv of a streamer's folder.

Videos that are in the table already are skipped. `dvc repro` then downloads them. Run from the project's folder:
python -m autotosis.fetch 'https://www.twitch.tv/you/clips?range=all' data/you --kind clip --since 2026-01-31
"""

import argparse
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from autotosis.annotations import sources
from autotosis.fetch import downloading, listing
from autotosis.fetch.listing import Entry
from autotosis.project import command_line, files, interruption, params
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
    # Report a malformed table before reading the list, which may take minutes.
    sources.read_sources(folder)
    entries, undated = [], 0
    for entry in listing.entries(url, limits, downloading.find_cookies(folder, limits), dated=since is not None):
        if since and not entry.date:
            undated += 1
        elif not since or entry.date >= since.isoformat():
            entries.append(entry)
    table = Path(os.path.relpath(folder)) / "sources.csv"
    with command_line.exclusively(f"adding to {table}"):
        added = add(table, entries, kind)
    print(f"{table}: rows added: {added}")
    if undated:
        print(f"videos left out, because neither the list nor their pages say when they were published: {undated}")


def add(table: Path, entries: Sequence[Entry], kind: str) -> int:
    """Add to sources.csv the videos that it lacks, and return how many those are."""
    rows = [row for row in sources.read_sources(table.parent) if row.kind == kind]
    # A row about a stretch does not download the whole video.
    links, names = {row.url for row in rows if not row.stretch}, {row.name.lower() for row in rows}
    text = Table(table.read_bytes() if table.exists() else b"", sources.COLUMNS)
    before = len(links)
    for entry in entries:
        if entry.url not in links:
            name = listing.name_of(entry, names)
            links.add(entry.url)
            names.add(name)
            text.insert({"url": entry.url, "kind": kind, "name": name}, after=None)
    with files.replacing_table(table, text.content()):
        pass
    return len(links) - before


if __name__ == "__main__":
    parser = command_line.parser(__doc__)
    parser.add_argument("url", help="the address of a playlist, a channel or a page of clips")
    parser.add_argument("folder", type=Path, help="the streamer's folder, such as data/you")
    parser.add_argument("--kind", choices=tuple(sources.FOLDERS), required=True, help="what the videos are")
    parser.add_argument("--since", type=day, help="only what was published on this day or later")
    options = parser.parse_args()
    with command_line.errors_as_sentences(), interruption.cleaning_up():
        main(**vars(options))
