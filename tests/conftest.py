"""A small project for the tests: a copy of the repository with a tiny sample, built once with `dvc repro`."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
SAMPLE = {
    "seed": 7,
    "clips": 12,
    "clip_seconds": [3, 4],
    "clip_size": [320, 180],
    "vod_minutes": 0.4,
    "vod_size": [320, 180],
    "fps": 12,
}
PARAMS = {
    "data": "data/tiny",
    "extract": {"fps": 4, "size": 32},
    "train": {"epochs": 3, "epoch_frames": 96, "batch": 16, "threads": 1},
    "render": {"threshold": 0.2, "preset": "ultrafast"},
}
# The smallest of face networks.
FACE = {"architecture": "shufflenet_v2_x0_5", "folds": 2}
ENVIRONMENT = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


@dataclass
class Project:
    """A copy of the repository that a test may change."""

    folder: Path

    def run(self, *command: str, **options) -> subprocess.CompletedProcess:
        """Run a command in the project's folder, with the environment's programs."""
        return subprocess.run(command, cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True, **options)

    def stage(self, name: str, *arguments: str, **options) -> subprocess.CompletedProcess:
        """Run a stage by itself."""
        return self.run(sys.executable, "-m", f"stages.{name}", *arguments, **options)

    def repro(self) -> list[str]:
        """Run `dvc repro`; the names of the stages that ran."""
        done = self.run("dvc", "repro")
        assert done.returncode == 0, done.stdout + done.stderr
        return re.findall(r"^Running stage '(.*)':", done.stdout, re.MULTILINE)

    def set_params(self, **sections) -> None:
        """Change values in params.yaml; a section's other values stay."""
        path = self.folder / "params.yaml"
        params = yaml.safe_load(path.read_text())
        for key, value in sections.items():
            merge = isinstance(value, dict) and key != "vods"
            params[key] = {**params.get(key, {}), **value} if merge else value
        path.write_text(yaml.safe_dump(params, sort_keys=False))

    def read(self, path: str) -> str:
        return (self.folder / path).read_text()

    def write(self, path: str, content: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)

    def shards(self) -> dict[str, tuple[int, int]]:
        """When each shard was written, and where on the disk."""
        paths = (self.folder / "data/frames").iterdir()
        return {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in paths}


def copy_repository(target: Path) -> Project:
    """Copy what git has or would have of this repository, with the small parameters and no data."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    (target / "dvc.lock").unlink(missing_ok=True)
    project = Project(target)
    project.set_params(**PARAMS)
    project.run("git", "init", "--quiet", check=True)
    project.run("git", "add", ".", check=True)
    project.run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "Start", check=True)
    return project


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory) -> Path:
    """A streamer's folder, made by the sample's own program."""
    folder = tmp_path_factory.mktemp("sample") / "tiny"
    folder.mkdir()
    (folder / "params.yaml").write_text(yaml.safe_dump(SAMPLE))
    subprocess.run([sys.executable, "-m", "data.sample.make_sample", folder], cwd=ROOT, env=ENVIRONMENT, check=True)
    (folder / "params.yaml").unlink()
    (folder / "music").mkdir()
    (folder / "edits").mkdir()
    return folder


@pytest.fixture(scope="session")
def unbuilt(tmp_path_factory, tiny_data) -> Project:
    """The project before its first `dvc repro`; not to be changed."""
    project = copy_repository(tmp_path_factory.mktemp("unbuilt") / "project")
    shutil.copytree(tiny_data, project.folder / "data/tiny")
    return project


@pytest.fixture(scope="session")
def built(tmp_path_factory, unbuilt) -> Project:
    """The project after its first `dvc repro`; not to be changed."""
    project = copy_of(unbuilt, tmp_path_factory.mktemp("built") / "project")
    project.repro()
    return project


@pytest.fixture
def project(tmp_path, built) -> Project:
    """A built project of the test's own."""
    return copy_of(built, tmp_path / "project")


def copy_of(project: Project, target: Path) -> Project:
    """A copy of a project, DVC's cache included."""
    shutil.copytree(project.folder, target, symlinks=True)
    return Project(target)


def limit_file_size(size: int):
    """A disk that is full after so many bytes of any file: the nearest to one that any machine can have."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit
