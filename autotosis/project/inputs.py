"""Whether what a stage reads was changed while it ran.

DVC looks at the dependencies of a stage when it has ended. It would mistake a change that the stage has not seen for
one that it has, and would not run the stage again.
"""

from pathlib import Path

from autotosis.project.errors import UserError

# For each file or folder: the name, time and size of the file, or of those in the folder.
State = dict[Path, list[tuple[str, int, int]]]


def state(*paths: Path) -> State:
    """Note what these files and folders are like before they are read; they need not exist."""
    found: State = {}
    for path in paths:
        files = sorted(path.glob("[!.]*")) if path.is_dir() else [path] if path.exists() else []
        stats = [(file.name, file.stat()) for file in files if file.exists()]
        found[path] = [(name, stat.st_mtime_ns, stat.st_size) for name, stat in stats]
    return found


def check(before: State) -> None:
    """Raise a UserError if one of these files or folders was changed since `before`, which is from `state`."""
    for path, was in state(*before).items():
        if was != before[path]:
            raise UserError(f"{path}: was changed while it was being used; run the same command again")
