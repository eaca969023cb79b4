"""A VOD is scanned in parts, and looked at where its sound is in doubt: neither may show in the timeline."""

import csv

import numpy as np
import pytest

from autotosis.annotations.facecams import Box
from autotosis.project.params import Extract
from autotosis.scan import passes
from autotosis.video import media
from tests import videos
from tests.conftest import Project


def timeline(project: Project) -> np.ndarray:
    done = project.stage("predict", "demo")
    assert done.returncode == 0, done.stderr
    rows = csv.DictReader(project.read("data/timelines/demo.csv").splitlines())
    return np.array([float(row["probability"]) for row in rows])


def test_two_looks_find_what_looking_at_everything_finds(project):
    assert "looked at 100%" not in project.stage("predict", "demo").stdout
    two_looks = timeline(project)
    project.set_params(predict={"scan": "dense"})
    dense = timeline(project)
    assert "looked at 100%" in project.stage("predict", "demo").stdout
    found = dense > 0.3
    assert found.any()
    assert ((two_looks > 0.2) >= found).all()
    assert np.abs(two_looks - dense).max() < 0.2


def test_keyframes_that_are_far_apart_are_told_and_move_nothing(project):
    before = timeline(project)
    assert "keyframes" not in project.stage("predict", "demo").stdout
    vod = project.folder / "data/tiny/vods/demo.mp4"
    videos.ffmpeg("-i", vod, "-c:a", "copy", "-crf", 5, "-x264-params", "keyint=999:scenecut=0", vod.parent / "few.mp4")
    (vod.parent / "few.mp4").replace(vod)
    assert np.abs(timeline(project) - before).max() < 0.2
    assert "its keyframes are 24 s apart" in project.stage("predict", "demo").stdout


def test_without_sound_everything_is_looked_at(project):
    folder = project.folder / "data/tiny/vods"
    videos.ffmpeg("-i", folder / "demo.mp4", "-an", "-c", "copy", folder / "silent.mp4")
    (folder / "silent.mp4").replace(folder / "demo.mp4")
    assert "looked at 100%" in project.stage("predict", "demo").stdout


@pytest.mark.parametrize("way", ["two-look", "dense"])
def test_a_vod_that_was_cut_off_is_named(project, way):
    vod = project.folder / "data/tiny/vods/demo.mp4"
    videos.ffmpeg("-i", vod, "-c", "copy", "-movflags", "+faststart", str(vod) + ".mp4")
    content = vod.with_name("demo.mp4.mp4").read_bytes()
    vod.write_bytes(content[: len(content) // 2])
    project.set_params(predict={"scan": way})
    done = project.stage("predict", "demo")
    assert done.returncode == 1
    assert "demo.mp4: cut off" in done.stderr


def test_no_seam_shows_between_stretches(tmp_path):
    def picture(time: float) -> np.ndarray:
        shown = np.zeros((48, 64, 3), np.uint8)
        shown[:, : int(20 + 15 * np.sin(3 * time) + time)] = 200
        return shown

    def hum(times: np.ndarray) -> np.ndarray:
        return 0.3 * np.sin(2 * np.pi * (200 + 40 * times) * times)

    path = tmp_path / "a.mp4"
    videos.write(path, [n / 10 for n in range(200)], picture, hum, 20)
    extract = Extract(fps=10, size=16, decoder="software")
    vod = passes.Vod(path, media.probe(path), Box(), extract, "cpu", "float32", None, "")
    whole, parts = range(200), [range(73), range(73, 74), range(74, 200)]
    motion = passes.look(vod, [whole])[0]
    assert (np.concatenate([passes.look(vod, [part])[0] for part in parts]) == motion).all()
    assert (passes.look(vod, [range(20, 40), range(90, 97)])[0] == motion[[*range(20, 40), *range(90, 97)]]).all()
    sound = np.concatenate([passes.first_look(vod, [part])[0] for part in parts])
    together, _ = passes.first_look(vod, [whole])
    assert sound.max(axis=1) == pytest.approx(together.max(axis=1), abs=0.05)


def test_stretches_hold_each_wanted_moment_once():
    wanted = np.zeros(10_000, bool)
    wanted[5:9] = wanted[100:9_999] = True
    parts = passes.stretches(wanted, 10)
    assert [place for runs in parts for run in runs for place in run] == np.flatnonzero(wanted).tolist()
    assert max(runs[-1].stop - runs[0].start for runs in parts) <= passes.STRETCH * 10
    assert passes.stretches(np.zeros(50, bool), 10) == []
