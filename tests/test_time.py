"""Time is the presentation timestamp: what was when survives every oddity of a container."""

import subprocess

import imageio_ffmpeg
import numpy as np
import pytest

from stages.lib import features, media
from stages.lib.facecam import Box
from tests import videos


def read(path, fps=5.0, box=None, size=16) -> features.Moments:
    chunks = list(features.moments(path, media.probe(path), box or Box(), fps, size, threads=1))
    return features.Moments(
        *(np.concatenate([getattr(chunk, part) for chunk in chunks]) for part in ("times", "frames", "sound"))
    )


def ffmpeg(*arguments) -> None:
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", *map(str, arguments)], check=True)


def clock(time: float) -> np.ndarray:
    """A grey that tells the time, for eight seconds: 20 steps a second."""
    return videos.grey(60 + 20 * time)


def test_frames_are_those_on_display_whatever_the_frame_rate(tmp_path):
    times = [0.0, 0.05, 0.31, 0.32, 1.1, 2.0, 2.9, 4.0, 4.02]
    videos.write(tmp_path / "a.mp4", times, clock)
    moments = read(tmp_path / "a.mp4")
    shown = [max(t for t in times if t <= time + 1e-6) for time in moments.times]
    assert moments.frames.mean(axis=(1, 2, 3)) == pytest.approx([60 + 20 * t for t in shown], abs=3)


@pytest.mark.parametrize("container", ["mkv", "ts", "flv"])
def test_a_late_start_is_second_zero_as_in_a_player(tmp_path, container):
    def tone(times):
        return 0.5 * np.sin(2 * np.pi * 1000 * times) * ((times > 2) & (times < 3))

    videos.write(tmp_path / "a.mp4", [n / 10 for n in range(50)], clock, tone, 5)
    late = tmp_path / f"late.{container}"
    ffmpeg("-i", tmp_path / "a.mp4", "-c", "copy", "-output_ts_offset", 7, late)
    moments = read(late)
    assert moments.frames.mean(axis=(1, 2, 3)) == pytest.approx(60 + 20 * np.minimum(moments.times, 4.9), abs=4.5)
    level = moments.sound[:, features.SURROUNDINGS // 2].astype(float).max(axis=1)
    inside = (moments.times > 2.1) & (moments.times < 2.9)
    outside = (moments.times < 1.9) | (moments.times > 3.1)
    assert level[inside].min() > level[outside].max() + 5


def test_the_sound_around_a_moment_is_centred_on_it(tmp_path):
    def click(times):
        return 0.8 * ((times > 3.0) & (times < 3.02))

    videos.write(tmp_path / "a.mp4", [n / 10 for n in range(60)], clock, click, 6)
    moments = read(tmp_path / "a.mp4")
    for time, sound in zip(moments.times, moments.sound.astype(float), strict=True):
        if abs(time - 3.0) < 0.9:
            loudest = sound.mean(axis=1).argmax()
            assert (loudest - features.SURROUNDINGS / 2) * features.STEP / features.SAMPLE_RATE == pytest.approx(
                3.01 - time, abs=0.03
            )


def test_sound_that_ends_early_is_silence_from_then_on(tmp_path):
    videos.write(tmp_path / "a.mp4", [n / 10 for n in range(60)], clock, lambda t: 0.3 * np.sin(6283 * t), 2)
    level = read(tmp_path / "a.mp4").sound[:, features.SURROUNDINGS // 2].astype(float).max(axis=1)
    assert level[:9].min() > level[12:].max() + 5
    assert len(level) == 30


def test_the_box_is_what_is_cut_out(tmp_path):
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[:30, 40:] = 255
    videos.write(tmp_path / "a.mp4", [0.0, 0.5], lambda time: picture)
    for box, level in ((Box(0.5, 0, 1, 0.5), 255), (Box(0, 0, 0.5, 1), 0), (Box(0.5, 0.5, 1, 1), 0)):
        assert read(tmp_path / "a.mp4", box=box).frames[:, 2:-2, 2:-2].mean() == pytest.approx(level, abs=6)


def test_a_vod_is_read_like_a_clip_of_the_same(tmp_path):
    """Reading in chunks changes nothing: a long video's moments are those of its parts."""

    def hum(times):
        return 0.3 * np.sin(2 * np.pi * (200 + 40 * times) * times)

    videos.write(tmp_path / "a.mp4", [n / 10 for n in range(300)], lambda time: videos.grey(60 + 5 * time), hum, 30)
    whole = read(tmp_path / "a.mp4", fps=10)
    assert len(whole.times) > 3 * features.CHUNK
    every_other = read(tmp_path / "a.mp4", fps=5)
    assert (whole.frames[::2] == every_other.frames).all()
    assert (whole.sound[::2] == every_other.sound).all()
