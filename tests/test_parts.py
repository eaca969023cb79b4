"""A folder of parts is one VOD: it has one timeline, and its reel shows no seam."""

import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import opentimelineio
import pytest

from autotosis.project.errors import UserError, error_sentence
from autotosis.video import parts
from tests import videos
from tests.helpers import assert_user_error, cut, render, write_timeline


def timeline(project, vod: str) -> np.ndarray:
    """Read the rows of a timeline: float64 of shape (moments, 2)."""
    return np.array([list(map(float, row.values())) for row in project.table(f"data/timelines/{vod}.csv")])


@pytest.mark.parametrize(("container", "encoder"), [("mp4", "libx264"), ("ts", "copy")])
def test_a_seam_neither_shows_nor_sounds(project, container, encoder):
    """The frames show their numbers, and there are beeps."""
    vods, reel = project.folder / "data/tiny/vods", project.folder / "reels/own/reel.mp4"
    videos.numbered(vods / "made.mp4", 12, "libx264", bf="2", preset="veryfast")
    parts = videos.split(vods / "made.mp4", vods / "own", "3,7", container)
    write_timeline(project, [(2.0, 8.0)], 12)
    # Begin almost a frame earlier.
    render(project, "vods/own", overlay="none", encoder=encoder, pre_roll=0.01)
    times, numbers = map(np.array, zip(*videos.numbers(reel), strict=True))
    assert len(numbers) == pytest.approx(180, abs=4)
    assert (np.diff(numbers) == 1).all()
    assert np.diff(times) == pytest.approx(1 / 30, abs=0.002)
    assert videos.beep_times(reel) == pytest.approx(times[numbers % 30 == 0], abs=0.04)
    firsts = {part: videos.numbers(part)[0][1] for part in parts}
    shown = [firsts[part] + frames for part, frames in frame_ranges(reel.with_name("cut.otio"))]
    assert len(shown) == 3 and np.concatenate(shown).tolist() == numbers.tolist()


def frame_ranges(cut: Path) -> list[tuple[Path, np.ndarray]]:
    """List what an editor shows: the files, and which of their frames."""
    ranges, timeline = [], opentimelineio.adapters.read_from_file(str(cut))
    for clip in timeline.video_tracks()[0]:
        file = cut.parent / unquote(urlsplit(clip.media_reference.target_url).path)
        start, length = (round(time.value) for time in (clip.source_range.start_time, clip.source_range.duration))
        ranges.append((file.resolve(), np.arange(start, start + length)))
    return ranges


def test_a_vod_in_parts_is_scanned_and_measured_like_the_whole(project):
    folder = project.folder / "data/tiny"
    videos.ffmpeg("-i", folder / "vods/demo.mp4", "-c", "copy", folder / "vods/whole.ts")
    videos.split(folder / "vods/demo.mp4", folder / "vods/parts", "8,16", "ts")
    project.write("data/tiny/holdout.csv", "video,start,end,label\nvods/parts,7,9,1\n")
    project.write("data/tiny/facecams.csv", "video,x0,y0,x1,y1\nvods/whole.ts,0,0.6,0.3,1\nvods/parts,0,0.6,0.3,1\n")
    project.set_params(vods={"whole": "vods/whole.ts", "parts": "vods/parts"})
    project.stages("predict whole", "predict parts", "select whole", "select parts", "evaluate")
    assert timeline(project, "parts") == pytest.approx(timeline(project, "whole"), abs=0.02)
    assert json.loads(project.read("reels/metrics/parts.json")).keys() >= {"ap", "shown"}
    assert not (project.folder / "reels/metrics/whole.json").exists()


def test_a_stretch_of_a_vod_in_parts_is_learned_from_until_a_part_changes(project):
    folder = project.folder / "data/tiny"
    *_, last = videos.split(folder / "vods/demo.mp4", folder / "vods/parts", "8,16", "mp4")
    project.write("data/tiny/labels.csv", project.read("data/tiny/labels.csv") + "vods/parts,7,9,0\n")
    for extracted in (1, 0):
        assert f"{extracted} of 1 excerpts extracted" in project.stage("extract_excerpts").stdout
    last.unlink()
    assert "1 of 1 excerpts extracted" in project.stage("extract_excerpts").stdout


BAD = {
    "no video": (lambda part: part.write_text("I am no video."), "not a video that can be read"),
    "empty": (lambda part: part.write_bytes(b""), "the file is empty"),
    "cut off": (lambda part: part.write_bytes(part.read_bytes()[:-9000]), "cut off or damaged"),
    "another format": (lambda part: videos.flash_and_beep(part, 2), "in another format than in the first part"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_part_is_named(project, name):
    damage, words = BAD[name]
    folder = project.folder / "data/tiny/vods"
    header_first = ("-segment_format_options", "movflags=+faststart")
    _, part, _ = videos.split(folder / "demo.mp4", folder / "parts", "8,16", "mp4", *header_first)
    damage(part)
    project.set_params(vods={"parts": "vods/parts"})
    assert_user_error(project.stage("predict", "parts"), f"data/tiny/vods/parts/{part.name}: ", words)


@pytest.mark.parametrize("name", ["2\x01.mp4", "2\r.mp4", "2\n.mp4", "2\u2028.mp4", "2\udcff.mp4"])
def test_a_part_whose_name_no_line_can_hold_is_named(tmp_path, name):
    (tmp_path / "1.mp4").touch()
    (tmp_path / name).touch()
    with pytest.raises(UserError, match="; rename the file$") as error:
        parts.video_files(tmp_path)
    assert f"{tmp_path}/2?.mp4: its name " in error_sentence(error.value)


def test_a_row_for_a_part_alone_is_named(project):
    (project.folder / "data/tiny/vods/parts").mkdir()
    project.write("data/tiny/vods/parts/1.mp4", "a part")
    project.set_params(vods={"parts": "vods/parts"})
    project.append("data/tiny/facecams.csv", "vods/parts,0,0,1,1\nvods/parts/*,0,0,1,1\n")
    assert "row 6: vods/parts/* matches no video" in project.stage("extract_frames").stdout


def test_a_folder_without_a_part_is_named(project):
    (project.folder / "data/tiny/vods/parts").mkdir()
    project.set_params(vods={"parts": "vods/parts"})
    assert_user_error(project.stage("predict", "parts"), "data/tiny/vods/parts: there is no video in this folder")


def test_parts_that_no_player_could_show_in_one_copy_are_named(project):
    folder = project.folder / "data/tiny/vods/parts"
    for number, preset in enumerate(("ultrafast", "veryfast"), 1):
        videos.numbered(folder / f"{number}.mp4", 2, "libx264", preset=preset)
    write_timeline(project, [(1.0, 3.0)], 4)
    cut(project, "vods/parts", overlay="none", encoder="copy")
    assert_user_error(
        project.stage("render", "own"),
        "data/tiny/vods/parts: its picture is encoded in another way from 2.0 s on",
        "libx264",
    )
