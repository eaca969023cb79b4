"""A recording becomes a reel by itself once it is finished; whatever happens meanwhile, nothing is lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from autotosis.project import params
from autotosis.project.errors import UserError
from autotosis.project.videos_params import Watch
from autotosis.watch import __main__ as watch
from autotosis.watch import recordings, runs
from autotosis.watch.log import LOG
from autotosis.watch.log import log as write_log
from autotosis.watch.state import State
from tests import videos
from tests.helpers import (
    ENVIRONMENT,
    FACECAMS,
    REAL_ENVIRONMENT,
    ROOT,
    Project,
    assert_user_error,
    build_once,
    copy_of,
    copy_repository,
    load_params,
)

WATCH = ("python", "-m", "autotosis.watch", "--once")
# Seconds.
QUIET = 0.3


def look_for_recordings(project: Project, **changed) -> Project:
    """Let a built project watch for recordings in Matroska files, of which there are none yet."""
    project.set_params(recordings="vods/*.mkv", watch={"quiet": QUIET, "free_space": 0}, **changed)
    project.commit()
    for key, value in (("user.name", "t"), ("user.email", "t@example.org")):
        project.succeed("git", "config", key, value)
    return project


@pytest.fixture
def watched(project) -> Project:
    """A built project whose only VODs are recordings.

    Their reels have a table and no film, which takes less time.
    """
    return look_for_recordings(project, vods={}, select={"threshold": 0.999})


@pytest.fixture(scope="module")
def with_a_recording(tmp_path_factory, built) -> Project:
    """A project with a VOD and a recording, `own`, whose reels are made. Tests must not change it."""

    def make(folder: Path) -> None:
        project = look_for_recordings(copy_of(built, folder), compilation={"max_duration": 20})
        record(project, "own")
        project.succeed(*WATCH, "--commit")
        assert (folder / "reels/own/reel.mp4").is_file()
        assert {row["vod"] for row in project.table("reels/best/segments.csv")} == {"demo", "own"}

    return Project(build_once(tmp_path_factory, "with a recording", make))


def record(project: Project, name: str) -> None:
    """Put a recording into vods/, as OBS names and writes it."""
    vods = project.folder / "data/tiny/vods"
    videos.ffmpeg("-t", 4, "-i", vods / "demo.mp4", "-c", "copy", vods / f"{name}.mkv")


def log(project: Project) -> list[str]:
    """The lines of the log, without the time."""
    path = project.folder / "watch.log"
    return [line.split(" ", 2)[2] for line in path.read_text().splitlines()] if path.exists() else []


@contextmanager
def watching(project: Project) -> Iterator[subprocess.Popen]:
    """Watch until the block ends."""
    # The watcher itself is ended, not the program of `warm_python` that stands for it.
    command = (sys.executable, *WATCH[1:-1])
    with subprocess.Popen(command, cwd=project.folder, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def listed(project: Project) -> dict[str, str]:
    return yaml.safe_load(project.read("vods.yaml"))["vods"]


def test_recordings_become_reels_once_they_are_finished_whatever_happens(watched):
    # No machine is so busy that nothing is written for this long.
    watched.set_params(watch={"quiet": 5})
    watched.commit()
    for name in ("2026-11-27 20-00-00", "second"):
        record(watched, name)
    vods = watched.folder / "data/tiny/vods"
    first, second = vods / "2026-11-27 20-00-00.mkv", vods / "second.mkv"
    content = first.read_bytes()
    second.rename(vods / ".second")
    watched.write("data/tiny/vods/broken.mkv", "no video")
    os.utime(vods / "broken.mkv", (0, 0))
    with first.open("wb") as file, subprocess.Popen(WATCH, cwd=watched.folder, env=REAL_ENVIRONMENT) as process:
        written = file.write(content[: len(content) // 2])
        looked = 0
        # What it says about broken.mkv shows that it has looked. It would list a recording within a second of that.
        while looked < 50:
            looked += bool(log(watched))
            written += file.write(content[written : written + len(content) // 10_000])
            file.flush()
            assert process.poll() is None and written < len(content), "it never looked"
            assert listed(watched) == {}
            time.sleep(0.02)
        file.write(content[written:])
        file.close()
        # As if as much time had passed.
        os.utime(first, (0, 0))
        (vods / ".second").rename(second)
        assert "--once" in watched.run(*WATCH, "--help", timeout=60).stdout, "it waits for the other process"
        before = watched.digests("data/tiny/vods")
        while not listed(watched):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 143
    assert not (watched.folder / "reels/2026-11-27-20-00-00").exists()

    watched.set_params(watch={"quiet": QUIET})
    watched.commit()
    watched.succeed(*WATCH, "--commit")
    assert listed(watched) == {"2026-11-27-20-00-00": "vods/2026-11-27 20-00-00.mkv", "second": "vods/second.mkv"}
    lines = log(watched)
    assert len(lines) == 4
    assert {line for line in lines if "broken.mkv" in line and "remove or replace it" in line}
    assert len([line for line in lines if line.endswith(": resuming an interrupted run")]) == 1
    for name in listed(watched):
        assert len([line for line in lines if line.startswith(f"{name}: reels/{name} made from data/tiny/vods/")]) == 1
        assert (watched.folder / f"reels/{name}/segments.csv").is_file()
    assert watched.digests("data/tiny/vods") == before
    committed = watched.succeed("git", "log", "--format=%s", "-2").splitlines()
    assert sorted(committed) == ["Add the reel of 2026-11-27-20-00-00", "Add the reel of second"]
    # All but the recordings themselves, which are the user's.
    assert all("data/tiny/vods/" in line for line in watched.succeed("git", "status", "--short").splitlines())
    # The next morning, and the next run.
    assert watched.repro() == []
    watched.succeed(*WATCH)
    assert log(watched) == lines


@pytest.mark.parametrize("place", ["vods", "vods/drive"])
def test_a_drive_that_is_away_leaves_its_recordings_listed(bare, place):
    (bare.folder / "data/tiny/vods/drive").mkdir()
    bare.set_params(vods={}, recordings="vods/**/*.mkv", watch={"quiet": QUIET})
    lines = f"vods:\n  first: {place}/first.mkv\n  second: {place}/second.mkv\n"
    bare.write("vods.yaml", lines)
    if place == "vods/drive":
        # Others are still there.
        bare.write("data/tiny/vods/other.mkv", "")
        (bare.folder / "data/tiny" / place).rmdir()
    with pytest.raises(UserError, match=f"^data/tiny/{place}: all its recordings are gone; connect its drive, or, if"):
        watch.unlist_missing(load_params(bare))
    assert bare.read("vods.yaml") == lines and log(bare) == []

    # What it says about recordings that were deleted.
    bare.write("vods.yaml", lines.replace("vods:", "vods: {}\nkept:"))
    watch.unlist_missing(load_params(bare))
    assert log(bare) == []


def test_a_recording_whose_drive_goes_away_during_its_run_is_resumed(watched):
    record(watched, "own")
    vods = watched.folder / "data/tiny/vods"
    with watching(watched) as process:
        while not listed(watched):
            assert process.poll() is None
            time.sleep(0.02)
        vods.rename(watched.folder / "away")
        assert any("data/tiny/vods: all its recordings are gone" in line for line in process.stdout)
        (watched.folder / "away").rename(vods)
        assert any("own: resuming an interrupted run" in line for line in process.stdout)
    assert listed(watched) == {"own": "vods/own.mkv"}


def test_what_cannot_be_written_does_not_end_the_watcher(watched):
    # As on a full disk.
    for name in ("watch.log", ".dvc/tmp/watch.json"):
        (watched.folder / name).mkdir(parents=True)
    with watching(watched) as process:
        for name, said in (
            ("first", ".dvc/tmp/watch.json: is a directory"),
            ("second", "vods/second.mkv: not a video"),
        ):
            path = watched.folder / f"data/tiny/vods/.{name}"
            path.write_text("no video")
            os.utime(path, (0, 0))
            path.rename(path.with_name(f"{name}.mkv"))
            assert any(said in line for line in process.stdout)


def test_a_recording_that_is_gone_without_a_reel_is_said_to_be_left_out(bare):
    bare.set_params(vods={}, recordings="vods/*.mkv")
    bare.write("vods.yaml", "vods:\n  own: vods/own.mkv\n")
    watch.unlist_missing(load_params(bare))
    path = "data/tiny/vods/own.mkv"
    assert log(bare) == [f"own: {path} is gone, so this VOD is left out; put the file back to cut it again"]


def test_parameters_may_name_a_recording_that_failed_before_its_first_reel(bare):
    bare.set_params(vods={}, urls={"own": "https://youtu.be/abc"}, tracks={"own": {"judge": 1}})
    bare.write("vods.yaml", "vods:\n  own: vods/own.mkv\n")
    recordings.unlist("own")
    assert params.load().vods == {}
    recordings.add("own", "vods/own.mkv")
    assert recordings.read_list().kept == {} and params.load().vods == {"own": "vods/own.mkv"}


@pytest.mark.parametrize("by", ["watch", "hand"])
def test_dvc_leaves_a_kept_reel_alone(project, monkeypatch, by):
    # DVC must have written it, and not the copy of a project.
    shutil.rmtree(project.folder / "reels/demo")
    project.succeed("dvc", "checkout", "reels/demo")
    project.set_params(vods={})
    if by == "watch":
        project.write("vods.yaml", "vods:\n  demo: vods/demo.mp4\n")
        monkeypatch.chdir(project.folder)
        recordings.unlist("demo")
    else:
        project.write("vods.yaml", "vods: {}\nkept:\n  demo: vods/demo.mp4\n")
        project.stages("configure")
    before = project.digests("reels/demo")
    project.succeed("dvc", "checkout", "--force")
    assert before and project.digests("reels/demo") == before


def test_a_recording_whose_run_fails_holds_up_nothing(watched):
    record(watched, "own")
    watched.write("data/tiny/edits/own.csv", "start,end\n9,1\n")
    watched.succeed(*WATCH)
    assert listed(watched) == {}
    (line,) = log(watched)
    assert line.startswith("own: data/tiny/edits/own.csv row 2: ends at 1 s") and "tried again in an hour" in line
    watched.set_params(recordings="vods/*.ts", watch={"free_space": 1e9})
    assert "params.yaml: recordings: no video matches vods/*.ts yet" in watched.stage("configure").stdout
    watched.set_params(recordings="vods/*.mkv")
    record(watched, "日本")
    record(watched, "other")
    assert_user_error(watched.run(*WATCH), "disk space")
    watched.set_params(watch={"free_space": 0})
    (watched.folder / "data/tiny/vods/other.mkv").unlink()
    watched.succeed(*WATCH)
    assert "日本.mkv: its name has neither a letter from a to z nor a digit; rename" in log(watched)[-1]


def test_a_recording_that_waits_for_its_next_try_is_named_until_it_is_touched(watched):
    record(watched, "own")
    facecams = watched.read(FACECAMS)
    watched.append(FACECAMS, "vods/own.mkv,0,0,2,1\n")
    watched.succeed(*WATCH)
    again = json.loads(watched.read(".dvc/tmp/watch.json"))["aside"]["data/tiny/vods/own.mkv"][1]
    clock = time.strftime("%H:%M", time.localtime(again))
    said = f"data/tiny/vods/own.mkv: waits until {clock} for its next try; to try it now, run `touch` on it\n"
    assert watched.succeed(*WATCH) == said
    assert len(log(watched)) == 1
    watched.write(FACECAMS, facecams)
    (watched.folder / "data/tiny/vods/own.mkv").touch()
    assert said not in watched.succeed(*WATCH)
    assert listed(watched) == {"own": "vods/own.mkv"}


def test_a_recording_that_is_gone_during_the_run_of_another_does_not_defer_that(watched, monkeypatch):
    record(watched, "new")
    # As if it had been deleted just now.
    watched.write("vods.yaml", "vods:\n  old: vods/old.mkv\n  new: vods/new.mkv\n")
    monkeypatch.chdir(watched.folder)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    watch.make_reel("new", Path("data/tiny/vods/new.mkv"), State(), commit=False)
    assert [line.partition(", ")[0].partition(" in ")[0] for line in log(watched)] == [
        "old: data/tiny/vods/old.mkv is gone",
        "new: reels/new made from data/tiny/vods/new.mkv",
    ]
    assert listed(watched) == {"new": "vods/new.mkv"} and State().begun == [] and State().aside == {}


@pytest.mark.parametrize("interrupted", [False, True])
def test_the_reel_of_all_vods_is_made_without_a_recording_that_is_gone(
    with_a_recording, tmp_path, monkeypatch, interrupted
):
    watched = copy_of(with_a_recording, tmp_path / "project")
    (watched.folder / "data/tiny/vods/own.mkv").unlink()
    reel = watched.digests("reels/own")
    assert "vods.yaml: there is no data/tiny/vods/own.mkv" in watched.stage("configure").stdout
    if interrupted:
        # As a watcher leaves it that is ended while it makes the reel of all VODs.
        monkeypatch.chdir(watched.folder)
        state = State()
        state.left_out = watch.unlist_missing(load_params(watched))
        state.save()
    watched.succeed(*WATCH, "--commit")
    assert {row["vod"] for row in watched.table("reels/best/segments.csv")} == {"demo"}
    gone = "own: data/tiny/vods/own.mkv is gone, so this VOD is left out, and its reel is kept; put the file back"
    assert log(watched)[-1].startswith(gone)
    assert listed(watched) == {}
    assert reel and watched.digests("reels/own") == reel
    assert watched.succeed("git", "log", "--format=%s", "-1") == "Leave out own\n"
    assert watched.succeed("git", "diff", "HEAD", "--", "vods.yaml", "dvc.lock") == ""
    assert "Running" not in watched.succeed(*WATCH, "--commit")


def test_a_recording_whose_name_is_taken_gets_its_turn(watched, monkeypatch):
    record(watched, "a b")
    watched.set_params(vods={"a-b": "vods/demo.mp4"})
    watched.succeed(*WATCH)
    assert "vods/a b.mkv: left out, because data/tiny/vods/demo.mp4 is the VOD a-b already" in log(watched)[-1]
    watched.set_params(vods={"demo": "vods/demo.mp4"})
    # As if an hour had passed.
    state = json.loads(watched.read(".dvc/tmp/watch.json"))
    for aside in state["aside"].values():
        aside[1] -= 3600
    watched.write(".dvc/tmp/watch.json", json.dumps(state))
    monkeypatch.chdir(watched.folder)
    path, settings = Path("data/tiny/vods/a b.mkv"), params.load()
    assert watch.find_new(settings, State()) == ([path], [])
    assert recordings.name_of(path, settings) == "a-b"


def test_a_recording_that_is_removed_before_its_turn_ends_nothing(tmp_path, monkeypatch):
    project = copy_repository(tmp_path)
    project.set_params(data="data/you", vods={"a-b": "vods/demo.mp4"}, recordings="vods/*.mkv")
    monkeypatch.chdir(tmp_path)
    watch.begin(Path("data/you/vods/a b.mkv"), State(), commit=False)
    assert log(project) == []


def test_a_recording_that_has_the_name_of_a_kept_reel_is_told_so(watched):
    record(watched, "a b")
    watched.write("vods.yaml", "vods: {}\nkept:\n  a-b: vods/gone.mkv\n")
    (watched.folder / "reels/a-b").mkdir(parents=True)
    watched.succeed(*WATCH)
    kept = "vods.yaml keeps reels/a-b, the reel of data/tiny/vods/gone.mkv"
    assert log(watched) == [f"data/tiny/vods/a b.mkv: left out, because {kept}; rename this file"]


def test_a_recording_may_have_the_name_of_one_that_has_no_reel(bare):
    bare.set_params(vods={}, recordings="vods/*.mkv")
    bare.write("vods.yaml", "vods: {}\nkept:\n  A-b: vods/failed.mkv\n")
    name = recordings.name_of(Path("data/tiny/vods/a b.mkv"), load_params(bare))
    recordings.add(name, "vods/a b.mkv")
    assert listed(bare) == {"a-b": "vods/a b.mkv"}
    assert "failed" not in bare.read("vods.yaml")


def test_names_are_taken_as_the_system_gives_them_or_put_aside(watched):
    # As macOS names recordings of the screen: with a narrow space.
    screen = "Screen Recording at 8.00.00\u202fPM \U0001f469\u200d\U0001f4bb"
    for name in (screen, "a*b", "a\tb"):
        record(watched, name)
    watched.succeed(*WATCH)
    (name,) = listed(watched)
    assert listed(watched) == {name: f"vods/{screen}.mkv"}
    assert (watched.folder / f"reels/{name}/segments.csv").is_file()
    lines = log(watched)
    assert len(lines) == 3 and f"made from data/tiny/vods/{screen}.mkv in" in lines[0]
    # Whichever is finished first is named first.
    for line, shown in zip(sorted(lines[1:]), ("a*b", "a?b"), strict=True):
        assert line.startswith(f"data/tiny/vods/{shown}.mkv: its name has a *,") and line.endswith("; rename the file")
    assert watched.repro() == []

    record(watched, "x\udcff")
    watched.succeed(*WATCH)
    assert "vods/x?.mkv: its name has a *," in log(watched)[-1]
    assert_user_error(watched.run("python", "-m", "autotosis.project.recovery"), "x?.mkv: its name is not UTF-8")
    assert "x?.mkv: not cut yet" in watched.stage("configure").stdout


def test_a_recording_is_no_replay_unless_its_name_has_a_time(watched):
    for name in ("Replayability", "Replay 2026-11-27 20-00-00"):
        record(watched, name)
    output = watched.stage("configure").stdout
    assert "Replayability.mkv: not cut yet" in output
    assert output.count("not cut yet") == 1


def test_a_recording_that_goes_on_after_a_pause_is_cut_again(watched):
    record(watched, "whole")
    vods = watched.folder / "data/tiny/vods"
    whole, paused = vods / "whole.mkv", vods / "paused.mkv"
    videos.ffmpeg("-i", whole, "-t", 2, "-c", "copy", paused)
    whole.rename(vods / ".whole")
    watched.succeed(*WATCH)
    moments = len(watched.table("data/timelines/paused.csv"))
    # As an older version leaves it.
    state = json.loads(watched.read(".dvc/tmp/watch.json"))
    del state["listed"]
    watched.write(".dvc/tmp/watch.json", json.dumps(state))
    watched.succeed(*WATCH)
    assert len(log(watched)) == 1

    (vods / ".whole").rename(paused)
    watched.succeed(*WATCH)
    lines = log(watched)[1:]
    assert [line.partition(" in ")[0] for line in lines] == [
        "paused: data/tiny/vods/paused.mkv has changed, so its reel is made again once the recording is finished",
        "paused: reels/paused made from data/tiny/vods/paused.mkv",
    ]
    assert listed(watched) == {"paused": "vods/paused.mkv"} and "kept" not in watched.read("vods.yaml")
    assert len(watched.table("data/timelines/paused.csv")) > 1.5 * moments


def test_no_run_begins_with_too_little_disk_space(watched, monkeypatch):
    for name in ("first", "second"):
        record(watched, name)
    first, usage = watched.folder / "reels/first", shutil.disk_usage(watched.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=0 if first.exists() else usage.total))
    watched.set_params(watch={"free_space": 1e-6})
    monkeypatch.chdir(watched.folder)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match="disk space"):
        watch.main(once=True, commit=False)
    assert list(listed(watched)) == ["first"] and first.is_dir()

    # As if its run had been interrupted.
    shutil.rmtree(first)
    watched.set_params(watch={"free_space": 1e9})
    assert_user_error(watched.run(*WATCH), "disk space")
    assert not first.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /dev/full")
def test_a_log_that_cannot_be_written_ends_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    LOG.symlink_to("/dev/full")
    write_log("own: made")
    assert capsys.readouterr().out.endswith(" own: made\n")


# A watcher, as far as its output is concerned.
REPORT = """
from autotosis.project.errors import UserError
from autotosis.watch import log, runs
log.log("own: made")
try:
    runs.repro()
