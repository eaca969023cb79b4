"""Outputs are complete or absent, even if the disk is full or a stage is killed."""

import ctypes
import importlib
import io
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from autotosis.annotations import labels
from autotosis.fetch import __main__ as fetch
from autotosis.fetch.listing import Entry
from autotosis.importers import stretches
from autotosis.project.errors import UserError
from autotosis.review import user_tables
from autotosis.watch import recordings
from tests.helpers import FACECAMS, ROOT, assert_user_error, first_clip, limit_file_size

# From linux/capability.h and linux/prctl.h.
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER = 1, 2, 3
PR_CAPBSET_DROP = 24
# For each stage: its arguments, the number of bytes that fit on the disk, and what the message names.
FULL = {
    "extract_frames": ([], 5000, "data/frames"),
    "build_dataset": ([], 1000, "data/dataset/index.csv"),
    "train": ([], 1000, "models/"),
    "predict": (["demo"], 1000, "data/timelines/demo.csv"),
    "select": (["demo"], 100, "data/cuts/demo.csv"),
    "render": (["demo"], 1000, "reels/demo"),
    "configure": ([], 10, "data/config"),
    "evaluate": ([], 100, "reels/"),
    "compile": ([], 1000, "reels/best"),
}


@pytest.mark.parametrize("stage", FULL)
def test_a_full_disk_is_one_sentence_and_costs_nothing(project, stage):
    arguments, size, words = FULL[stage]
    outputs = ["data/config", "data/dataset", "models", "data/timelines", "data/cuts", "data/review", "reels"]
    before = project.digests(*outputs)
    if stage == "extract_frames":
        first_clip(project).write_bytes((first_clip(project).parent / "c03.mp4").read_bytes())
    assert_user_error(project.stage(stage, *arguments, preexec_fn=limit_file_size(size)), words)
    assert project.digests(*outputs) == before
    assert not list(project.folder.glob("**/.partial-*"))


@pytest.mark.parametrize("stage", ["find_facecams", "predict", "select", "render", "compile"])
def test_a_vod_that_is_still_being_copied_costs_nothing(project, monkeypatch, stage):
    vod = project.folder / "data/tiny/vods/demo.mp4"

    class Copying(io.StringIO):
        def write(self, text: str) -> int:
            vod.touch()
            return super().write(text)

    # Without a row, the face camera is searched for, and progress is shown.
    project.write(FACECAMS, "video,x0,y0,x1,y1\n")
    outputs = ("data/facecams", "data/timelines", "data/cuts", "data/review", "reels")
    before = project.digests(*outputs)
    monkeypatch.chdir(project.folder)
    # Other processes would stay in the folder of the first test.
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    # When a stage says something, it has read the VOD and has not written its outputs.
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, Copying())
    with pytest.raises(UserError, match=r"demo.mp4: was changed while it was being used; run the same command again"):
        importlib.import_module(f"stages.{stage}").main(*["demo"] if stage != "compile" else [])
    assert project.digests(*outputs) == before


def test_one_output_that_cannot_be_written_keeps_the_others(project):
    project.set_params(select={"pre_roll": 2.0})
    before = project.read("data/cuts/demo.csv")
    (project.folder / "data/review/demo.csv").unlink()
    (project.folder / "data/review/demo.csv").mkdir()
    assert_user_error(project.stage("select", "demo"), "data/review/demo.csv: is a directory")
    assert project.read("data/cuts/demo.csv") == before


def add_row(path: Path) -> None:
    """Add a row to a table with what usually writes it."""
    if path.name == "labels.csv":
        stretches.append_rows(path, labels.COLUMNS, [("clips/a.mp4", "", "", "1")], labels.read_labels)
    elif path.name == "sources.csv":
        fetch.add(path, [Entry("https://example.org/a", "a", "")], "clip")
    elif path.name == "vods.yaml":
        recordings.add("monday", "vods/a.mp4")
    else:
        user_tables.write_box(path.parent, user_tables.version(path), "clips/a.mp4", (0, 0, 0.5, 0.5))


@pytest.mark.parametrize("table", ["labels.csv", "sources.csv", "facecams.csv", "../../vods.yaml"])
def test_tables_of_the_user_outlive_a_power_cut(bare, monkeypatch, table):
    path, synced = bare.folder / "data/tiny" / table, []
    bare.write("vods.yaml", "vods: {}\n")
    bare.write("data/tiny/clips/a.mp4", "")
    fsync = os.fsync

    def observe(file: int) -> None:
        fsync(file)
        synced.append((os.fstat(file).st_ino, os.fstat(file).st_size))

    monkeypatch.setattr(os, "fsync", observe)
    add_row(path)
    # vods.yaml has two lines in front of the first VOD.
    assert "a" in path.read_text().splitlines()[2 if path.suffix == ".yaml" else 1]
    assert synced == [(path.stat().st_ino, path.stat().st_size)]


@pytest.mark.parametrize("table", ["labels.csv", "sources.csv", "facecams.csv"])
def test_tables_of_the_user_stay_links_and_keep_their_permissions(bare, tmp_path, table):
    path, synchronized = bare.folder / "data/tiny" / table, tmp_path / "synchronized"
    bare.write("data/tiny/clips/a.mp4", "")
    synchronized.mkdir()
    path.rename(synchronized / table)
    (synchronized / table).chmod(0o660)
    path.symlink_to(os.path.relpath(synchronized / table, path.parent))
    add_row(path)
    assert path.is_symlink()
    assert "a" in (synchronized / table).read_text().splitlines()[1]
    assert stat.S_IMODE((synchronized / table).stat().st_mode) == 0o660
    assert [each.name for each in synchronized.iterdir()] == [table]
    assert not list(path.parent.glob(".*-*"))


def test_what_a_killed_rendering_left_is_cleaned_up(project):
    before = project.digests("reels")
    project.write("reels/.partial-demo/0001.mov", "half a segment")
    project.write("reels/.old-demo/reel.mp4", "the one before")
    assert project.stage("render", "demo").returncode == 0
    assert project.digests("reels") == before


def test_a_reel_that_a_kill_left_beside_its_place_is_put_back(project):
    before = project.digests("reels/demo")
    (project.folder / "reels/demo").rename(project.folder / "reels/.old-demo")
    assert project.stage("render", "demo", preexec_fn=limit_file_size(1000)).returncode == 1
    assert project.digests("reels/demo") == before
    assert not (project.folder / "reels/.old-demo").exists()


# A stage, as far as files are concerned.
REPLACE = """
import sys
from pathlib import Path
from autotosis.project import command_line, files
with command_line.errors_as_sentences(), files.replacing(Path(sys.argv[1])) as partial:
    partial.mkdir()
    (partial / "reel.mp4").write_text(sys.argv[2])
"""


def obey_permissions() -> None:
    """Let this process obey the permissions of files even if it is root's."""
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="others have no capabilities")
def test_a_former_reel_that_cannot_be_removed_costs_nothing_at_first(tmp_path):
    reel, locked = tmp_path / "demo", tmp_path / ".old-demo/locked"

    def replace(content: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-c", REPLACE, str(reel), content]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, preexec_fn=obey_permissions)

    (reel / "locked").mkdir(parents=True)
    (reel / "locked/file").touch()
    (reel / "locked").chmod(0o555)
    assert replace("first").returncode == 0
    assert_user_error(
        replace("second"),
        f"{reel}: its former content, .old-demo beside it, cannot be removed (Permission denied); close",
    )
    assert (reel / "reel.mp4").read_text() == "first"
    locked.chmod(0o755)
    assert replace("third").returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
