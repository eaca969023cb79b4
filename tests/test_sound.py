"""How a reel sounds, and how its segments follow each other."""

import av
import numpy as np
import pytest

from tests import videos
from tests.conftest import Project
from tests.test_reel import render, write_timeline
from tests.test_same_bytes import one_core

REEL = "reels/own/reel.mp4"


def bars(path) -> tuple[list[float], np.ndarray]:
    """The time of each frame (seconds) and the ten bars that `videos.numbered` draws, 0 to 1."""
    with av.open(str(path)) as container:
        frames = [(frame.time, frame.to_ndarray(format="gray")[32, 8::16] / 255) for frame in container.decode(video=0)]
    return [time for time, _ in frames], np.array([shown for _, shown in frames])


def numbered_vod(project: Project) -> None:
    """The VOD `own`, 20 s, of which four segments are shown; the last but one is longer, the last short."""
    videos.numbered(project.folder / "data/tiny/vods/own.mp4", 20, "libx264")
    write_timeline(project, [(2.6, 4.4), (6.8, 7.6), (9.4, 11.8), (15.4, 16.0)], 20)


def test_in_a_crossfade_each_frame_and_sound_becomes_that_of_the_next_segment(project):
    numbered_vod(project)
    rows = render(project, overlay="none", transition="crossfade", transition_length=0.3)
    assert [one["reel_end"] - other["reel_start"] for one, other in zip(rows, rows[1:], strict=False)] == pytest.approx(
        [0.3, 0.3, 8 / 30], abs=0.0011
    ), "the last one is too short for more"
    times, shown = bars(project.folder / REEL)
    assert times == pytest.approx(np.arange(len(times)) / 30, abs=1e-3)
    assert len(times) == round(rows[-1]["reel_end"] * 30)
    expected = np.zeros_like(shown)
    for row, other in zip(rows, [None, *rows], strict=False):
        first, end = round(row["reel_start"] * 30), round(row["reel_end"] * 30)
        numbers = round(row["start"] * 30) + np.arange(end - first)
        share = np.ones(end - first)
        if other:
            length = round(other["reel_end"] * 30) - first
            share[:length] = np.arange(length) / length
            expected[first : first + length] *= 1 - share[:length, None]
        expected[first:end] += share[:, None] * (numbers[:, None] >> np.arange(10) & 1)
    assert np.abs(shown - expected).max() < 0.05
    whole = [row["reel_start"] + second - row["start"] for row, second in zip(rows[:3:2], (3, 10), strict=True)]
    beeps = videos.beep_times(project.folder / REEL)
    assert [beeps[np.abs(beeps - time).argmin()] for time in whole] == pytest.approx(whole, abs=0.04)
    before = (project.folder / REEL).read_bytes()
    assert project.stage("render", "own", preexec_fn=one_core).returncode == 0
    assert (project.folder / REEL).read_bytes() == before