except UserError as error:
    log.log(str(error))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /dev/full")
def test_output_that_cannot_be_written_ends_nothing(tmp_path):
    environment = ENVIRONMENT | {"PYTHONPATH": str(ROOT)}
    with Path("/dev/full").open("w") as full:
        subprocess.run([sys.executable, "-c", REPORT], cwd=tmp_path, env=environment, stdout=full, stderr=full)
    assert log(Project(tmp_path)) == ["own: made", "params.yaml: no such file; run from the folder that holds it"]


def test_deleting_what_is_unused_keeps_experiments(tmp_path, monkeypatch):
    project = Project(tmp_path)
    project.succeed("git", "init", "--quiet")
    project.succeed("dvc", "init", "--quiet")
    # Whose experiment it is.
    project.succeed("git", "config", "user.name", "t")
    project.succeed("git", "config", "user.email", "t@example.org")
    for content in ("committed", "experiment", "unused"):
        project.write("model", content)
        project.succeed("dvc", "add", "--quiet", "model")
        if content == "committed":
            project.commit()
        if content == "experiment":
            project.succeed("dvc", "exp", "save", "--name", "kept")
    project.succeed("git", "checkout", "--quiet", "model.dvc")
    project.succeed("dvc", "checkout", "--quiet", "--force")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ENVIRONMENT["PATH"])
    with pytest.raises(UserError, match="disk space"):
        runs.check_space(Watch(quiet=1, free_space=1e9, delete="unused"))
    assert {path.read_text() for path in tmp_path.glob(".dvc/cache/files/md5/*/*")} == {"committed", "experiment"}


