"""A reel looks as params.yaml asks: its layout, size and rate, and what is written over it or beside it."""

import shutil
from fractions import Fraction
from pathlib import Path

import av
import matplotlib
import numpy as np
import pytest
from PIL import Image

from autotosis.annotations.facecams import Box
from autotosis.project import fonts, params
from autotosis.reel import encoding, layouts
from autotosis.reel.encoding import Cut
from autotosis.reel.overlay import Look
from autotosis.reel.reel import Vod
from autotosis.video import media
from tests import videos
from tests.conftest import Project
from tests.test_reel import render, write_timeline

RED, GREEN, BLUE, WHITE = (220, 0, 0), (0, 150, 0), (0, 0, 220), (255, 255, 255)
# Of a picture of 320 x 180.
FACE = (16, 112, 80, 64)


def stream(time: float) -> np.ndarray:
    """A game, green and from 6 s on blue; a red face camera at the lower left; a white disc in the middle of each."""
    picture = np.full((180, 320, 3), GREEN if time < 6 - 1e-6 else BLUE, np.uint8)
    left, top, width, height = FACE
    picture[top : top + height, left : left + width] = RED
    y, x = np.mgrid[:180, :320]
    for centre_x, centre_y, radius in ((left + width // 2, top + height // 2, 16), (160, 90, 40)):
        picture[(x - centre_x) ** 2 + (y - centre_y) ** 2 < radius**2] = WHITE
    return picture


def frames(project: Project, path: str = "reels/own/reel.mp4") -> tuple[np.ndarray, np.ndarray]:
    """The time of each frame of a reel, and the frames: int, shape (frames, height, width, 3)."""
    with av.open(str(project.folder / path)) as container:
        decoded = [(frame.time, frame.to_ndarray(format="rgb24").astype(int)) for frame in container.decode(video=0)]
    return np.array([time for time, _ in decoded]), np.stack([frame for _, frame in decoded])


def share(picture: np.ndarray, colour: tuple[int, int, int]) -> float:
    """How much of a picture is of a colour."""
    return float((np.abs(picture - colour).max(axis=-1) < 70).mean())


def extent(picture: np.ndarray) -> tuple[int, int]:
    """How wide and how high it is what is white in a picture, in pixels."""
    rows, columns = np.nonzero(np.abs(picture - WHITE).max(axis=-1) < 100)
    return int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def show_face(project: Project) -> None:
    left, top, width, height = FACE
    box = (left / 320, top / 180, (left + width) / 320, (top + height) / 180)
    project.write("data/tiny/facecams.csv", "video,x0,y0,x1,y1\nvods/own.*," + ",".join(map(str, box)) + "\n")


def test_vertical_has_the_face_above_and_the_game_below_at_the_asked_size_and_rate(project):
    """Frames come at 30, then 12 per second."""
    times = [n / 30 for n in range(150)] + [5 + n / 12 for n in range(60)]
    videos.write(project.folder / "data/tiny/vods/own.mp4", times, stream)
    show_face(project)
    write_timeline(project, [(4.6, 6.8)], 10)
    render(project, layout="vertical", height=640, fps=20, overlay="none")
    shown, pictures = frames(project)
    assert pictures.shape == (44, 640, 360, 3)
    assert np.diff(shown) == pytest.approx(1 / 20, abs=1e-3)
    poster = np.array(Image.open(project.folder / "reels/own/poster.jpg")).astype(int)
    for picture in (pictures[0], poster):
        face, game = picture[:288], picture[288:]
        assert share(face, RED) + share(face, WHITE) > 0.97
        assert share(game, GREEN) + share(game, WHITE) > 0.97, "the game without the face"
        for part in (face, game):
            width, height = extent(part)
            assert width > 100 and width == pytest.approx(height, rel=0.05), "round"
    blue = shown[videos.onsets(np.array([share(picture, BLUE) for picture in pictures]) > 0.3)]
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
    _, pictures = frames(project)
    # The shorter side of 641 x 361, even.
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
    write_timeline(project, [(2.0, 3.0)], 5)
    render(project, layout="square", overlay="none")
    _, pictures = frames(project)
    assert pictures.shape[1:] == (120, 120, 3)
    # Turned to the left by a quarter, what was on the right is above.
    assert share(pictures[5, :56], BLUE) > 0.97
    assert share(pictures[5, 64:], GREEN) > 0.97


def test_title_and_time_are_written_where_and_as_asked(project):
    videos.write(project.folder / "data/tiny/vods/own.mp4", [n / 10 for n in range(200)], lambda _: videos.grey(0))
    write_timeline(project, [(2.6, 6.0), (9.0, 11.0)], 20)
    look = {"height": 480, "fps": 10, "title": "The best", "quality": 5}
    rows = render(project, **look, style={"position": "bottom-right", "size": 1, "font": None})
    _, pictures = frames(project)
    light = pictures.max(axis=-1) > 100
    assert light[:, 380:, 320:].any(axis=(1, 2)).all(), "at the lower right, always"
    assert not light[:, 380:, :160].any() and not light[:, :120].any()
    middle = light[:, 180:300].any(axis=(1, 2))
    assert middle[:15].all() and not middle[20:].any(), "over the first two seconds of the reel"
    # The probability is the same in each segment, so that nothing but the clock changes.
    changed = 1 + np.flatnonzero((np.abs(np.diff(light[20:].astype(int), axis=0))[:, 380:] > 0).sum(axis=(1, 2)) > 4)
    seam = round(10 * rows[1]["reel_start"])
    assert (20 + changed).tolist() == [24, seam, seam + 10]
    (project.folder / "data/tiny/fonts").mkdir()
    serif = Path(matplotlib.get_data_path()) / "fonts/ttf/STIXGeneral.ttf"
    shutil.copy(serif, project.folder / "data/tiny/fonts/serif.ttf")
    render(project, **look, style={"position": "bottom-right", "size": 1, "font": "fonts/serif.ttf"})
    _, others = frames(project)
    assert (others[5, 180:300].max(axis=-1) > 100).mean() < 0.7 * light[5, 180:300].mean(), "thinner letters"


@pytest.mark.parametrize("encoder", ["libx264", "copy"])
def test_soft_lines_say_of_each_moment_what_the_timeline_says(project, encoder):
    folder = project.folder / "data/tiny/vods"
    videos.flash_and_beep(folder / "own.mp4", 20)
    project.set_params(label="{\\b1}rage, <i>so")
    times = np.arange(200) / 10
    probabilities = np.where((times % 8 >= 3) & (times % 8 < 5), 0.75 + 0.2 * np.sin(times) ** 2, 0.02)
    rows = "".join(f"{time:.3f},{probability:.4f}\n" for time, probability in zip(times, probabilities, strict=True))
    project.write("data/timelines/own.csv", "time,probability\n" + rows)
    segments = render(project, overlay="soft", encoder=encoder, pre_roll=0.3, post_roll=0.3)
    reel = project.folder / "reels/own/reel.mp4"
    with av.open(str(reel)) as container:
        packets = [packet for packet in container.demux(subtitles=0) if packet.size > 2]
        # Behind two bytes that say how long it is.
        lines = [(packet.pts / 1e6, packet.duration / 1e6, bytes(packet)[2:].decode()) for packet in packets]
        assert packets[0].time_base == Fraction(1, 1_000_000)
    assert len(lines) > 8
    starts = [start for start, _, _ in lines]
    for segment in segments:
        assert min(abs(start - segment["reel_start"]) for start in starts) < 0.04
    assert min(np.diff(starts)) < 1 <= len(lines) / sum(s["end"] - s["start"] for s in segments) <= 4.5
    for start, duration, text in lines:
        segment = max((s for s in segments if s["reel_start"] < start + 0.04), key=lambda s: s["reel_start"])
        at = max(start - segment["reel_start"], 0) + segment["start"] + 0.02
        assert start + duration < segment["reel_end"] + 0.04
        said = f"(/b1)rage, <i>so {probabilities[int(at * 10 + 1e-6)]:.0%}  0:00:{int(at):02}"
        # And nothing of colours or sizes.
        assert text == said
    # Nothing else is another for it.
    reel_times, light = videos.luminance(reel)
    flashes = [
        row["reel_start"] + n - row["start"] for row in segments for n in range(20) if row["start"] <= n < row["end"]
    ]
    assert reel_times[videos.onsets(light > 128)] == pytest.approx(flashes, abs=0.04)
    assert videos.beep_times(reel) == pytest.approx(flashes, abs=0.04)


def test_a_vod_of_another_shape_is_shown_whole_with_a_margin(project):
    path = project.folder / "data/tiny/vods/own.mp4"
    videos.write(path, [n / 10 for n in range(20)], stream)
    probe, frame = media.probe(path), layouts.Frame(180, 180, Fraction(10))
    settings = params.load(project.folder / "params.yaml")
    panes = layouts.panes("source", probe, Box(0, 0, 0.5, 0.5), frame)
    look = Look("rage", settings.render.style, fonts.read(fonts.BOLD), frame, panes[0].shown)
    encoding.encode(
        Cut(
            vod=Vod("own", path, probe, None, Box(), frame, panes), begin=0.0, start=0.5, duration=1.0, look=look,
            title=None, sound=False, moments=np.array([[0.0, 0.9]]), render=settings.render, encoder="libx264",
            target=project.folder / "cut.mov",
        )
    )  # fmt: skip
    _, pictures = frames(project, "cut.mov")
    assert pictures.shape == (10, 180, 180, 3)
    assert pictures[:, :38].max() < 30 and pictures[:, 143:].max() < 30
    width, height = extent(pictures[5, 70:110])
    assert share(pictures[5, 80:138, 60:120], GREEN) > 0.4
