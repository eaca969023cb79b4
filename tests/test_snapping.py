"""Edges of segments move to where a cut is not noticed, and nowhere else."""

import numpy as np
import pytest

from autotosis.annotations.facecams import Box
from autotosis.cuts import snapping
from autotosis.cuts.snapping import EdgeRange, Places
from tests import videos
from tests.helpers import RECORDING, Project, cut, render, select_params, write_timeline

# Words last 0.28 s, with pauses of 0.09 s. The scene SCENE begins and ends in the middle of a word.
WORD, PERIOD = 0.28, 0.37

SCENE = (6.2, 12.7)

EVENTS = [(4.0, 5.0), (9.0, 10.0), (14.0, 15.0)]


def words(times: np.ndarray) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * 440 * times) * (times % PERIOD < WORD)


def scenes(time: float) -> np.ndarray:
    """Show a scene within another, and a flash beside an edge, which is not a scene change."""
    flash = 7.9 - 1e-6 <= time < 8.0 - 1e-6
    return videos.grey(255 if flash else 160 if SCENE[0] - 1e-6 <= time < SCENE[1] - 1e-6 else 60)


def write_vod(project: Project, with_sound: bool) -> None:
    times = [number / 30 for number in range(18 * 30)]
    path = project.folder / "data/tiny/vods/own.mp4"
    videos.write(path, times, scenes, words if with_sound else None, 18)


def test_cuts_are_between_words_and_at_changes_of_scene(project):
    write_vod(project, with_sound=True)
    write_timeline(project, EVENTS, 18)
    rows = render(project, pre_roll=1.0, post_roll=1.0, snap=0.5, overlay="none")
    assert (rows[0]["end"], rows[2]["start"]) == pytest.approx(SCENE, abs=1e-3)
    for row, (start, end) in zip(rows, EVENTS, strict=True):
        assert start - 1.5 <= row["start"] <= start and end <= row["end"] <= end + 1.5
    times, light = videos.luminance(project.folder / "reels/own/reel.mp4")
    lights = [light[(times > row["reel_start"] - 0.01) & (times < row["reel_end"] - 0.01)] for row in rows]
    assert [(round(part.min(), -1), round(part[20:].max(), -1)) for part in lights] == [(60, 60), (160, 160), (60, 60)]
    heard = videos.samples(project.folder / "reels/own/reel.mp4")
    seams = {row[edge] for row in rows for edge in ("reel_start", "reel_end")}
    for seam in seams - {rows[0]["reel_end"], rows[2]["reel_start"]}:
        near = heard[max(0, round((seam - 0.02) * videos.RATE)) : round((seam + 0.02) * videos.RATE)]
        assert np.abs(near).max() < 0.02, f"a word is cut at {seam} s"


def test_at_a_low_rate_the_moment_is_shown_but_for_less_than_a_frame(project):
    write_vod(project, with_sound=True)
    write_timeline(project, [(4.0, 5.0)], 18)
    (row,) = render(project, pre_roll=1.0, post_roll=0.0, snap=0.5, overlay="none", fps=3)
    assert row["start"] + row["reel_end"] > 5.0 - 1 / 3


def test_without_sound_only_changes_of_scene_count(project):
    write_vod(project, with_sound=False)
    write_timeline(project, EVENTS, 18)
    rows = cut(project, pre_roll=1.0, post_roll=1.0, snap=0.5)
    assert [(row["start"], row["end"]) for row in rows] == [(3.0, 6.2), (8.0, 11.0), (12.7, 16.0)]


def test_no_edge_moves_into_what_the_user_called_calm(project):
    write_vod(project, with_sound=False)
    write_timeline(project, EVENTS, 18)
    rows = "vods/own.mp4,6.05,6.5,0\nvods/own.mp4,12.5,12.9,0\n"
    project.append("data/tiny/labels.csv", rows)
    rows = cut(project, pre_roll=1.0, post_roll=1.0, snap=0.5)
    assert [(row["start"], row["end"]) for row in rows] == [(3.0, 6.0), (8.0, 11.0), (13.0, 16.0)]