def test_a_recording_that_ends_within_the_header_of_a_fragment_is_finished(tmp_path):
    source = ("-f", "lavfi", "-t", 4, "-i", "color=gray:s=64x48:r=10")
    form = ("-g", 10, "-movflags", "frag_keyframe+empty_moov+default_base_moof")
    videos.ffmpeg(*source, *form, tmp_path / "whole.mp4")
    content, path = (tmp_path / "whole.mp4").read_bytes(), tmp_path / "own.mp4"
    path.write_bytes(content[: content.rindex(b"moof") + 96])
    assert recordings.is_finished(path, 0.0)


def test_a_recording_from_the_future_is_named_once(bare):
    bare.set_params(vods={}, recordings="vods/*.mkv", watch={"quiet": QUIET})
    path, tomorrow = Path("data/tiny/vods/own.mkv"), time.time() + 2 * 86_400
    videos.ffmpeg("-f", "lavfi", "-t", 1, "-i", "color=gray:s=64x48:r=10", path)
    os.utime(path, (tomorrow, tomorrow))
    for _ in range(2):
        assert watch.find_new(load_params(bare), State()) == ([], [])
    assert log(bare) == [
        f"{path}: its modification time is more than a day in the future; if it is finished, run `touch` on it"
    ]
    # As `touch` does, and a while later.
    os.utime(path, (time.time() - 9, time.time() - 9))
    assert watch.find_new(load_params(bare), State()) == ([path], [])


def test_the_parts_of_a_vod_are_no_vods(tmp_path):
    project = copy_repository(tmp_path)
    project.set_params(data=str(tmp_path / "you"), vods={"monday": "vods/monday"}, recordings="vods/**/*.mkv")
    for name in ("monday/part1", "monday/part2", "sunday"):
        project.write(f"you/vods/{name}.mkv", "")
    assert recordings.unlisted(load_params(project)) == [tmp_path / "you/vods/sunday.mkv"]


def test_a_title_need_not_be_in_utf_8(tmp_path):
    path = tmp_path / "a.avi"
    source = ("-f", "lavfi", "-t", 1, "-i", "color=gray:s=64x48:r=10")
    videos.ffmpeg(*source, "-c:v", "mpeg4", "-metadata", "title=M-ller", path)
    content = path.read_bytes()
    assert content.count(b"M-ller") == 1
    path.write_bytes(content.replace(b"M-ller", b"M\xfcller"))
    assert recordings.is_finished(path, 0.0)
