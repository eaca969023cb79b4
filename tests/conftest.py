"""A small project for the tests: a copy of the repository with a tiny sample, built once with `dvc repro`."""

import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest

from tests import videos, warm_python
from tests.helpers import (
    CORES,
    ENVIRONMENT,
    PARAMS,
    ROOT,
    Project,
    build_once,
    copy_of,
    copy_repository,
    draw_sample,
    until,
)
from tests.review_page import ARGUMENTS, CHROMIUM, SLOWEST, SMALL, VIEWS, prepare

# The folder of the programs that start faster, which the processes of pytest-xdist share.
WARM = "AUTOTOSIS_TESTS_WARM"


def pytest_configure(config: pytest.Config) -> None:
    """Start stages and DVC faster, and give each process of pytest-xdist a core, so that stages use one process."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        os.sched_setaffinity(0, {sorted(CORES)[int(worker.removeprefix("gw")) % len(CORES)]})
    else:
        started = contextlib.ExitStack()
        config.add_cleanup(started.close)
        os.environ[WARM] = started.enter_context(tempfile.TemporaryDirectory())
        started.enter_context(warm_python.start(Path(os.environ[WARM])))
    ENVIRONMENT["PATH"] = f"{os.environ[WARM]}{os.pathsep}{ENVIRONMENT['PATH']}"
    # What torchrun starts.
    ENVIRONMENT["PYTHON_EXEC"] = f"{os.environ[WARM]}/python"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the second of two processes begin with tests without the built project, which the first one builds."""
    others = [item for item in items if "built" not in item.fixturenames]
    with_it = [item for item in items if "built" in item.fixturenames]
    half = len(items) // 2
    items[:] = with_it[:half] + others + with_it[half:]


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory) -> Path:
    """A streamer's folder, made by the sample's own program. Tests must not change it."""
    return build_once(tmp_path_factory, "tiny", draw_sample)


@pytest.fixture(scope="session")
def unbuilt(tmp_path_factory, tiny_data) -> Project:
    """The project before its first `dvc repro`. Tests must not change it."""

    def make(folder: Path) -> None:
        project = copy_repository(folder)
        project.set_params(**PARAMS)
        project.commit("Start")
        # In one file instead of hundreds, which every copy would copy.
        project.succeed("git", "gc", "--quiet")
        shutil.copytree(tiny_data, folder / "data/tiny")
        # Once, instead of in every copy.
        project.succeed("python", "-m", "compileall", "-q", "autotosis", "stages")

    return Project(build_once(tmp_path_factory, "unbuilt", make))


@pytest.fixture(scope="session")
def built(tmp_path_factory, unbuilt) -> Project:
    """The project after its first `dvc repro`. Tests must not change it."""
    return Project(build_once(tmp_path_factory, "built", lambda folder: copy_of(unbuilt, folder).repro()))


@pytest.fixture
def bare(tmp_path, monkeypatch) -> Project:
    """A folder with parameters and empty tables alone, as the working folder."""
    project = Project(tmp_path / "project")
    shutil.copytree(ROOT / "data/template", project.folder / "data/tiny")
    (project.folder / "data/tiny/vods").mkdir()
    shutil.copy(ROOT / "params.yaml", project.folder)
    project.set_params(**PARAMS)
    monkeypatch.chdir(project.folder)
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


@pytest.fixture
def prepared(tmp_path, unbuilt) -> Project:
    """A project that was not built, with a VOD to judge, as `review_page.prepare` makes it."""
    project = copy_of(unbuilt, tmp_path / "project")
    prepare(project)
    return project


@pytest.fixture(scope="session")
def browser():
    """Chromium, without a window."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser):
    """Open pages that complain about nothing, except where a test says so."""
    contexts, errors = [], []

    def open_page(server, view: str = "Segments", size=SMALL, expected: str = "(?!)"):
        context = browser.new_context(viewport=size)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(SLOWEST)
        page.on("pageerror", lambda error: errors.append(str(error)))

        def note(message):
            # When a test ends its server, the page may still ask it for something, and get nothing or half of it.
            has_ended = "net::ERR_" in message.text and server.process.poll() is not None
            if message.type == "error" and not re.search(expected, message.text) and not has_ended:
                errors.append(message.text)

        page.on("console", note)
        page.goto(server.address)
        page.keyboard.press(str(list(VIEWS).index(view) + 1))
        until(lambda: page.title().startswith(view))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
