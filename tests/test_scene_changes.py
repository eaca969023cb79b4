"""A scene changes where the picture changes at once and for good."""

import numpy as np
import pytest

from autotosis.annotations.facecams import Box
from autotosis.cuts.scene_changes import scene_changes, scene_changes_between
from autotosis.video import recording
from tests import videos


def test_a_scene_changes_where_pictures_differ_for_good_and_all_at_once():
    times, still = np.arange(60) / 30, np.zeros((60, 36, 64), np.uint8)
    cut, flash, half = still.copy(), still.copy(), still.copy()
    cut[30:] = 40
    flash[30:33] = 200
    half[30:, :18] = 40
    fade = still + np.minimum(np.arange(60) * 20, 240).astype(np.uint8)[:, None, None]
    assert scene_changes(times, cut).tolist() == [1.0]
    assert scene_changes(times, half).tolist() == [1.0]
    for no_change in (still, flash, fade, still[:1]):
        assert scene_changes(times[: len(no_change)], no_change).tolist() == []


def test_a_face_camera_has_scenes_of_its_own(tmp_path):
    def picture(time: float) -> np.ndarray:
        shown = videos.grey(60)
        shown[24:, :20] = 60 if time < 1 - 1e-6 else 120
        return shown

    videos.write(tmp_path / "a.mp4", [number / 30 for number in range(60)], picture)
    for face, expected in ((Box(), []), (Box(0, 0.5, 0.3, 1), [1.0])):
        found = scene_changes_between(recording.probe(tmp_path / "a.mp4"), 0.4, 1.4, face)
        assert found == pytest.approx(expected, abs=1e-3)