def test_the_cut_list_says_what_of_each_segment_is_the_event(project):
    write_vod(project, with_sound=True)
    write_timeline(project, EVENTS, 18)
    rows = cut(project, pre_roll=1.0, post_roll=1.0, snap=0.5)
    assert [(row["event_start"], row["event_end"]) for row in rows] == EVENTS


def test_an_edge_goes_to_the_nearest_of_the_quietest_places_or_to_the_nearest_change_of_scene():
    edge = EdgeRange(RECORDING, Box(), 10.0, 9.5, 10.3)
    times = np.arange(9.5, 10.31, 0.1)
    levels = np.array([-20, -50, -20, -50, -20, -20, -20, -50, -20.0])
    quiet, changing = Places(np.zeros(0), times, levels), Places(np.array([9.4, 9.6, 10.25]), times, levels)
    assert snapping.place(edge, quiet, times, 0, 99) == pytest.approx(9.8)
    assert snapping.place(edge, quiet, times, 9.9, 99) == pytest.approx(10.2)
    assert snapping.place(edge, quiet, times, 0, 9.75) == pytest.approx(9.6)
    assert snapping.place(edge, changing, times, 0, 99) == 10.25
    assert snapping.place(edge, changing, times, 0, 10.2) == 9.6
    assert snapping.place(edge, Places(*[np.zeros(0)] * 3), times, 0, 99) == 10.0


@pytest.mark.parametrize("limit", ["max_length", "max_duration"])
def test_segments_that_exceed_the_limits_snap_but_get_no_longer(limit):
    """With `select.marks: keep`, the limits do not apply to marks."""
    vod, nothing = (RECORDING, Box()), np.zeros(0)
    starts = [EdgeRange(*vod, start, start - 0.5, start + 0.5) for start in (10.0, 20.0)]
    ends = [EdgeRange(*vod, end, end - 0.5, end + 0.5) for end in (14.0, 24.0)]
    places = [Places(np.array([time]), nothing, nothing) for time in (10.3, 19.7, 14.2, 23.8)]
    moved = snapping.fit(starts, ends, places, 30, select_params(**{limit: 3.0}))
    assert moved == [(10.3, 14.2), (20.0, 23.8)]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_quiet_segments_stay_in_order_and_within_the_bounds(seed):
    chance = np.random.default_rng(seed)
    gaps, lengths = chance.uniform(0.5, 1.5, 12), chance.uniform(1.0, 4.0, 12)
    seams = np.cumsum(np.stack([gaps, lengths], axis=1).ravel()).reshape(12, 2)
    bounds = {"min_gap": 0.5, "max_length": 4.0, "max_duration": float(lengths.sum()) + 0.3, "snap": 0.5}
    vod = (RECORDING, Box())
    starts = [EdgeRange(*vod, start, max(0, start - 0.5), start + chance.uniform(0, 0.5)) for start, _ in seams]
    ends = [EdgeRange(*vod, end, end - chance.uniform(0, 0.5), end + 0.5) for _, end in seams]
    places = []
    for edge in starts + ends:
        times = edge.time + np.arange(-50, 51) * 0.01
        changes = chance.uniform(edge.time - 0.6, edge.time + 0.6, chance.integers(3))
        places.append(Places(changes, times, chance.integers(-70, -20, 101).astype(float)))
    moved = np.array(snapping.fit(starts, ends, places, 30, select_params(**bounds)))
    slack = 1e-5
    for edge, time in zip(starts + ends, [*moved[:, 0], *moved[:, 1]], strict=True):
        assert edge.low - slack <= time <= edge.high + slack
    assert (moved[1:, 0] - moved[:-1, 1] >= 0.5 - slack).all()
    assert (moved[:, 1] - moved[:, 0] <= 4.0 + slack).all()
    assert (moved[:, 1] - moved[:, 0]).sum() <= bounds["max_duration"] + slack
    assert np.abs(moved - seams).max() > 0.1
