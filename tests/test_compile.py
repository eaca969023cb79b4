"""One reel of the best moments of all VODs."""

import av
import numpy as np
import pytest

from tests import videos
from tests.helpers import NO_ADJUSTMENTS, Project, write_timeline


def compiled(project: Project, **params) -> list[dict[str, str]]:
    """Read the table of the compilation."""
    project.set_params(**params)
    project.stages("select heard", "select silent", "compile")
    return project.table("reels/best/segments.csv")


@pytest.fixture
def two(project):
    """A project with two VODs: flashes and beeps; and flashes in another shape, rate and range, without sound."""
    folder = project.folder / "data/tiny/vods"
    videos.flash_and_beep(folder / "made.mp4", 12)
    videos.ffmpeg("-i", folder / "made.mp4", "-vf", "scale=320:240", folder / "heard.mp4")
    videos.ffmpeg("-i", folder / "made.mp4", "-an", "-vf", "scale=320:180:out_range=pc,fps=25", folder / "silent.mp4")
    write_timeline(project, [(1.6, 4.4, 0.7), (6.6, 9.8, 0.9)], 12, "heard")
    write_timeline(project, [(2.6, 5.8, 0.8), (8.6, 9.4, 0.6)], 12, "silent")
    project.set_params(vods={"heard": "vods/heard.mp4", "silent": "vods/silent.mp4"}, select=NO_ADJUSTMENTS)
    return project


def test_the_best_moments_of_all_vods_win_and_are_shown_vod_by_vod(two):
    rows = compiled(two, compilation={"max_duration": 7}, urls={"silent": "https://youtu.be/abc"})
    assert [(row["vod"], float(row["start"]), float(row["end"])) for row in rows] == [
        ("heard", 6.6, 9.8),
        ("silent", 2.6, 5.8),
    ]
    reel = two.folder / "reels/best/reel.mp4"
    with av.open(str(reel)) as container:
        decoded = list(container.decode(video=0))
        chapters = [chapter["metadata"]["title"] for chapter in container.chapters()]
    assert len({frame.color_range for frame in decoded}) == 1
    frames = [(frame.time, frame.to_ndarray(format="gray")) for frame in decoded]
    assert {frame.shape for _, frame in frames} == {(240, 320)}
    assert len(frames) == round(6.4 * 30)
    assert np.diff([time for time, _ in frames]) == pytest.approx(1 / 30, abs=1e-4)
    assert chapters == ["heard 0:06, 90 %", "silent 0:02, 80 %"]
    assert two.read("reels/best/description.txt").splitlines() == [
        "rage: 2 moments of 2 VODs, 0m6s of 0m24s",
        "",
        "0:00 from heard at 0m6s, 90 %",
        "0:03 from silent at 0m2s, 80 % https://www.youtube.com/watch?v=abc&t=2s",
    ]
    # The name of each VOD is shown over its first two seconds, at a place where nothing flashes.
    shown = {round(time, 3): frame[100:140].max() > 200 for time, frame in frames}
    assert [shown[time] for time in (0.2, 1.2, 2.2, 3.4, 4.4, 5.4)] == [True, True, False, True, True, False]
    # The picture of the second VOD, which has another shape, is not stretched, and the area above it is black.
    assert max(frame[:20, 200:].max() for time, frame in frames if time > 3.3) < 40
    sound = np.abs(videos.samples(reel))
    assert videos.beep_times(reel) == pytest.approx([0.4, 1.4, 2.4], abs=0.04)
    assert sound[round(3.3 * videos.RATE) :].max() < 0.01


def test_whatever_is_marked_by_hand_or_copied_is_compiled(two):
    two.write("data/tiny/edits/silent.csv", "start,end\n1.0,2.0\n")
    rows = compiled(two, render={"overlay": "soft", "encoder": "copy"}, compilation={"max_duration": 60})
    assert [(row["vod"], float(row["start"])) for row in rows] == [("heard", 1.6), ("heard", 6.6), ("silent", 1.0)]
    with av.open(str(two.folder / "reels/best/reel.mp4")) as container:
        lines = [packet for packet in container.demux(subtitles=0) if packet.size > 2]
        starts = {round(float(line.pts * line.time_base), 2): bytes(line)[2:].decode() for line in lines}
        container.seek(0)
        picture = next(container.decode(video=0)).to_ndarray(format="gray")
    assert starts[0.0] == "rage 70%  0:00:01"
    assert starts[float(rows[2]["reel_start"])] == "rage 2%  0:00:01"
    # The name of the VOD is shown nevertheless, and nothing else.
    assert picture[100:140].max() > 200 and picture[:60].max() < 40
    # What is marked by hand, without a score, is the first choice.
    (row,) = compiled(two, compilation={"max_duration": 3.3})
    assert (row["vod"], float(row["start"])) == ("silent", 1.0)


def test_where_there_is_room_segments_are_as_in_their_own_reels(two):
    rows = compiled(two, select={"snap": 0.5, "pre_roll": 0.5, "post_roll": 0.5}, compilation={"max_duration": 60})
    two.stages("render heard")
    own = two.table("reels/heard/segments.csv")
    assert [float(row["start"]) for row in own] != [1.1, 6.1], "edges moved"
    assert own == rows[: len(own)]


def test_no_moment_gives_an_empty_table_and_no_reel(two):
    for vod in ("heard", "silent"):
        write_timeline(two, [], 12, vod)
    assert compiled(two) == []
    assert [path.name for path in (two.folder / "reels/best").iterdir()] == ["segments.csv"]
