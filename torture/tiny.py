"""A tiny project to torture: a copy of the repository with a sample of a few seconds, built by `dvc repro`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
DATA = "data/tiny"
SAMPLE = {
    "seed": 7,
    "clips": 12,
    "clip_seconds": [3, 4],
    "clip_size": [320, 180],
    "vod_minutes": 0.4,
    "evening_minutes": 0,
    "vod_size": [320, 180],
    "fps": 12,
}
VODS = {"demo": "vods/demo.mp4"}
PARAMS = {"extract": {"fps": 4, "size": 32}, "select": {"threshold": 0.7}, "render": {"preset": "ultrafast"}}
ENVIRONMENT = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def build(folder: Path) -> Path:
    """Make the project in a folder that does not exist yet, and build it; the folder."""
    listed = run(ROOT, "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / "dvc.lock").unlink(missing_ok=True)
    (folder / "models/metrics.json").unlink(missing_ok=True)
    make_sample(folder / DATA)
    params = yaml.safe_load((folder / "params.yaml").read_text())
    for section, values in PARAMS.items():
        params[section] |= values
    (folder / "params.yaml").write_text(yaml.safe_dump(params | {"data": DATA, "vods": VODS}, sort_keys=False))
    run(folder, "git", "init", "--quiet")
    run(folder, "git", "add", ".")
    run(folder, "git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "Start")
    run(folder, "dvc", "repro")
    return folder


def make_sample(folder: Path) -> None:
    """A streamer's folder, made by the sample's own program."""
    folder.mkdir(parents=True)
    (folder / "params.yaml").write_text(yaml.safe_dump(SAMPLE))
    run(ROOT, sys.executable, "-m", "data.sample.make_sample", str(folder))
    (folder / "params.yaml").unlink()
    for name in ("music", "edits"):
        (folder / name).mkdir()
        (folder / name / ".gitkeep").touch()


def attempt(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with the environment's programs; it may fail."""
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)


def run(folder: Path, *command: str) -> str:
    """The same for a command that must succeed; what it prints."""
    done = attempt(folder, *command)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table of text, as the README has it."""
    lines = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)
