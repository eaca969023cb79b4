"""Marks that were set while a VOD was recorded are proposed for review, and shown if asked to."""

import numpy as np
import pytest

from autotosis.annotations import sidecars
from autotosis.annotations.configuration import SelectConfig
from autotosis.cuts import marks as vod_marks
from autotosis.project.errors import UserError
from autotosis.scan.timeline import Timeline
from autotosis.video import boxes
from autotosis.video.recording import probe
from tests import videos
from tests.helpers import NO_ADJUSTMENTS, Project, assert_user_error, cut, select_params, write_timeline

VOD = "vods/2026-01-01 20-00-00.mkv"
MARKERS = "data/tiny/vods/2026-01-01 20-00-00.markers.csv"
CHAPTERS = ";FFMETADATA1\n" + "".join(
    f"[CHAPTER]\nTIMEBASE=1/1\nSTART={start}\nEND={end}\n" for start, end in ((0, 20), (20, 60))
)


@pytest.fixture
def marked(project) -> Project:
    """A project with a VOD of 60 s that has a chapter at 20 s, a marker at 45 s and a replay of 4 s until 58 s."""
    vods = project.folder / "data/tiny/vods"
    videos.flash_and_beep(vods / "plain.mp4", 60, fps=5)
    project.write("chapters.txt", CHAPTERS)
    form = ["-i", project.folder / "chapters.txt", "-map_chapters", 1, "-c", "copy"]
    videos.ffmpeg("-i", vods / "plain.mp4", *form, project.folder / "data/tiny" / VOD)
    project.write(
        MARKERS, "Timestamp,Role,User,Description\n00:00:45,Editor,somebody,look at this\n0:05:00,Editor,x,\n"
    )
    videos.flash_and_beep(vods / "Replay 2026-01-01 20-00-58.mp4", 4)
    videos.flash_and_beep(vods / "Replay 2026-01-01 19-59-58.mp4", 4)
    write_timeline(project, [(10, 12)], 60)
    return project


def marks(project: Project) -> list[tuple[float, float]]:
    rows = project.table("data/review/own.csv")
    return [(float(row["start"]), float(row["end"])) for row in rows if row["reason"] == "marker"]


def times(rows: list[dict[str, float]]) -> list[tuple[float, float]]:
    return [(row["start"], row["end"]) for row in rows]


def test_marks_are_proposed_and_shown_if_asked_to(marked):
    # 15 s before a mark until 3 s after it, and the replay itself.
    expected = [(5, 23), (30, 48), (54, 58)]
    assert times(cut(marked, VOD)) == [(10, 12)]
    assert marks(marked) == expected
    assert times(cut(marked, VOD, marks="keep")) == expected
    assert times(cut(marked, VOD, marks="ignore")) == [(10, 12)]
    assert marks(marked) == []
    # A mark that was judged is not proposed again.
    marked.append("data/tiny/labels.csv", f"{VOD},31,33,0\n")
    cut(marked, VOD, marks="propose")
    assert marks(marked) == [expected[0], expected[2]]
    # What was judged calm is not shown either.
    assert times(cut(marked, VOD, marks="keep")) == [(5, 23), (30, 31), (33, 48), (54, 58)]

    marked.append(MARKERS, "soon,Editor,x,\n")
    assert_user_error(marked.stage("select", "own"), "markers.csv row 4", "'soon' is not a time")


def test_each_part_of_a_mark_beside_a_calm_row_has_a_score_of_its_own(marked):
    # In the mark from 30 s to 48 s, only the end is lively.
    write_timeline(marked, [(46, 47, 0.6)], 60)
    marked.append("data/tiny/labels.csv", f"{VOD},44,45,0\n")
    parts = [(row["start"], row["end"], row["score"]) for row in cut(marked, VOD, marks="keep", threshold=0.7)]
    assert parts[1:3] == [(30, 44, 0.02), (45, 48, 0.6)]


def test_the_rest_of_a_mark_of_which_a_part_was_judged_is_asked_about(marked):
    write_timeline(marked, [(0, 5, 0), (35, 36, 0.6), (42, 43, 0.4)], 60)
    cut(marked, VOD)
    assert [row["reason"] for row in marked.table("data/review/own.csv")] == ["marker"] * 3, "no moment twice"
    marked.append("data/tiny/labels.csv", f"{VOD},34,37,1\n")
    cut(marked, VOD)
    asked = [(float(row["start"]), float(row["end"]), row["reason"]) for row in marked.table("data/review/own.csv")]
    assert [question for question in asked if question[2] != "marker"] == [(42, 43, "uncertain")]


def test_a_replay_of_the_time_after_the_vod_is_no_mark(marked):
    # Its name has whole seconds, so it may seem to end later than the VOD, and even to begin later.
    videos.flash_and_beep(marked.folder / "data/tiny/vods/Replay 2026-01-01 20-01-02.mp4", 1)
    segments = times(cut(marked, VOD, marks="keep"))
    assert segments == marks(marked) == [(5, 23), (30, 48), (54, 58)]


def test_a_text_that_is_named_like_a_replay_is_no_mark(tmp_path):
    vod = tmp_path / "2026-01-01 20-00-00.mkv"
    videos.flash_and_beep(vod, 25, fps=5)
    videos.flash_and_beep(tmp_path / "Replay 2026-01-01 20-00-20.mp4", 4)
    (tmp_path / "Replay 2026-01-01 20-00-12.txt").write_text("what happened")
    config = SelectConfig(
        name="own", video=vod, sounds=[], facecam=None, edits=None, labels=[], markers=None,
        replays=sidecars.replays(vod), prevalence=0.05, select=select_params(),
    )  # fmt: skip
    (mark,) = vod_marks.read(config, probe(vod), Timeline(np.empty(0), np.empty(0)))
    assert (mark.start, mark.end) == pytest.approx((16, 20), abs=0.1)


