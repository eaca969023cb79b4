"""Running `dvc repro` from the page, and the figures before and after it."""

import json
import re
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from autotosis.project.params import Params

METRICS = Path("models/metrics.json"), Path("reels/metrics")
LOG = Path(".dvc/tmp/review.log")
# What DVC prints when it comes to a stage.
STAGE = re.compile(r"^(?:Running stage|Stage) '([^']*)'(?: (didn't change|is cached))?", re.MULTILINE)
# How much of the log is shown (lines).
SHOWN = 12


class Rebuild:
    """The one run of `dvc repro` that the page may start, with what it has printed."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.before: dict[str, Any] = {}
        self.started = self.ended = 0.0

    @property
    def running(self) -> bool:
        """Whether a run is in progress."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start a run, unless one is in progress."""
        if self.running:
            return
        self.before, self.started, self.ended = figures(), time.monotonic(), 0.0
        LOG.parent.mkdir(parents=True, exist_ok=True)
        with LOG.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "autotosis.project.recovery"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> None:
        """Ask the run to end; what its stages have finished is kept."""
        if self.process is not None and self.running:
            self.process.terminate()

    def state(self, settings: Params) -> dict[str, Any]:
        """Return the progress, in types of JSON."""
        running = self.running
        if self.process is not None and not running and not self.ended:
            self.ended = time.monotonic()
        # Progress in a terminal overwrites its line.
        text = LOG.read_text(errors="replace").replace("\r", "\n") if self.process is not None and LOG.exists() else ""
        stages = STAGE.findall(text)
        lines = deque((line.strip() for line in text.splitlines() if line.strip()), SHOWN)
        return {
            "running": running,
            "code": None if self.process is None else self.process.poll(),
            "seconds": round((self.ended or time.monotonic()) - self.started) if self.started else 0,
            "stage": stages[-1][0] if stages else None,
            "ran": [name for name, skipped in stages if not skipped],
            # Their results are those of an earlier run with the same inputs.
            "restored": [name for name, skipped in stages if skipped == "is cached"],
            "share": min(0.99, max(0, len(stages) - 1) / _count_stages(settings)) if running else float(bool(stages)),
            "lines": list(lines),
            "before": self.before,
            "after": figures(),
        }


def figures() -> dict[str, Any]:
    """Read the metrics of the model and of the VODs of the holdout: the content of each file, by its name."""
    metrics, folder = METRICS
    by_name = {}
    for path in (metrics, *sorted(folder.glob("*.json"))):
        try:
            by_name["model" if path == metrics else path.stem] = json.loads(path.read_text())
        except (OSError, ValueError):
            # Not measured yet, or being written.
            continue
    return by_name


def _count_stages(settings: Params) -> int:
    stages = YAML(typ="safe").load(Path("dvc.yaml"))["stages"].values()
    return sum(len(settings.vods) if "foreach" in stage else 1 for stage in stages) + 1
