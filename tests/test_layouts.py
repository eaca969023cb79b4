"""The frames of a reel have the layout, size and rate that params.yaml asks for."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autotosis.annotations import facecams
from autotosis.annotations.facecams import Box, Scene
from autotosis.pictures import fonts
from autotosis.reel import assembly, encoding, layouts
from autotosis.reel.encoding import EncodingJob
from autotosis.reel.layouts import Arrangement, FrameFormat
from autotosis.reel.overlay import OverlayStyle
from autotosis.reel.reel import ReelSegment, Vod
from autotosis.video import recording
from tests import videos
from tests.helpers import Project, decoded, load_params, planned, render, write_timeline

RED, GREEN, BLUE, WHITE = (220, 0, 0), (0, 150, 0), (0, 0, 220), (255, 255, 255)

# The left and upper edge, width and height of the face camera in a picture of 320 x 180, pixels.
FACE_CAMERA = (16, 112, 80, 64)


def stream(time: float) -> np.ndarray:
    """Draw a VOD: a game, first green, then blue; a red face camera at the lower left; a white disc in each."""
    picture = np.full((180, 320, 3), GREEN if time < 6 - 1e-6 else BLUE, np.uint8)
    left, top, width, height = FACE_CAMERA
    picture[top : top + height, left : left + width] = RED
    y, x = np.mgrid[:180, :320]
    for centre_x, centre_y, radius in ((left + width // 2, top + height // 2, 16), (160, 90, 40)):
        picture[(x - centre_x) ** 2 + (y - centre_y) ** 2 < radius**2] = WHITE
    return picture


def share(picture: np.ndarray, colour: tuple[int, int, int]) -> float:
    """Compute the share of a picture that has a colour."""
    return float((np.abs(picture - colour).max(axis=-1) < 70).mean())


def extent(picture: np.ndarray) -> tuple[int, int]:
    """Measure the width and the height of the white area in a picture, pixels."""
    rows, columns = np.nonzero(np.abs(picture - WHITE).max(axis=-1) < 100)
    return int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def show_face(project: Project) -> None:
    left, top, width, height = FACE_CAMERA
    box = (left / 320, top / 180, (left + width) / 320, (top + height) / 180)
    project.write("data/tiny/facecams.csv", "video,x0,y0,x1,y1\nvods/own.*," + ",".join(map(str, box)) + "\n")


def test_vertical_has_the_face_above_and_the_game_below_at_the_asked_size_and_rate(project):
    """The VOD has 30 and then 12 frames per second."""
    times = [n / 30 for n in range(150)] + [5 + n / 12 for n in range(60)]
    videos.write(project.folder / "data/tiny/vods/own.mp4", times, stream)
    show_face(project)
    write_timeline(project, [(4.6, 6.8)], 10)
    # The VOD's last frames are in a frame of their own.
    render(project, layout="vertical", height=640, fps=20, overlay="none", post_roll=0.03)
    times, pictures = decoded(project.folder / "reels/own/reel.mp4")
    assert pictures.shape == (45, 640, 360, 3)
    assert np.diff(times) == pytest.approx(1 / 20, abs=1e-3)
    poster = np.array(Image.open(project.folder / "reels/own/poster.jpg")).astype(int)
    for picture in (pictures[0], poster):
        face, game = picture[:288], picture[288:]
        assert share(face, RED) + share(face, WHITE) > 0.97
        assert share(game, GREEN) + share(game, WHITE) > 0.97, "the game without the face"
        for part in (face, game):
            width, height = extent(part)
            assert width > 100 and width == pytest.approx(height, rel=0.05), "round"
    blue = times[videos.onsets(np.array([share(picture, BLUE) for picture in pictures]) > 0.3)]
    assert blue == pytest.approx([1.4], abs=0.06)


def test_square_from_a_video_of_odd_size_keeps_what_is_written_off_the_face(project):
    folder = project.folder / "data/tiny/vods"
    videos.write(folder / "made.mp4", [n / 15 for n in range(75)], stream)
    videos.ffmpeg("-i", folder / "made.mp4", "-vf", "scale=641:361", "-pix_fmt", "yuv444p", folder / "own.mp4")
    show_face(project)
    write_timeline(project, [(2.0, 3.8)], 5)
    project.set_params(label="a label that would hardly fit into anything at this size")
    style = {"position": "top-right", "size": 2, "font": None}
    render(project, layout="square", style=style)
    _, pictures = decoded(project.folder / "reels/own/reel.mp4")
    # The shorter side of 641 x 361, rounded to an even number.
    assert pictures.shape[1:] == (360, 360, 3)
    face, game = pictures[9, :198], pictures[9, 198:]
    assert share(face, RED) + share(face, WHITE) > 0.97
    width, height = extent(face)
    assert width == pytest.approx(height, rel=0.05), "round"
    written = np.abs(game - GREEN).max(axis=-1) > 70
    assert written[:20].mean() > 0.3 and written[152:].mean() == 0, "at the top of the game, whose middle is shown"
    assert not written[:40, :4].any() and not written[:40, -4:].any(), "it fits"


def test_a_phone_that_was_turned_is_upright_in_a_square(project):
    def picture(time: float) -> np.ndarray:
        return np.concatenate([np.full((120, 90, 3), GREEN, np.uint8), np.full((120, 90, 3), BLUE, np.uint8)], axis=1)

    folder = project.folder / "data/tiny/vods"
    videos.write(folder / "made.mp4", [n / 15 for n in range(75)], picture)
    videos.ffmpeg("-display_rotation", 90, "-i", folder / "made.mp4", "-c", "copy", folder / "own.mp4")
    project.write("data/tiny/facecams.csv", "video,x0,y0,x1,y1\n")
    project.set_params(vods={"own": "vods/own.mp4"})
    project.stages("find_facecams own")
    write_timeline(project, [(2.0, 3.0)], 5)
    render(project, layout="square", overlay="none")
    _, pictures = decoded(project.folder / "reels/own/reel.mp4")
    assert pictures.shape[1:] == (120, 120, 3)
    # After a rotation by a quarter to the left, what was on the right is at the top.
    assert share(pictures[5, :56], BLUE) > 0.97
    assert share(pictures[5, 64:], GREEN) > 0.97


def test_a_vod_of_another_shape_is_shown_whole_with_a_margin(project):
    path = project.folder / "data/tiny/vods/own.mp4"
    videos.write(path, [n / 10 for n in range(20)], stream)
    vod, frame, render = recording.probe(path), FrameFormat(180, 180, Fraction(10)), load_params(project).render
    panes = tuple(layouts.panes("source", vod, Box(0, 0, 0.5, 0.5), frame))
    segment = ReelSegment(Vod("own", vod, None, frame, (Arrangement(0.0, panes),)), 0.5, 1.5, 0.0, 1.0, 0.9, 1.0)
    style = OverlayStyle("rage", render.style, fonts.load(fonts.BOLD), frame, panes[0].target)
    job = EncodingJob(
        segment, style=style, title=None, sound=None, moments=np.array([[0.0, 0.9]]), render=render,
        encoder="libx264", target=project.folder / "job.mov",
    )  # fmt: skip
    encoding.encode(job)
    _, pictures = decoded(project.folder / "job.mov")
    assert pictures.shape == (10, 180, 180, 3)
    assert pictures[:, :38].max() < 30 and pictures[:, 143:].max() < 30
    assert share(pictures[5, 80:138, 60:120], GREEN) > 0.4


@pytest.mark.parametrize(("fps", "first", "start"), [(25, 50, 1.1), (30, 61, 0.95)])
def test_the_layout_changes_with_the_picture_where_two_frames_are_equally_near(bare, tmp_path, fps, first, start):
    """The time in the middle between two frames of the reel is that of the first frame without the face camera."""

    pictures = vertical(bare, tmp_path, fps, first, f"{start},{start + 1.5}\n", fps)
    number = round((first / fps - start) * fps + 0.5)
    assert has_face(pictures) == [True] * number + [False] * (len(pictures) - number)
    assert min(share(shown, BLUE) for shown in pictures[number:]) > 0.97


def test_the_last_frame_of_a_segment_that_ends_with_a_layout_keeps_it(bare, tmp_path):
    """At a lower frame rate than the VOD's, the last frame is longer than the segment."""
    pictures = vertical(bare, tmp_path, 60, 120, "0.9,2\n", 24)
    assert has_face(pictures) == [True] * 27


def vertical(project: Project, folder: Path, fps: int, first: int, row: str, reel_fps: int) -> np.ndarray:
    """Cut a row out of three seconds of video whose face camera disappears with frame number `first`."""

    def picture(time: float) -> np.ndarray:
        return stream(0.0) if time < first / fps - 1e-6 else np.full((180, 320, 3), BLUE, np.uint8)

    videos.write(project.folder / "data/tiny/vods/own.mp4", [n / fps for n in range(3 * fps)], picture)
    left, top, width, height = FACE_CAMERA
    box = Box(left / 320, top / 180, (left + width) / 320, (top + height) / 180)
    facecams.write(project.folder / "data/facecams/own.csv", [Scene(0.0, first / fps, box)])
    cut = planned(project, row, duration=3, layout="vertical", overlay="none", fps=reel_fps)
    (piece,) = assembly.encode(cut, folder)
    return decoded(piece.target)[1]


def has_face(pictures: np.ndarray) -> list[bool]:
    """Return for each picture whether the face camera is at its top."""
    return [share(shown[: len(shown) // 3], RED) > 0.5 for shown in pictures]
