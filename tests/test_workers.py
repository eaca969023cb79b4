"""A Dask cluster gives the same results as one machine, even if one of its machines fails. Progress fits its place."""

import contextlib
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import termios
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from distributed import Client, get_task_stream

from autotosis.project import workers
from autotosis.project.errors import UserError
from tests.helpers import (
    CORES,
    ENVIRONMENT,
    REAL_ENVIRONMENT,
    ROOT,
    Project,
    all_cores,
    assert_user_error,
    limit_file_size,
)

OUTPUTS = ("data/frames", "data/timelines", "data/cuts", "reels/demo")
STAGES = (["extract_frames"], ["predict", "demo"], ["select", "demo"], ["render", "demo"])


@pytest.fixture
def start(project):
    """A function that starts a program of Dask on the loopback, and returns it, and its first line with a text."""
    with ExitStack() as stack:

        def start(text: str, *arguments: object) -> tuple[subprocess.Popen, str]:
            command = [sys.executable, "-m", *arguments, "--host", "127.0.0.1", "--no-dashboard"]
            process = subprocess.Popen(
                command,
                cwd=project.folder,
                env=ENVIRONMENT,
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                text=True,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process, next(line for line in process.stderr if text in line)

        yield start


@pytest.fixture
def scheduler(start):
    """The address of a Dask scheduler, and its process."""
    process, line = start("Scheduler at:", "distributed.cli.dask_scheduler", "--port", "0")
    return line.split()[-1], process


@pytest.fixture
def start_worker(start, scheduler, tmp_path):
    """A function that starts a worker of the scheduler, and returns its process."""
    options = ("--nthreads", "1", "--no-nanny", "--local-directory", tmp_path)
    return lambda: start("Registered to:", "distributed.cli.dask_worker", scheduler[0], *options)[0]


@pytest.fixture
def cluster(scheduler, start_worker):
    """The address of a Dask scheduler, and the processes of its two workers."""
    return scheduler[0], [start_worker() for _ in range(2)]


def forget(project: Project) -> None:
    shutil.rmtree(project.folder / "data/frames")
    shutil.rmtree(project.folder / "reels/demo")
    (project.folder / "data/timelines/demo.csv").unlink()
    (project.folder / "data/cuts/demo.csv").unlink()


def run(project: Project, address: str, *stage: str) -> subprocess.CompletedProcess:
    return project.stage(*stage, env=ENVIRONMENT | {"DASK_SCHEDULER_ADDRESS": address})


def test_a_cluster_does_the_work_and_makes_the_same_bytes(project, scheduler, cluster):
    address, _ = scheduler
    before = project.digests(*OUTPUTS)
    forget(project)
    with Client(address) as client:
        for stage in STAGES:
            with get_task_stream(client) as tasks:
                done = run(project, address, *stage)
            assert done.returncode == 0, done.stderr
            # One process is enough to choose what is shown.
            assert tasks.data or stage[0] == "select", f"{stage[0]} does its work itself"
    assert project.digests(*OUTPUTS) == before


def test_a_worker_that_dies_costs_nothing(project, cluster):
    address, processes = cluster
    before = project.digests("data/frames")
    forget(project)
    command = [sys.executable, "-m", "stages.extract_frames"]
    environment = ENVIRONMENT | {"DASK_SCHEDULER_ADDRESS": address}
    with subprocess.Popen(
        command, cwd=project.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while not (project.folder / "data/frames").exists() or not os.listdir(project.folder / "data/frames"):
            assert process.poll() is None
            time.sleep(0.02)
        processes[0].kill()
        _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert project.digests("data/frames") == before


def test_a_run_waits_for_what_a_killed_one_has_left_on_the_cluster(project, cluster, tmp_path):
    address, _ = cluster
    shard = project.folder / "data/frames/c01.mp4.safetensors"
    shard.unlink()
    environment = ENVIRONMENT | {"DASK_SCHEDULER_ADDRESS": address}
    # A worker reads the pipe until the other end is closed.
    os.mkfifo(tmp_path / "pipe")
    code = (
        "from pathlib import Path; from autotosis.project import workers; "
        f"list(workers.run_parallel(Path.read_bytes, [Path({str(tmp_path / 'pipe')!r})], 'read', 'pipes'))"
    )
    killed = subprocess.Popen([sys.executable, "-c", code], cwd=project.folder, env=environment)
    with (tmp_path / "pipe").open("wb"):
        killed.kill()
        killed.wait()
        following = subprocess.Popen(
            [sys.executable, "-m", "stages.extract_frames"],
            cwd=project.folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert select.select([following.stderr], [], [], 120)[0], "it waits without a word"
        assert f"{address}: waiting until the cluster has finished" in following.stderr.readline()
        assert not shard.exists()
    _, errors = following.communicate()
    assert following.returncode == 0, errors
    assert shard.exists()


def test_a_scheduler_that_dies_ends_the_run_with_one_sentence(project, scheduler, cluster, tmp_path, monkeypatch):
    address, process = scheduler
    monkeypatch.setenv(workers.SCHEDULER, address)
    monkeypatch.chdir(project.folder)
    # A worker reads the pipe for ever.
    os.mkfifo(tmp_path / "pipe")
    contents = workers.run_parallel(Path.read_bytes, [Path("params.yaml"), tmp_path / "pipe"], "read", "files")
    assert next(contents) == Path("params.yaml").read_bytes()
    process.kill()
    with pytest.raises(UserError, match=f"read: the Dask scheduler {address} .* check that it is running"):
        next(contents)


def test_a_cluster_without_workers_is_waited_for_and_named(project, scheduler, start_worker):
    address, _ = scheduler
    shard = project.folder / "data/frames/c01.mp4.safetensors"
    shard.unlink()
    with subprocess.Popen(
        [sys.executable, "-m", "stages.extract_frames"],
        cwd=project.folder,
        env=ENVIRONMENT | {"DASK_SCHEDULER_ADDRESS": address},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        said = select.select([process.stderr], [], [], 120)[0]
        line = process.stderr.readline() if said else ""
        start_worker()
        _, errors = process.communicate()
    assert line == f"{address}: the cluster has no workers yet; waiting\n"
    assert process.returncode == 0, errors
    assert shard.exists()


def test_work_that_only_this_machine_can_limit_is_not_spread(monkeypatch):
    # Nobody answers there.
    monkeypatch.setenv(workers.SCHEDULER, "tcp://127.0.0.1:9")
    assert list(workers.run_parallel(str, [1, 2], "write", "numbers", at_most=1)) == ["1", "2"]


def test_what_a_user_can_mend_is_still_one_sentence(project, cluster):
    address, _ = cluster
    (project.folder / "data/tiny/clips/c01.mp4").write_bytes(b"")
    done = run(project, address, "extract_frames")
    assert done.returncode == 1
    assert "error: data/tiny/clips/c01.mp4: the file is empty" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cluster_that_is_not_there_is_named(project, monkeypatch):
    monkeypatch.setitem(ENVIRONMENT, "DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:9")
    monkeypatch.setitem(ENVIRONMENT, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "1s")
    (project.folder / "data/frames/c01.mp4.safetensors").unlink()
    done = project.stage("extract_frames")
    assert done.returncode == 1
    assert "error: DASK_SCHEDULER_ADDRESS is tcp://127.0.0.1:9: no Dask scheduler answers there" in done.stderr


@pytest.mark.parametrize("columns", [80, 20])
def test_progress_does_not_flood_a_terminal(columns):
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    code = (
        "from autotosis.project import workers; import os; os.sched_setaffinity(0, {0}); "
        "workers.run_all(hex, range(12), 'render 2026-01-31-20-00-00', 'segments')"
    )
    command = [sys.executable, "-c", code]
    # What is printed to the pipe says nothing about the terminal.
    subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=theirs, check=True)
    os.close(theirs)
    # 12 updates and the signs that hide and show the cursor are less than a terminal keeps.
    shown = b""
    with contextlib.suppress(OSError):
        while more := os.read(ours, 4096):
            shown += more
    os.close(ours)
    lines = [line for line in re.split("[\r\n]+", re.sub(r"\x1b\[\?25.", "", shown.decode())) if line]
    if columns == 20:
        assert lines == ["render 2026-01-31-20-00-00: 12/12 segments"]
    else:
        assert len(lines) == 12 and lines[-1].startswith("render 2026-01-31-20-00-00 |###")
        assert max(map(len, lines)) < columns


@pytest.mark.skipif(sys.platform != "linux" or len(CORES) < 2, reason="there is no /dev/shm, or it is not used")
def test_semaphores_that_cannot_be_created_are_named(tmp_path):
    code = (
        "from autotosis.project import command_line, workers\n"
        "with command_line.errors_as_sentences():\n"
        "    workers.run_all(hex, range(2), 'render demo', 'segments')"
    )
    environment = REAL_ENVIRONMENT | {"PYTHONPATH": str(ROOT)}

    def limit() -> None:
        all_cores()
        limit_file_size(0)()

    done = Project(tmp_path).run(sys.executable, "-c", code, env=environment, preexec_fn=limit)
    assert_user_error(done, "error: /dev/shm: the semaphores of", "created there (file too large); free some space")
