"""The reel shows and sounds like what the cut list asks for, and nothing else. The files beside it agree with it."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import av
import numpy as np
import opentimelineio
import pytest
from PIL import Image

from autotosis.reel import reel
from tests import videos
from tests.helpers import Project, copy_of, render, write_timeline


def broken_off(source: Path, target: Path) -> None:
    """Write ten seconds of a video, and twice more with other sound: at once, and after a gap of twenty seconds."""
    other = ["-c:v", "copy", "-c:a", "aac", "-ar", 44_100, "-ac", 2]
    for number, (start, sound) in enumerate([(0, ["-c", "copy"]), (10, other), (40, other)]):
        piece = target.with_suffix(f".{number}.ts")
        videos.ffmpeg("-t", 10, "-i", source, *sound, "-output_ts_offset", start, piece)
    target.write_bytes(b"".join(target.with_suffix(f".{number}.ts").read_bytes() for number in range(3)))


@pytest.mark.parametrize(
    ("container", "fps", "preset"),
    [("mp4", 30, "ultrafast"), ("ts", 30, "veryfast"), ("mkv", 60_000 / 1001, "veryfast")],
)
def test_picture_and_sound_stay_together_at_every_seam(project, container, fps, preset):
    own, folder = project, project.folder / "data/tiny/vods"
    source, vod = folder / "made.mp4", folder / f"own.{container}"
    videos.flash_and_beep(source, 20, fps)
    highlights, duration = [(2.6, 4.4), (6.8, 7.6), (9.4, 11.8), (15.0, 17.2)], 20
    if container == "ts":
        broken_off(source, vod)
        highlights, duration = [*highlights, (38.6, 42.4)], 50
    else:
        videos.ffmpeg("-i", source, "-c", "copy", vod)
    write_timeline(own, highlights, duration)
    rows = render(own, vod=f"vods/own.{container}", preset=preset)
    assert len(rows) == len(highlights)
    reel = own.folder / "reels/own/reel.mp4"
    times, light = videos.luminance(reel)
    flashes = times[videos.onsets(light > 128)]
    expected = [
        row["reel_start"] + second - row["start"]
        for row in rows
        for second in range(duration)
        if row["start"] <= second < row["end"] and not 20 <= second < 40
    ]
    assert flashes == pytest.approx(expected, abs=0.04)
    assert videos.beep_times(reel) == pytest.approx(expected, abs=0.04)


def test_the_table_says_how_long_the_reel_is_and_where_everything_came_from(own):
    write_timeline(own, [(2.6, 4.4), (9.4, 11.8)], 20)
    rows = render(own)
    assert [(row["start"], row["end"]) for row in rows] == [(2.6, 4.4), (9.4, 11.8)]
    assert [row["score"] for row in rows] == pytest.approx([0.95, 0.95])
    assert rows[1]["reel_start"] == rows[0]["reel_end"]
    times, _ = videos.luminance(own.folder / "reels/own/reel.mp4")
    assert np.diff(times) == pytest.approx(1 / 30, abs=1e-4)
    assert times[-1] + 1 / 30 == pytest.approx(rows[-1]["reel_end"], abs=1e-3)


def test_nothing_to_show_gives_an_empty_table_and_no_reel(own):
    write_timeline(own, [], 20)
    own.write("reels/own/reel.mp4", "the last one")
    assert render(own, snap=0.5) == []
    assert own.read("reels/own/segments.csv") == "segment,vod,start,end,reel_start,reel_end,score,keep\n"
    assert [path.name for path in (own.folder / "reels/own").iterdir()] == ["segments.csv"]
    assert "nothing to show" in own.stage("select", "own").stdout
    assert "the cut list is empty, so no reel was made" in own.stage("render", "own").stdout


def test_a_vod_without_sound_gives_a_reel_without_sound(project):
    videos.flash_and_beep(project.folder / "data/tiny/vods/own.mp4", 8, with_sound=False)
    project.set_params(vods={"own": "vods/own.mp4"})
    assert project.stage("predict", "own").returncode == 0
    write_timeline(project, [(2.6, 4.4)], 8)
    render(project)
    with av.open(str(project.folder / "reels/own/reel.mp4")) as container:
        assert not container.streams.audio
        assert sum(1 for _ in container.decode(video=0)) == round(1.8 * 30)


def test_a_variable_frame_rate_and_a_gap_do_not_move_the_moments(project):
    """The VOD has 30 and then 12 frames per second, and none for a second in between."""
    times = [n / 30 for n in range(180)] + [7 + n / 12 for n in range(120)]

    def picture(time: float) -> np.ndarray:
        return videos.grey(255 if (time + 1e-6) % 1 < 0.2 else 0)

    videos.write(project.folder / "data/tiny/vods/own.mp4", times, picture)
    write_timeline(project, [(4.6, 5.4), (9.6, 11.4)], 17)
    rows = render(project)
    reel_times, light = videos.luminance(project.folder / "reels/own/reel.mp4")
    flashes = reel_times[videos.onsets(light > 128)]
    assert flashes == pytest.approx([0.4, rows[1]["reel_start"] + 0.4, rows[1]["reel_start"] + 1.4], abs=0.06)


def test_a_segment_that_begins_in_a_gap_shows_what_was_on_display(project):
    times = [n / 30 for n in range(150)] + [10 + n / 30 for n in range(150)]
    path = project.folder / "data/tiny/vods/own.mp4"
    videos.write(path, times, lambda time: videos.grey(60 if time < 5 else 200))
    write_timeline(project, [(7.0, 9.0)], 15)
    render(project)
    _, light = videos.luminance(project.folder / "reels/own/reel.mp4")
    assert light == pytest.approx(60, abs=8)


def test_pixels_that_are_not_square_are_shown_in_shape(project):
    folder = project.folder / "data/tiny/vods"
    videos.flash_and_beep(folder / "made.mp4", 6)
    videos.ffmpeg("-i", folder / "made.mp4", "-vf", "setsar=2/1", folder / "own.mp4")
    write_timeline(project, [(2.6, 4.4)], 6)
    render(project)
    with av.open(str(project.folder / "reels/own/reel.mp4")) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (128, 48)


def test_what_a_segment_reaches_beyond_the_end_is_not_made_up(own):
    write_timeline(own, [(18.6, 20.0)], 20)
    rows = render(own, post_roll=3.0)
    assert rows[-1]["end"] == pytest.approx(20.0, abs=0.05)
    times, _ = videos.luminance(own.folder / "reels/own/reel.mp4")
    assert times[-1] + 1 / 30 == pytest.approx(rows[-1]["reel_end"], abs=0.05)


AWKWARD = 'vods/It\'s "ü" & 100 % #1.mp4'


def chapters(path: Path) -> list[tuple[float, float, str]]:
    with av.open(str(path)) as container:
        return [
            (float(c["start"] * c["time_base"]), float(c["end"] * c["time_base"]), c["metadata"]["title"])
            for c in container.chapters()
        ]


def beside(project: Project) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (project.folder / "reels/own").iterdir()}


def assert_chapters(project: Project, rows: list[dict[str, float]]) -> None:
    found = chapters(project.folder / "reels/own/reel.mp4")
    assert [name for *_, name in found] == [f"{reel.clock(r['start'])}, {100 * r['score']:.0f} %" for r in rows]
    expected = [(row["reel_start"], row["reel_end"]) for row in rows]
    assert [times[:2] for times in found] == [pytest.approx(pair, abs=0.001) for pair in expected]


def test_a_reel_comes_with_all_that_it_is_published_and_edited_with(project):
    videos.numbered_shades(project.folder / "data/tiny" / AWKWARD, 8)
    write_timeline(project, [(1.2, 2.8), (5.0, 6.6)], 8)
    project.set_params(vods={"own": AWKWARD}, urls={"own": "https://youtu.be/abc"})
    rows = render(project, vod=AWKWARD)
    assert_chapters(project, rows)
    assert project.read("reels/own/description.txt").splitlines()[2:] == [
        "0:00 from 0m1s, 95 % https://www.youtube.com/watch?v=abc&t=1s",
        "0:02 from 0m5s, 95 % https://www.youtube.com/watch?v=abc&t=5s",
    ]
    folder = project.folder / "reels/own"
    timeline = opentimelineio.adapters.read_from_file(str(folder / "cut.otio"))
    for clip in timeline.find_clips():
        assert (folder / unquote(urlsplit(clip.media_reference.target_url).path)).is_file()
    before = beside(project)
    assert str(project.folder).encode() not in b"".join(before.values())
    render(project, vod=AWKWARD)
    assert beside(project) == before


@pytest.mark.parametrize("encoder", ["libx264", "copy"])
def test_a_folder_may_be_called_anything(tmp_path, built, encoder):
    project = copy_of(built, tmp_path / "It's #1 & 100%d? 1:2")
    videos.flash_and_beep(project.folder / "data/tiny/vods/own.mp4", 8)
    videos.ffmpeg("-f", "lavfi", "-i", "sine=duration=1", project.folder / "data/tiny/music/%d? #1.wav")
    write_timeline(project, [(1.0, 2.6), (5.0, 6.6)], 8)
    look = {"overlay": "none"} if encoder == "copy" else {"overlay": "burn", "transition": "crossfade", "title": "Hi"}
    rows = render(project, encoder=encoder, **look, music="music/%d? #1.wav")
    assert len(chapters(project.folder / "reels/own/reel.mp4")) == len(rows) == 2


def test_a_reel_of_the_calmest_moments_shows_them_and_says_how_likely_they_are_highlights(project):
    videos.numbered_shades(project.folder / "data/tiny/vods/own.mp4", 10)
    write_timeline(project, [(0, 5, 0.9), (5, 7, 0.1), (7, 9, 0.02), (9, 10, 0.9)], 10)
    (row,) = render(project, invert=True)
    assert (row["start"], row["end"], row["score"]) == (5, 9, pytest.approx(0.94))
    assert [name for *_, name in chapters(project.folder / "reels/own/reel.mp4")] == ["0:05, 6 %"]
    assert project.read("reels/own/description.txt").splitlines()[2:] == ["0:00 from 0m5s, 6 %"]
    poster = np.array(Image.open(project.folder / "reels/own/poster.jpg").convert("L"))
    assert poster[:, 56:].mean() == pytest.approx(7 * 20, abs=4)


def test_a_copied_reel_of_one_segment_without_sound_comes_with_the_same(project):
    videos.numbered_shades(project.folder / "data/tiny/vods/own.mp4", 8, with_sound=False)
    write_timeline(project, [(3.0, 4.0)], 8)
    rows = render(project, overlay="none", encoder="copy")
    assert len(rows) == 1
    assert_chapters(project, rows)
    assert {"description.txt", "poster.jpg", "preview.webp", "cut.otio", "cut.xml"} <= beside(project).keys()
