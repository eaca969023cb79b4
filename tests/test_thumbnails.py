"""The pictures of a reel show its best moments."""

import numpy as np
import pytest
from PIL import Image

from autotosis.reel import thumbnails
from autotosis.video import recording
from tests import videos
from tests.helpers import placed_segments


def test_pictures_show_the_best_moments_in_the_shape_of_the_vod(tmp_path):
    path = tmp_path / "vod.mp4"
    videos.numbered_shades(path, 8)
    placed = placed_segments([0.5, 2.5, 5.5], 1.0, recording.probe(path))
    thumbnails.write_poster(tmp_path / "p.jpg", placed)
    poster = np.array(Image.open(tmp_path / "p.jpg").convert("L")).astype(float)
    assert poster.shape == (54, 96)
    assert [poster[:, :40].mean(), poster[:, 56:].mean()] == pytest.approx([160, 120], abs=4)
    thumbnails.write_animation(tmp_path / "p.webp", placed)
    with Image.open(tmp_path / "p.webp") as animation:
        shades = []
        for number in range(animation.n_frames):
            animation.seek(number)
            shade = np.array(animation.convert("L"))[:, 56:].mean()
            # Equal frames are stored as one, which is shown for longer.
            shades += [shade] * (animation.info["duration"] // 100)
    expected = [shade for before in (0, 40, 100) for shade in [before] * 3 + [before + 20] * 2]
    assert shades == pytest.approx(expected, abs=4)
    thumbnails.write_contact_sheet(tmp_path / "s.jpg", placed)
    sheet = np.array(Image.open(tmp_path / "s.jpg").convert("L")).astype(float)
    for shade in (20, 100, 120, 160):
        assert (np.abs(sheet - shade) < 4).sum() > 1500


def test_hundreds_of_segments_make_pictures_of_the_best(tmp_path):
    path = tmp_path / "vod.mp4"
    videos.numbered_shades(path, 8)
    placed = placed_segments([0.02 * n for n in range(300)], 0.01, recording.probe(path))
    thumbnails.write_contact_sheet(tmp_path / "s.jpg", placed)
    sheet = np.array(Image.open(tmp_path / "s.jpg").convert("L")).astype(float)
    # The best segments are the last ones, which are brighter.
    assert sheet.size < 60 * 120 * 100
    assert (np.abs(sheet - 100) < 4).sum() > 40 * 1500
