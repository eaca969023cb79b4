"""After a kill, `make` continues by itself, and two runs of the same work do not destroy each other's results."""

import errno
import fcntl
import json
import os
import select
import signal
import subprocess
import sys

import pytest

from autotosis.project import command_line
from autotosis.project.errors import UserError
from tests.helpers import ENVIRONMENT, ROOT, assert_user_error


def repro(project, *arguments: str):
    return project.run("python", "-m", "autotosis.project.recovery", *arguments)


def test_a_part_of_a_lock_file_is_put_back(project):
    assert repro(project).returncode == 0
    lock = project.folder / "dvc.lock"
    whole = lock.read_bytes()
    for share in (0.0, 0.3, 0.99):
        lock.write_bytes(whole[: int(share * len(whole))])
        done = repro(project)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(
            "dvc.lock: put back as it was before, because a killed run had left only half of it\n"
        )
        assert "Running stage" not in done.stdout
        assert lock.read_bytes() == whole


def test_half_a_lock_file_of_the_streamers_folder_is_put_back(project):
    lock = "data/tiny/dvc.lock"
    whole = "schema: '2.0'\nstages:\n  fetch:\n    cmd: python -m stages.fetch\n"
    project.write(lock, whole)
    assert repro(project, "configure").returncode == 0
    project.write(lock, whole[:-9])
    done = repro(project, "configure")
    assert f"{lock}: put back as it was before" in done.stdout
    assert project.read(lock) == whole


@pytest.mark.parametrize("absolute", [False, True])
def test_half_a_lock_file_of_a_streamer_elsewhere_in_the_project_is_put_back(project, absolute):
    (project.folder / "data/tiny").rename(project.folder / "you")
    project.set_params(data=str(project.folder / "you") if absolute else "you")
    whole = "schema: '2.0'\nstages:\n  fetch:\n    cmd: python -m stages.fetch\n"
    project.write("you/dvc.lock", whole)
    assert repro(project, "configure").returncode == 0
    project.write("you/dvc.lock", whole[:-9])
    done = repro(project, "configure")
    assert "you/dvc.lock: put back as it was before" in done.stdout
    assert project.read("you/dvc.lock") == whole


@pytest.mark.parametrize(
    ("name", "words"), [("labels.csv", "data/tiny/labels.csv: missing"), ("", "params.yaml: data: there is no folder")]
)
def test_what_is_missing_from_the_streamers_folder_is_named(project, name, words):
    path = project.folder / "data/tiny" / name
    path.rename(project.folder / "elsewhere")
    assert_user_error(repro(project), words, "data/template")


@pytest.mark.parametrize("module", ["autotosis.project.recovery", "stages.configure"])
def test_a_misspelt_streamers_folder_is_named_with_the_one_that_is_meant(project, module):
    project.set_params(data="data/Tiny")
    done = project.run("python", "-m", module)
    assert_user_error(done, "params.yaml: data: there is no folder data/Tiny; did you mean data/tiny?")


def test_after_a_failed_run_the_missing_vod_is_named_at_the_end(project):
    project.set_params(vods={"demo": "vods/demo.mp4", "monday": "vods/gone.mp4"})
    done = repro(project)
    assert done.returncode != 0
    said = "params.yaml: vods.monday: there is no data/tiny/vods/gone.mp4; correct the name, put the file back"
    assert done.stderr.splitlines()[-1].startswith(said), done.stderr


@pytest.mark.parametrize("folder", ["edits", "music"])
def test_a_name_that_is_not_utf_8_is_named(project, folder):
    project.write(f"data/tiny/{folder}/\udcff.csv", "start,end\n1,2\n")
    assert_user_error(repro(project), f"data/tiny/{folder}/?.csv: its name is not UTF-8")
    done = project.stage("configure")
    assert done.returncode == 0, done.stderr
    assert ("data/tiny/edits/?.csv: ignored" in done.stdout) == (folder == "edits")


def test_a_merge_conflict_in_a_lock_file_is_left_to_the_user(project):
    conflict = f"<<<<<<< HEAD\n{project.read('dvc.lock')}=======\nschema: '2.0'\n>>>>>>> theirs\n"
    project.write("dvc.lock", conflict)
    assert_user_error(repro(project), "dvc.lock: has a merge conflict")
    assert project.read("dvc.lock") == conflict


def test_half_a_lock_file_that_nothing_can_replace_is_removed(project):
    project.write("dvc.lock", "schema: '2.0'\nstages:\n  train:\n    cmd: pyth")
    done = repro(project, "configure")
    assert done.returncode == 0, done.stderr
    assert "dvc.lock: removed" in done.stdout
    assert "configure:" in project.read("dvc.lock")


def test_a_copy_of_a_lock_file_that_is_damaged_too_is_not_used(project):
    project.commit()
    whole = project.read("dvc.lock")
    for path in ("dvc.lock", ".dvc/tmp/whole/dvc.lock"):
        project.write(path, whole[:-9])
    done = repro(project, "configure")
    assert done.stdout.startswith("dvc.lock: put back as it was before"), done.stderr
    assert project.read("dvc.lock") == whole


