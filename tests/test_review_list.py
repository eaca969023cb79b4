"""A reviewer is asked about the moments that the model is unsure of, and a few that it is sure of, each only once."""

import numpy as np

from autotosis.cuts import review_list
from autotosis.cuts.segments import Segment
from autotosis.scan.timeline import Timeline
from tests import videos
from tests.helpers import LABELS, Project, cut, write_timeline

TIMES = np.arange(6000) / 10


def humps(*heights: float) -> Timeline:
    """Make a timeline of ten minutes with a hump of 2 s every 10 s, of these heights."""
    level = np.full(len(TIMES), 0.001)
    for number, height in enumerate(heights):
        level[number * 100 + 40 : number * 100 + 60] = height * np.hanning(22)[1:-1]
    return Timeline(TIMES, level)


def test_the_most_uncertain_come_first_and_every_fifth_is_sure():
    chosen = review_list.choose(humps(0.85, 0.1, 0.5, 0.95, 0.3, 0.6), 0.5, [])
    assert [round(moment.score, 1) for moment, _ in chosen] == [0.5, 0.6, 0.3, 0.8, 0.9, 0.1]
    assert [reason for _, reason in chosen] == ["uncertain"] * 4 + ["sure"] + ["uncertain"]
    surest, _ = chosen[4]
    assert 34 <= surest.start < 34.6 and 35.4 < surest.end <= 36


def test_no_moment_below_the_threshold_is_sure():
    chosen = review_list.choose(humps(0.8, 0.6, *[0.2] * 4, *[0.1] * 6), 0.5, [])
    assert [round(moment.score, 1) for moment, _ in chosen[:2]] == [0.6, 0.8]
    assert len(chosen) == 12 and {reason for _, reason in chosen} == {"uncertain"}


def test_they_are_spread_over_the_vod_and_few():
    chosen = review_list.choose(humps(*np.linspace(0.4, 0.6, 60)), 0.5, [])
    assert len(chosen) == 30
    in_part = np.bincount([int(moment.start / 60) for moment, _ in chosen])
    assert in_part.max() <= 6
    assert all(
        moment.end <= other.start or other.end <= moment.start
        for moment, _ in chosen
        for other, _ in chosen
        if moment != other
    )


def test_what_was_judged_is_not_asked_again():
    level = humps(0.5, 0.6)
    chosen = review_list.choose(level, 0.5, [Segment(0, 8)])
    assert [round(moment.start) for moment, _ in chosen] == [14]
    assert review_list.choose(Timeline(TIMES, np.zeros(len(TIMES))), 0.5, []) == []


def test_what_was_judged_is_not_asked_again_even_if_moments_are_far_apart():
    times, level = np.arange(0, 60, 5.0), np.zeros(12)
    level[2] = 0.6
    assert [moment.start for moment, _ in review_list.choose(Timeline(times, level), 0.5, [])] == [10]
    assert review_list.choose(Timeline(times, level), 0.5, [Segment(10, 12)]) == []


def test_nothing_within_a_second_of_what_was_judged_is_asked():
    """The event ends at 5.5 s."""
    for start, asked in ((6.3, False), (6.7, True)):
        chosen = review_list.choose(humps(0.5, 0.6), 0.5, [Segment(start, start + 1)])
        assert any(4 < moment.start < 6 for moment, _ in chosen) == asked


def test_it_says_how_likely_a_highlight_is_even_if_the_reel_is_of_calm_moments(project: Project):
    videos.flash_and_beep(project.folder / "data/tiny/vods/own.mp4", 60, fps=5)
    write_timeline(project, [(10, 12)], 60)
    cut(project, invert=True)
    asked = project.table("data/review/own.csv")
    assert asked and {float(row["probability"]) for row in asked} == {0.02}


def test_a_moment_at_the_end_of_a_vod_can_be_copied_into_labels(project: Project):
    videos.flash_and_beep(project.folder / "data/tiny/vods/own.mp4", 20.1)
    # The last moment is at 20 s.
    write_timeline(project, [(19, 21)], 20.2)
    cut(project)
    (start, end), *_ = [(row["start"], row["end"]) for row in project.table("data/review/own.csv")]
    assert (start, end) == ("19.00", "20.10")
    project.append(LABELS, f"vods/own.mp4,{start},{end},1\n")
    project.stages("extract_excerpts")


def test_a_row_on_a_vod_takes_its_moment_off_the_list_and_makes_no_new_reel(project: Project):
    project.set_params(select={"threshold": 0.5})
    project.stages("configure", "select demo")
    asked = project.table("data/review/demo.csv")
    assert asked and list(asked[0]) == ["start", "end", "probability", "reason"]
    start, end = (float(asked[0][edge]) for edge in ("start", "end"))
    project.append(LABELS, f"vods/demo.mp4,{start},{end},0\n")
    project.write("data/tiny/holdout.csv", "video,start,end,label\n")
    project.stages("configure", "select demo")
    left = [(float(row["start"]), float(row["end"])) for row in project.table("data/review/demo.csv")]
    assert len(left) == len(asked) - 1
    assert all(last <= start or end <= first for first, last in left)
