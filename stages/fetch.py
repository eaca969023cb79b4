"""Download the clips and VODs that sources.csv of a streamer's folder lists, into clips/ and vods/.

A row is downloaded once; what is there stays, even if its link is dead by now. .fetched.csv in both folders says where
each video came from. Run from the project's folder: python -m stages.fetch data/you
"""

import hashlib
import os
import shutil
from pathlib import Path

from autotosis.annotations import sources
from autotosis.annotations.sources import FOLDERS, Fetched, Source
from autotosis.fetch import downloading
from autotosis.fetch.downloading import Temporary
from autotosis.project import command_line, files, inputs, params
from autotosis.project.errors import UserError
from autotosis.project.videos_params import Fetch
from autotosis.video import parts, recording

# What an interrupted download has left, which is continued.
INTERRUPTED = Path(".dvc/tmp/fetch")


def main(folder: str) -> None:
    root, limits = Path(os.path.relpath(folder)), params.load().fetch
    cookies = downloading.find_cookies(root, limits)
    before = inputs.snapshot(root / "sources.csv")
    listed = sources.read_sources(root)
    for place in FOLDERS.values():
        # DVC would warn about an empty folder on every run.
        (root / place).mkdir(exist_ok=True)
        sources.write_fetched(root / place, sources.read_fetched(root / place))
    later = []
    for source in [source for source in listed if not is_there(root, source)]:
        try:
            fetch(root, source, limits, cookies)
        except Temporary as error:
            later.append(f"row {source.row.number}, {source.name} ({error})")
        except UserError as error:
            # DVC counts the stage as done.
            again = f"`dvc repro -f {root / 'dvc.yaml'}`"
            problem = source.row.error(f"not downloaded: {error}")
            print(f"{problem}; correct or remove the row, or try again with {again}")
    if later:
        raise UserError(f"{root / 'sources.csv'}: not downloaded yet: {', '.join(later)}; run `dvc repro` again later")
    inputs.check_unchanged(before)


def is_there(root: Path, source: Source) -> bool:
    """Return whether a row was downloaded already, and its file is still there."""
    folder = root / FOLDERS[source.kind]
    rows = [row for row in sources.read_fetched(folder).values() if Path(row.file).stem == source.name]
    return any((row.url, row.stretch) == (source.url, source.stretch) and (folder / row.file).exists() for row in rows)


def fetch(root: Path, source: Source, limits: Fetch, cookies: Path | None) -> None:
    """Download a row, check what it led to, and write down where it came from."""
    folder = root / FOLDERS[source.kind]
    fetched = sources.read_fetched(folder)
    # Some file systems ignore case.
    same = [path for path in folder.iterdir() if path.stem.lower() == source.name.lower()]
    own = [path for path in same if parts.is_video(path) and path.name not in fetched]
    if own:
        raise UserError(f"{own[0]} already exists and did not come from sources.csv; rename it, or use another name")
    key = hashlib.sha256(f"{source.url} {source.stretch} {limits.height}".encode()).hexdigest()[:16]
    stretch = None if source.start is None or source.end is None else (source.start, source.end)
    done = downloading.download(source.url, stretch, INTERRUPTED / key, source.name, limits, cookies)
    try:
        check(done.file, source, limits)
    except UserError:
        files.remove(INTERRUPTED / key)
        raise
    # The row had another link before.
    for old in [file for file in fetched if Path(file).stem == source.name]:
        (folder / old).unlink(missing_ok=True)
        del fetched[old]
    target = folder / f"{source.name}{done.file.suffix}"
    fetched[target.name] = Fetched(target.name, source.url, source.stretch, done.page, done.title, done.date)
    # Before the file, so that a file of our own is never taken for the user's.
    sources.write_fetched(folder, fetched)
    with files.replacing(target) as partial:
        shutil.move(done.file, partial)
    files.remove(INTERRUPTED / key)
    print(f"{target}: downloaded from {params.without_password(source.url)}", flush=True)


def check(file: Path, source: Source, limits: Fetch) -> None:
    """Raise a UserError unless a download is a video, and no larger than wanted."""
    try:
        height = recording.probe(file).height
    except UserError:
        if source.stretch:
            raise UserError(f"there is no picture in {source.stretch} s, so the VOD may end before that") from None
        raise UserError("the link leads to no video that can be read") from None
    # Of some files, this is not known before they are downloaded.
    if height > limits.height:
        raise UserError(f"the video is {height} pixels high, more than fetch.height allows ({limits.height})")


if __name__ == "__main__":
    command_line.run(main, __doc__, folder="the streamer's folder, such as data/you")