def test_half_a_lock_file_of_another_user_is_put_back(project, monkeypatch):
    project.commit()
    whole = project.read("dvc.lock")
    project.write("dvc.lock", whole[:-9])
    # As in a container that the project is mounted into.
    monkeypatch.setitem(ENVIRONMENT, "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    done = repro(project, "configure")
    assert done.stdout.startswith("dvc.lock: put back as it was before"), done.stderr
    assert project.read("dvc.lock") == whole


@pytest.mark.parametrize("content", ["", '{"/some/path": {"read": [{"pid": 1'])
def test_half_a_table_of_who_works_is_removed(project, content):
    project.write(".dvc/tmp/rwlock", content)
    done = repro(project, "configure")
    assert done.returncode == 0, done.stderr
    assert ".dvc/tmp/rwlock: removed" in done.stdout


@pytest.mark.parametrize("program", ["another", "dvc"])
def test_a_table_of_who_works_counts_as_long_as_dvc_does(project, program):
    with subprocess.Popen([program, "600"], executable="sleep") as process:
        killed = {"pid": process.pid, "cmd": "dvc repro"}
        path = str(project.folder / "data/config")
        project.write(".dvc/tmp/rwlock", json.dumps({"write": {path: killed}, "read": {"elsewhere": [killed]}}))
        project.set_params(label="cheer")
        try:
            done = repro(project, "configure")
        finally:
            process.kill()
    assert done.returncode == (255 if program == "dvc" else 0), done.stderr
    assert (".dvc/tmp/rwlock: removed, because none of the processes" in done.stdout) == (program == "another")
    assert (f"(PID {process.pid}): dvc repro" in done.stderr) == (program == "dvc")


def test_of_two_stages_that_write_the_same_the_second_waits_and_says_for_whom(project, monkeypatch):
    command = ["python", "-m", "stages.render", "demo"]
    options = {"cwd": project.folder, "env": ENVIRONMENT, "stderr": subprocess.PIPE, "text": True}
    monkeypatch.chdir(project.folder)
    with command_line.exclusively("render demo"):
        # Both wait for this process, and then one for the other, which it says nothing of again.
        both = [subprocess.Popen(command, **options) for _ in range(2)]
        said = [select.select([each.stderr], [], [], 120)[0] and each.stderr.readline() for each in both]
    outputs = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert said == 2 * [f"render demo: waiting for process {os.getpid()}, which is doing the same\n"]


def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fcntl, "flock", refuse)
    message = (
        r"^\.dvc/tmp/stages: this file system cannot lock files \(no locks available\); keep the project on another"
    )
    with pytest.raises(UserError, match=message), command_line.exclusively("render demo"):
        raise AssertionError("it has gone on without a lock")


def test_a_folder_with_a_long_path_can_be_locked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = "/".join(3 * [100 * "ü"])
    with command_line.exclusively(f"fetch {folder}/a"), command_line.exclusively(f"fetch {folder}/b"):
        assert len(list(command_line.LOCKS.iterdir())) == 2


@pytest.mark.parametrize("module", ["fetch", "importers", "importers.autotosis", "review", "watch"])
def test_a_program_that_is_interrupted_while_it_starts_says_only_that(module):
    command = [sys.executable, "-X", "importtime", "-m", f"autotosis.{module}", "--help"]
    options = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL, "text": True}
    # The pipe is so small that the program waits until what it says is read.
    with subprocess.Popen(command, cwd=ROOT, pipesize=4096, **options) as process:
        # Most of what it needs is imported after its package.
        package = f" autotosis.{module.split('.')[0]}\n"
        assert any(line.endswith(package) for line in process.stderr)
        process.send_signal(signal.SIGINT)
        said = [line for line in process.stderr if not line.startswith("import time:")]
    assert (said, process.returncode) == (["interrupted\n"], 130)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux does it")
def test_a_program_ends_when_what_started_it_is_killed(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # The program holds one end of the pipe for as long as it runs.
    program = ["sh", "-c", f"exec 3>{pipe}; echo >&3; exec sleep 30"]
    code = f"from pathlib import Path; from autotosis.project import programs; programs.run({program}, Path())"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as process, pipe.open() as other_end:
        assert other_end.readline() == "\n"
        process.kill()
        assert select.select([other_end], [], [], 10)[0], "it goes on"
        assert other_end.read() == ""


def test_a_second_run_waits_and_names_the_process_that_it_waits_for(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    command = ["python", "-m", "autotosis.project.recovery", "configure"]
    with command_line.exclusively("dvc repro"):
        process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        expected = f"dvc repro: waiting for process {os.getpid()}, which is doing the same\n"
        assert process.stderr.readline() == expected
        assert process.poll() is None
    output, errors = process.communicate()
    assert process.returncode == 0, output + errors
