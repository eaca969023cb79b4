"""A small project for the tests: a copy of the repository with a tiny sample, built once with `dvc repro`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests import videos, warm_python
from tests.helpers import CORES, ENVIRONMENT, PARAMS, ROOT, Project, copy_of, copy_repository


def pytest_configure() -> None:
    """Give each process of pytest-xdist a core of its own, so that stages do not start further processes."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        os.sched_setaffinity(0, {sorted(CORES)[int(worker.removeprefix("gw")) % len(CORES)]})


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


@pytest.fixture(scope="session", autouse=True)
def warm(tmp_path_factory) -> Iterator[None]:
    """Start stages and DVC faster."""
    folder = tmp_path_factory.mktemp("warm")
    with warm_python.start(folder):
        ENVIRONMENT["PATH"] = f"{folder}{os.pathsep}{ENVIRONMENT['PATH']}"
        # What torchrun starts.
        ENVIRONMENT["PYTHON_EXEC"] = str(folder / "python")
        yield


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory) -> Path:
    """A streamer's folder, made by the sample's own program."""
    folder = tmp_path_factory.mktemp("sample") / "tiny"
    folder.mkdir()
    (folder / "params.yaml").write_text(yaml.safe_dump(SAMPLE))
    subprocess.run([sys.executable, "-m", "data.sample.make_sample", folder], cwd=ROOT, env=ENVIRONMENT, check=True)
    (folder / "params.yaml").unlink()
    # Tests have VODs in other containers, and in parts.
    facecams = folder / "facecams.csv"
    facecams.write_text(facecams.read_text().replace("vods/*.mp4", "vods/*"))
    for name in ("music", "edits"):
        (folder / name).mkdir()
        # git does not keep empty folders.
        (folder / name / ".gitkeep").touch()
    return folder


@pytest.fixture(scope="session")
def unbuilt(tmp_path_factory, tiny_data) -> Project:
    """The project before its first `dvc repro`. Tests must not change it."""
    project = copy_repository(tmp_path_factory.mktemp("unbuilt") / "project")
    project.set_params(**PARAMS)
    project.commit("Start")
    shutil.copytree(tiny_data, project.folder / "data/tiny")
    return project


@pytest.fixture(scope="session")
def built(tmp_path_factory, unbuilt) -> Project:
    """The project after its first `dvc repro`. Tests must not change it."""
    project = copy_of(unbuilt, tmp_path_factory.mktemp("built") / "project")
    project.repro()
    return project


@pytest.fixture
def project(tmp_path, built) -> Project:
    """A copy of the built project that the test may change."""
    return copy_of(built, tmp_path / "project")


@pytest.fixture
def own(project) -> Project:
    """A built project with another VOD of 20 s, named `own`, which has flashes and beeps."""
    videos.flash_and_beep(project.folder / "data/tiny/vods/own.mp4", 20)
    return project
