"""The reel shows and sounds what the timeline asks for, and nothing else."""

import csv
from pathlib import Path

import av
import numpy as np
import pytest

from tests import videos
from tests.conftest import Project


def write_timeline(project: Project, highlights: list[tuple[float, float]], duration: float, fps: float = 5) -> None:
    """A timeline that is sure: 0.95 in the highlights, 0.02 elsewhere."""
    rows = []
    for moment in range(round(duration * fps)):
        time = moment / fps
        high = any(start <= time < end for start, end in highlights)
        rows.append(f"{time:.3f},{0.95 if high else 0.02:.4f}\n")
    project.write("data/timelines/own.csv", "time,probability\n" + "".join(rows))


def render(project: Project, vod: str = "vods/own.mp4", **params) -> list[dict[str, float]]:
    """Render the VOD `own` without smoothing or padding; the rows of segments.csv as numbers."""
    plain = {"smooth": 0, "threshold": 0.5, "pre_roll": 0, "post_roll": 0, "min_length": 0.5, "min_gap": 0.5, "snap": 0}
    project.set_params(vods={"own": vod}, render=plain | params)
    done = project.stage("render", "own")
    assert done.returncode == 0, done.stderr
    with (project.folder / "reels/own/segments.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {(row.pop("vod"), row.pop("keep")) for row in rows} <= {("own", "yes")}
    return [{key: float(value) for key, value in row.items()} for row in rows]


@pytest.fixture
def own(project):
    """A project with a VOD of flashes and beeps, of 20 s, named `own`."""
    videos.flash_and_beep(project.folder / "data/tiny/vods/own.mp4", 20)
    return project


def broken_off(made: Path, target: Path) -> None:
    """Ten seconds of a video, twice as other sound: from then on, and again after a gap of twenty seconds."""
    other = ["-c:v", "copy", "-c:a", "aac", "-ar", 44_100, "-ac", 2]
    for number, (start, sound) in enumerate([(0, ["-c", "copy"]), (10, other), (40, other)]):
        piece = target.with_suffix(f".{number}.ts")
        videos.ffmpeg("-t", 10, "-i", made, *sound, "-output_ts_offset", start, piece)
    target.write_bytes(b"".join(target.with_suffix(f".{number}.ts").read_bytes() for number in range(3)))


@pytest.mark.parametrize(
    ("container", "fps", "preset"),
    [("mp4", 30, "ultrafast"), ("ts", 30, "veryfast"), ("mkv", 60_000 / 1001, "veryfast")],
)
def test_picture_and_sound_stay_together_at_every_seam(project, container, fps, preset):
    own, folder = project, project.folder / "data/tiny/vods"
    made, vod = folder / "made.mp4", folder / f"own.{container}"
    videos.flash_and_beep(made, 20, fps)
    highlights, duration = [(2.6, 4.4), (6.8, 7.6), (9.4, 11.8), (15.0, 17.2)], 20
    if container == "ts":
        broken_off(made, vod)
        highlights, duration = [*highlights, (38.6, 42.4)], 50
    else:
        videos.ffmpeg("-i", made, "-c", "copy", vod)
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


def test_the_probability_is_written_over_every_moment(own):
    write_timeline(own, [(3.2, 3.8)], 20)
    render(own, pre_roll=0.6, post_roll=0.6)
    with av.open(str(own.folder / "reels/own/reel.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    calm, high = frames[15], frames[27]
    top = slice(0, 8)
    assert (calm[top, :, 1] - calm[top, :, 0]).max() > 60, "green where calm"
    assert (high[top, :, 0] - high[top, :, 1]).max() > 60, "red where high"
    assert (np.abs(high[top] - calm[top]).max(axis=2) > 60).sum() > 20, "a longer bar where high"


def test_nothing_to_show_gives_an_empty_table_and_no_reel(own):
    write_timeline(own, [], 20)
    own.write("reels/own/reel.mp4", "the last one")
    assert render(own, snap=0.5) == []
    assert own.read("reels/own/segments.csv") == "segment,vod,start,end,reel_start,reel_end,score,keep\n"
    assert [path.name for path in (own.folder / "reels/own").iterdir()] == ["segments.csv"]
    assert "nothing to show" in own.stage("render", "own").stdout


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
    """Frames come at 30, then 12 per second, and are missing for a second in between."""
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


def test_a_label_with_commands_of_the_subtitle_format_is_only_text(own):
    write_timeline(own, [(2.6, 4.4)], 20)
    own.set_params(label="{\\fs200}rage\\N%'\"; rm")
    assert len(render(own)) == 1


def test_without_an_overlay_nothing_is_written_over_whatever_encodes(own):
    write_timeline(own, [(3.2, 3.8)], 20)
    render(own, overlay="none", encoder="auto")
    with av.open(str(own.folder / "reels/own/reel.mp4")) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(frames) == 18
    assert max(frame.max() for frame in frames) < 20


OPEN = "open-gop=1:bframes=3:keyint=30:min-keyint=30:scenecut=0:log-level=none"


@pytest.mark.parametrize(
    ("container", "codec", "options"),
    [
        ("mp4", "libx264", {"preset": "veryfast", "bf": "3", "sc_threshold": "0"}),
        ("ts", "libx264", {"preset": "veryfast", "bf": "3", "sc_threshold": "0"}),
        ("mp4", "libx265", {"x265-params": OPEN}),
    ],
)
def test_a_copied_reel_has_each_frame_of_its_segments_once_and_in_its_place(project, container, codec, options):
    folder, reel = project.folder / "data/tiny/vods", project.folder / "reels/own/reel.mp4"
    videos.numbered(folder / "made.mp4", 20, codec, **options)
    videos.ffmpeg("-i", folder / "made.mp4", "-c", "copy", folder / f"own.{container}")
    # No keyframe in the pre-roll of the second; the last two meet at the keyframe that both need.
    write_timeline(project, [(3.4, 4.4), (7.8, 8.8), (12.4, 13.2), (13.8, 14.6)], 20)
    copy = {"vod": f"vods/own.{container}", "overlay": "none", "encoder": "copy", "pre_roll": 0.5}
    rows = render(project, **copy)
    frames = videos.numbers(folder / f"own.{container}")
    expected = [
        (time - row["start"] + row["reel_start"], number)
        for row in rows
        for time, number in frames
        if row["start"] - 0.002 < time < row["end"] - 0.002
    ]
    found = videos.numbers(reel)
    assert [number for _, number in found] == [number for _, number in expected]
    assert [time for time, _ in found] == pytest.approx([time for time, _ in expected], abs=0.003)
    seen = [time for time, number in found if number % 30 == 0]
    assert videos.beep_times(reel) == pytest.approx(seen, abs=0.04)
    firsts = [number for time, number in found if any(abs(time - row["reel_start"]) < 0.003 for row in rows)]
    assert firsts == [90, 210, 360]
    with av.open(str(reel)) as container:
        assert container.streams.video[0].codec_context.codec_tag == {"libx264": "avc1", "libx265": "hvc1"}[codec]
    before = reel.read_bytes()
    assert render(project, **copy) == rows
    assert reel.read_bytes() == before


def test_a_copied_reel_begins_where_a_trimmed_video_does(project):
    """Its picture goes on before time zero, and the first keyframe behind that is the first of the reel."""
    folder = project.folder / "data/tiny/vods"
    videos.numbered(folder / "made.mp4", 10, "libx264", preset="veryfast", bf="3", sc_threshold="0")
    videos.ffmpeg("-ss", 2.5, "-i", folder / "made.mp4", "-c", "copy", folder / "own.mp4")
    write_timeline(project, [(0.0, 2.0)], 7)
    (row,) = render(project, overlay="none", encoder="copy")
    assert row["start"] == pytest.approx(0.5, abs=0.05)
    found = [number for _, number in videos.numbers(project.folder / "reels/own/reel.mp4")]
    assert found == list(range(90, 90 + len(found))) and len(found) == pytest.approx(45, abs=2)