def test_chapters_are_read_from_fragments_with_what_describes_them(tmp_path):
    videos.flash_and_beep(tmp_path / "plain.mp4", 25, fps=5)
    (tmp_path / "chapters.txt").write_text(CHAPTERS)
    form = ["-map_chapters", 1, "-c", "copy", "-movflags", "frag_keyframe+empty_moov+default_base_moof"]
    videos.ffmpeg("-i", tmp_path / "plain.mp4", "-i", tmp_path / "chapters.txt", *form, tmp_path / "whole.mp4")
    content = (tmp_path / "whole.mp4").read_bytes()
    first, *_, last = (box.start for box in boxes.read(tmp_path / "whole.mp4") if box.name == b"moof")
    segments, unfinished = tmp_path / "segments", tmp_path / "unfinished.mp4"
    segments.mkdir()
    for name, part in (("init.mp4", content[:first]), ("0.m4s", content[first:last]), ("1.m4s", content[last:])):
        (segments / name).write_bytes(part)
    # The header of the last fragment is incomplete.
    unfinished.write_bytes(content[: last + 100])
    for path in (unfinished, segments):
        config = SelectConfig(
            name="own", video=path, sounds=[], facecam=None, edits=None, labels=[], markers=None, replays=[],
            prevalence=0.05, select=select_params(),
        )  # fmt: skip
        found = vod_marks.read(config, probe(path), Timeline(np.empty(0), np.empty(0)))
        assert [(segment.start, segment.end) for segment in found] == [(5, 23)]


def test_marks_that_are_shown_are_joined_like_events_and_reported(marked):
    write_timeline(marked, [(25, 26)], 60)
    marked.set_params(vods={"own": VOD}, select=NO_ADJUSTMENTS | {"marks": "keep", "min_gap": 3})
    output = marked.succeed("python", "-m", "stages.select", "own")
    # The event is 2 s after a mark that ends at 23 s, and 4 s before one that begins at 30 s.
    segments = [(float(row["start"]), float(row["end"])) for row in marked.table("data/cuts/own.csv")]
    assert segments == [(5, 26), (30, 48), (54, 58)]
    assert "own: segments: 3, seconds: 43.0" in output


def test_markers_after_the_end_of_the_vod_are_told(marked):
    marked.set_params(vods={"own": VOD})
    told = f"{MARKERS}: ignored, because the VOD ends before them, at 59.8 s: 1 of 2 markers\n"
    assert told in marked.succeed("python", "-m", "stages.select", "own")
    marked.write(MARKERS, "0:00:45,Editor,x,\n")
    assert "ignored" not in marked.succeed("python", "-m", "stages.select", "own")


def test_marks_are_not_added_to_an_edited_cut_list_and_it_is_said(marked):
    marked.write("data/tiny/edits/own.csv", "start,end\n1,3\n")
    for asked, remark in (("propose", ""), ("keep", "; marks are not added to it")):
        marked.set_params(vods={"own": VOD}, select={"marks": asked})
        output = marked.succeed("python", "-m", "stages.select", "own")
        assert f"own: the cut list is data/tiny/edits/own.csv, segments: 1{remark}\n" in output
        assert [(row["start"], row["end"]) for row in marked.table("data/cuts/own.csv")] == [("1", "3")]


def test_marks_that_are_kept_leave_events_apart_as_they_are(project):
    videos.flash_and_beep(project.folder / "data/tiny/vods/own.mp4", 60, fps=5)
    write_timeline(project, [(10, 13, 0.9), (15.4, 18, 0.7)], 60)
    project.append("data/tiny/labels.csv", "vods/own.mp4,13.4,14,0\n")
    padded = {"pre_roll": 1, "post_roll": 1, "min_gap": 1, "marks": "keep"}
    columns = ("start", "end", "score", "event_start", "event_end")
    apart = [(9, 13.4, 0.9, 10, 13), (14, 19, 0.7, 15.4, 18)]
    rows = cut(project, **padded)
    assert [tuple(row[column] for column in columns) for row in rows] == apart
    # A mark stands for the time from 19.5 s to 37.5 s, and is joined with the second segment.
    project.write("data/tiny/vods/own.markers.csv", "0:00:34.5,Editor,x,\n")
    first, second = cut(project, **padded)
    assert tuple(first[column] for column in columns) == apart[0]
    assert (second["start"], second["end"]) == (14, 37.5)
    assert (second["event_start"], second["event_end"]) == (15.4, 37.5)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"0.05.00,Editor,x,\n", "row 1: '0.05.00' is not a time"),
        (b"9" * 400 + b":00:00,Editor,x,\n", "row 1: '9999"),
        (b"0:05,Editor,x,\n0:06,Editor,caf\xe9,\n", "not text in UTF-8"),
        (b"0:05,Editor,x,\n0:06,Editor,x," + b"x" * 200_000, "row 2: field larger than field limit"),
    ],
)
def test_markers_that_are_none_are_one_sentence(tmp_path, content, words):
    path = tmp_path / "a.markers.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match="a.markers.csv") as error:
        sidecars.read_markers(path)
    assert words in str(error.value)
