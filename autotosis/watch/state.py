"""What `autotosis.watch` remembers when it is started again."""

import json
import time
from pathlib import Path

from autotosis.project import files
from autotosis.project.errors import UserError
from autotosis.watch.log import log

FILE = Path(".dvc/tmp/watch.json")


class State:
    """What must survive a restart.

    Attributes
    ----------
    begun : list of str
        The VODs whose reel was begun, and is not finished.
    aside : dict of str to list
        The recordings that failed: by their path, their signature, and when to try again (seconds since 1970, or None
        for not before the file changes).
    listed : dict of str to list
        The recordings of which a reel was begun: by their path, the signature that they had then.
    left_out : list of str
        The VODs that are gone, and without which the reel of all VODs has not been made yet.
    """

    def __init__(self) -> None:
        try:
            content = json.loads(FILE.read_text())
            self.begun: list[str] = content["begun"]
            self.aside: dict[str, tuple[list[int], float | None]] = {
                path: (signature, again) for path, (signature, again) in content["aside"].items()
            }
            self.listed: dict[str, list[int]] = dict(content.get("listed", {}))
            self.left_out: list[str] = list(content.get("left_out", []))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            # Half a file, or none: recordings that failed are tried again.
            self.begun, self.aside, self.listed, self.left_out = [], {}, {}, []

    def save(self) -> None:
        """Save the state."""
        files.write_bytes(FILE, json.dumps(vars(self)).encode())

    def defer(self, path: Path, signature: list[int], error: UserError, seconds: float | None) -> None:
        """Leave a recording alone for some seconds, or until it changes (None), and say why, once."""
        if not self.is_deferred(path, signature):
            log(f"{error}")
        self.aside[path.as_posix()] = (signature, None if seconds is None else time.time() + seconds)
        self.save()

    def is_deferred(self, path: Path, signature: list[int]) -> bool:
        """Return whether a recording is to be left alone."""
        failed, again = self.aside.get(path.as_posix(), ([], None))
        return list(failed) == signature and (again is None or time.time() < again)

    def has_changed(self, path: Path, signature: list[int]) -> bool:
        """Return whether a recording has changed since its reel was begun."""
        if path.as_posix() not in self.listed:
            # An older version, or the user, has listed it.
            self.listed[path.as_posix()] = signature
            self.save()
        return self.listed[path.as_posix()] != signature
