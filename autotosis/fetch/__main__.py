"""Add the videos of a playlist, a channel or its page of clips to sources.csv of a streamer's folder.

Links that it has already are not added again. `dvc repro` then downloads them. Run from the project's folder:
python -m autotosis.fetch https://www.twitch.tv/you/clips data/you --kind clip --since 2026-01-31
"""

import argparse
import csv
import io
from datetime import date
from pathlib import Path

from autotosis.annotations import sources
from autotosis.fetch import listing
from autotosis.project import command_line, files, params


def main(url: str, folder: Path, kind: str, since: date | None) -> None:
    limits = params.load().fetch
    table = folder / "sources.csv"
    known = sources.read_sources(folder)
    links, names = {one.url for one in known}, {one.name.lower() for one in known if one.kind == kind}
    cookies = folder / limits.cookies if limits.cookies else None
    text = table.read_text(encoding="utf-8-sig") if table.exists() else ",".join(sources.COLUMNS) + "\n"
    header = [column.strip() for column in next(csv.reader(text.splitlines()))]
    lines, undated = io.StringIO(), 0
    rows = csv.DictWriter(lines, header, restval="", lineterminator="\n")
    before = len(links)
    for entry in listing.entries(url, limits, cookies, dated=since is not None):
        if since and not entry.date:
            undated += 1
        elif entry.url not in links and not (since and entry.date < since.isoformat()):
            name = listing.name_of(entry, names)
            links.add(entry.url)
            names.add(name)
            rows.writerow(dict(zip(sources.COLUMNS, (entry.url, kind, name), strict=True)))
    files.write_bytes(table, (text.rstrip("\n") + "\n" + lines.getvalue()).encode())
    print(f"{table}: {len(links) - before} rows added")
    if undated:
        print(f"{undated} videos left out, because neither the list nor their pages say when they were published")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="the address of a playlist, a channel or a page of clips")
    parser.add_argument("folder", type=Path, help="the streamer's folder, such as data/you")
    parser.add_argument("--kind", choices=tuple(sources.FOLDERS), required=True, help="what the videos are")
    parser.add_argument("--since", type=date.fromisoformat, help="only what was published on this day or later")
    with command_line.errors_as_sentences():
        main(**vars(parser.parse_args()))
