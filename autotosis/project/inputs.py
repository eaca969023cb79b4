"""Detecting inputs that change while a stage runs.

DVC looks at the dependencies of a stage when it has ended. It would mistake a change that the stage has not seen for
one that it has, and would not run the stage again.
"""

from pathlib import Path

from autotosis.project.errors import UserError

# For each file or folder: the name, time and size of the file, or of those in the folder.
Snapshot = dict[Path, list[tuple[str, int, int]]]


def snapshot(*paths: Path) -> Snapshot:
    """Record the time and size of these files, or of all in these folders, before they are read, if they exist."""
    snapshots: Snapshot = {}
    for path in paths:
        files = sorted(path.glob("[!.]*")) if path.is_dir() else [path]
        stats = [(file.name, file.stat()) for file in files if file.exists()]
        snapshots[path] = [(name, stat.st_mtime_ns, stat.st_size) for name, stat in stats]
    return snapshots


def check_unchanged(before: Snapshot) -> None:
    """Raise a UserError if one of these files or folders was changed since `before`, which is from `snapshot`."""
    for path, was in snapshot(*before).items():
        if was != before[path]:
            raise UserError(f"{path}: was changed while it was being used; run the same command again")
