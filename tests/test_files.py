"""Outputs are complete or absent, even if the disk is full or a stage is killed."""

import importlib
import io
import os
import sys

import pytest

from autotosis.project.errors import UserError
from tests.helpers import FACECAMS, assert_user_error, first_clip, limit_file_size

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
