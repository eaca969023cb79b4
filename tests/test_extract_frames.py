"""Clips become shards. Only changed clips are read again, and a bad one is named."""

import json
import os
import shutil
import struct
import sys

import numpy as np
import pytest
import safetensors.numpy

from autotosis.project.errors import UserError
from autotosis.signals import shards
from tests import videos
from tests.helpers import FACECAMS, LABELS, assert_user_error, first_clip


def test_no_clips(project):
    for clip in (project.folder / "data/tiny/clips").iterdir():
        clip.unlink()
    assert_user_error(project.stage("extract_frames"), "data/tiny/clips", "no clips")


DAMAGE = (
    (lambda content: b"", "the file is empty"),
    (lambda content: b"I am no video. " * 500, "not a video"),
    (lambda content: content[: len(content) * 2 // 3], "cut off"),
    (lambda content: content[len(content) // 2 :], "not a video"),
)


def test_bad_clips_are_named_and_the_others_are_not_wasted(project, tmp_path):
    clips = [first_clip(project).with_name(f"c{number:02}.mp4") for number in range(1, len(DAMAGE) + 1)]
    words = []
    for clip, (damage, word) in zip(clips, DAMAGE, strict=True):
        # With the index at the beginning of the file, as in downloads, the part that was downloaded can be read.
        videos.ffmpeg("-i", clip, "-c", "copy", "-movflags", "+faststart", tmp_path / clip.name)
        clip.write_bytes(damage((tmp_path / clip.name).read_bytes()))
        words.append(f"data/tiny/clips/{clip.name}: {word}")
    project.set_params(extract={"fps": 5})
    assert_user_error(project.stage("extract_frames"), *words)
    assert len(project.shards()) == 12 - len(clips)
    before = project.shards()
    for clip in clips:
        clip.unlink()
    project.stages("extract_frames")
    assert project.shards() == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (b"M\xfcller.mp4", "ller.mp4: its name is not in UTF-8"),
        (b"b\nerror: all fine\n.mp4", "b?error: all fine?.mp4: its name has a line break"),
        (231 * b"x" + b".mp4", "235 bytes"),
    ],
)
def test_a_name_that_cannot_be_used_is_named(project, name, words):
    clip, *others = sorted((project.folder / "data/tiny/clips").iterdir())
    for other in others:
        other.unlink()
    clip.rename(clip.parent / os.fsdecode(name))
    project.write(FACECAMS, "video,x0,y0,x1,y1\n")
    assert_user_error(project.stage("extract_frames"), "data/tiny/clips/", words, "rename the file")
    (clip.parent / os.fsdecode(name)).rename(clip.parent / (230 * "x" + ".mp4"))
    assert project.stage("extract_frames").returncode == 0


@pytest.mark.parametrize("name", ["thumbnail.png", "thumbnail.avif"])
def test_a_picture_among_the_clips_is_named(project, name):
    videos.ffmpeg("-i", first_clip(project), "-frames:v", 1, first_clip(project).parent / name)
    assert_user_error(project.stage("extract_frames"), f"data/tiny/clips/{name}", "a picture, not a video")


def test_a_clip_without_sound_works_and_one_with_several_is_named(project):
    clip = first_clip(project)
    silent = clip.parent / "silent.mp4"
    videos.ffmpeg("-i", clip, "-an", "-c", "copy", silent)
    videos.ffmpeg("-i", clip, "-map", 0, "-map", "0:a", "-c", "copy", clip.parent / "two.mkv")
    project.append(LABELS, "clips/silent.mp4,,,0\n")
    output = project.stage("extract_frames").stdout
    assert [line for line in output.splitlines() if "data/tiny/clips/" in line] == [
        "data/tiny/clips/two.mkv: has 2 sound tracks, of which track 1 is judged; choose another one with "
        "`tracks` in params.yaml"
    ]
    project.stages("build_dataset", "train", "predict demo")
    assert "silent.mp4.safetensors" in project.shards()


@pytest.mark.parametrize("box", ["0.5,0,1.2,1", "0.5,0,0.5,1", "-0.1,0,1,1", "0,0,nan,1", "0,0,1"])
def test_a_box_outside_the_frame_is_named_by_its_row(project, box):
    project.write(FACECAMS, f"video,x0,y0,x1,y1\n*,0,0,1,1\nclips/*,{box}\n")
    assert_user_error(project.stage("extract_frames"), "data/tiny/facecams.csv row 3")


@pytest.mark.parametrize("stage", [["extract_frames"], ["predict", "demo"]])
def test_a_video_chip_that_is_not_there_is_named_and_costs_nothing(project, stage):
    before = project.shards()
    # Apple's device on Linux, and Linux's on Apple's systems.
    device = "vaapi" if sys.platform == "darwin" else "videotoolbox"
    project.set_params(extract={"decoder": device})
    assert_user_error(project.stage(*stage), "params.yaml: extract.decoder is", device, "set it to auto")
    assert project.shards() == before


def test_whatever_decodes_gives_the_same_shards(project):
    before = project.digests("data/frames", "data/timelines")
    project.set_params(extract={"decoder": "auto"})
    shutil.rmtree(project.folder / "data/frames")
    project.stages("extract_frames", "predict demo")
    assert project.digests("data/frames", "data/timelines") == before


def test_a_name_with_brackets_is_itself(project):
    clip = first_clip(project)
    clip.rename(clip.with_name("It's [x1] ünd.mp4"))
    facecams = project.read(FACECAMS)
    project.write(FACECAMS, facecams + "clips/It's [x1] ünd.mp4,0.5,0.5,1.2,1\n")
    assert_user_error(project.stage("extract_frames"), "facecams.csv row")
    project.write(FACECAMS, facecams + "clips/It's [x1] ünd.mp4,0,0,1,1\n")
    assert project.stage("extract_frames").returncode == 0
    whole = (project.folder / "data/frames/It's [x1] ünd.mp4.safetensors").read_bytes()
    project.write(FACECAMS, facecams)
    assert project.stage("extract_frames").returncode == 0
    assert (project.folder / "data/frames/It's [x1] ünd.mp4.safetensors").read_bytes() != whole


@pytest.mark.parametrize("leftover", ["data/frames/.partial-c01.mp4.safetensors", "data/frames/gone.mp4.safetensors"])
def test_what_a_killed_extraction_left_is_cleaned_up(project, leftover):
    before = project.digests("data/frames")
    project.write(leftover, "half a shard")
    (project.folder / "data/frames/c01.mp4.safetensors").write_bytes(b"half a shard")
    assert project.stage("extract_frames").returncode == 0
    assert project.digests("data/frames") == before


@pytest.mark.parametrize("content", ["", "[]", "{", '{"data/tiny/clips/c01.mp4": {}}'])
def test_hashes_that_are_remembered_wrongly_are_taken_anew(project, content):
    before = project.digests("data/frames")
    project.write("data/.digests.json", content)
    assert "0 of 12 clips extracted, 12 were current" in project.stage("extract_frames").stdout
    assert project.digests("data/frames") == before


def test_a_clip_that_is_too_long_is_named(project):
    videos.ffmpeg("-f", "lavfi", "-t", 302, "-i", "color=gray:s=64x48:r=2", first_clip(project))
    assert_user_error(project.stage("extract_frames"), "clips/c01.mp4: lasts 302 s, and a clip at most 300 s")


@pytest.mark.parametrize("shape", [(), (4,), (4, 8), (4, 8, 8, 3, 1)])
def test_a_shard_with_frames_of_another_shape_is_named(tmp_path, shape):
    path = tmp_path / "a.safetensors"
    header = shards.Header(key="", duration=1.0, first_frame=0)
    tensors = {"times": np.arange(4) / 4, "frames": np.zeros(shape, np.uint8)}
    path.write_bytes(safetensors.numpy.save(tensors, {"clip": header.model_dump_json()}))
    with pytest.raises(UserError, match="a.safetensors: not a shard made by this project"):
        shards.Shard(path)


@pytest.mark.parametrize("kind", ["F8_E4M3", "F8_E5M2", "F8_E8M0"])
def test_a_shard_with_numbers_that_numpy_does_not_know_is_named(tmp_path, kind):
    path = tmp_path / "a.safetensors"
    metadata = {"clip": shards.Header(key="", duration=1.0, first_frame=0).model_dump_json()}
    times = {"dtype": kind, "shape": [4], "data_offsets": [0, 4]}
    header = json.dumps({"__metadata__": metadata, "times": times}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    with pytest.raises(UserError, match="a.safetensors: not a shard made by this project"):
        shards.Shard(path)
