"""Time is the presentation timestamp: signals are right in time, however odd the container is."""

import gc
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame
from PIL import Image

from autotosis.annotations.facecams import Box, always
from autotosis.cuts.scene_changes import grey_pictures
from autotosis.project.params import Extract
from autotosis.signals import context, face, features, mel
from autotosis.signals.cepstrum import CEPSTRUM
from autotosis.signals.flux import FLUX
from autotosis.signals.motion import MOTION
from autotosis.signals.signal import Signal
from autotosis.video import recording
from autotosis.video.sound import read_stereo
from tests import videos


def read(path, fps=5.0, box=None, size=16, start=0.0, end=None) -> features.Moments:
    extract = Extract(fps=fps, size=size, decoder="auto")
    return features.read_moments(recording.probe(path), always(box or Box()), extract, start, end)


def values_of(moments: features.Moments, signal: Signal) -> np.ndarray:
    return moments.signals[:, features.columns(signal)]


def level(moments: features.Moments) -> np.ndarray:
    """Return the loudness of each moment: the mean logarithm of the power over all bands."""
    return values_of(moments, CEPSTRUM)[:, 0] / np.sqrt(mel.BANDS)


def clock(time: float) -> np.ndarray:
    """Make a grey picture that tells the time, for eight seconds: its grey rises by 20 per second."""
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
        return videos.buzz(1000 * times) * ((times > 2) & (times < 3))

    videos.write(tmp_path / "a.mp4", [n / 10 for n in range(50)], clock, tone, 5)
    late = tmp_path / f"late.{container}"
    videos.ffmpeg("-i", tmp_path / "a.mp4", "-c", "copy", "-output_ts_offset", 7, late)
    moments = read(late)
    assert moments.frames.mean(axis=(1, 2, 3)) == pytest.approx(60 + 20 * np.minimum(moments.times, 4.9), abs=4.5)
    inside = (moments.times > 2.1) & (moments.times < 2.9)
    outside = (moments.times < 1.9) | (moments.times > 3.1)
    assert level(moments)[inside].min() > level(moments)[outside].max() + 5


def test_the_sound_around_a_moment_is_centred_on_it(tmp_path):
    def click(times):
        return 0.8 * ((times > 3.0) & (times < 3.02))

    videos.write(tmp_path / "a.mp4", [n / 10 for n in range(60)], clock, click, 6)
    moments = read(tmp_path / "a.mp4", fps=20)
    loud = moments.times[level(moments) > level(moments).max() - 5]
    # A tenth of a second around each moment counts.
    assert loud == pytest.approx([2.95, 3.0, 3.05], abs=0.01)


def test_sound_that_ends_early_is_silence_from_then_on(tmp_path):
    videos.write(tmp_path / "a.mp4", [n / 10 for n in range(60)], clock, lambda t: videos.buzz(1000 * t), 2)
    loudness = level(read(tmp_path / "a.mp4"))
    assert loudness[:9].min() > loudness[12:].max() + 5
    assert len(loudness) == 30


def test_the_box_is_what_is_cut_out(tmp_path):
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[:30, 40:] = 255
    videos.write(tmp_path / "a.mp4", [0.0, 0.5], lambda time: picture)
    for box, level in ((Box(0.5, 0, 1, 0.5), 255), (Box(0, 0, 0.5, 1), 0), (Box(0.5, 0.5, 1, 1), 0)):
        assert read(tmp_path / "a.mp4", box=box).frames[:, 2:-2, 2:-2].mean() == pytest.approx(level, abs=6)


def test_another_rate_shows_the_same_at_the_same_times(tmp_path):
    def hum(times):
        return 0.3 * np.sin(2 * np.pi * (200 + 40 * times) * times)

    videos.write(tmp_path / "a.mp4", [n / 10 for n in range(300)], lambda time: videos.grey(60 + 5 * time), hum, 30)
    whole, every_other = read(tmp_path / "a.mp4", fps=10), read(tmp_path / "a.mp4", fps=5)
    assert (whole.frames[::2] == every_other.frames).all()
    for signal in (CEPSTRUM, FLUX):
        assert (values_of(whole, signal)[::2] == values_of(every_other, signal)).all()


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_of_many_frames_a_second_each_moment_shows_one_that_is_hardly_old(tmp_path, codec):
    """Frames that no other frame needs are skipped."""
    videos.write(tmp_path / "a.mp4", [n / 60 for n in range(240)], lambda time: videos.grey(20 + 50 * time))
    videos.ffmpeg("-i", tmp_path / "a.mp4", "-c:v", codec, "-bf", 3, "-crf", 10, tmp_path / "b.mp4")
    moments = read(tmp_path / "b.mp4", fps=10)
    shown = (moments.frames.mean(axis=(1, 2, 3)) - 20) / 50
    assert (shown <= moments.times + 0.03).all() and (shown >= moments.times - 0.1).all()
    assert len(set(shown.tolist())) > 35


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts"])
def test_a_stretch_is_read_like_the_whole(tmp_path, container):
    """What precedes a stretch is skipped, and that changes nothing."""

    def hum(times):
        return videos.buzz((200 + 40 * times) * times) * (times % 2 < 1)

    videos.write(tmp_path / "a.mp4", [n / 10 for n in range(300)], lambda time: videos.grey(60 + 5 * time), hum, 30)
    path = tmp_path / f"b.{container}"
    videos.ffmpeg("-i", tmp_path / "a.mp4", "-c", "copy", path)
    whole = read(path, fps=10)
    part = read(path, fps=10, start=12.34, end=20.02)
    inside = (whole.times >= 12.34) & (whole.times < 20.02)
    assert (part.times == whole.times[inside]).all()
    assert (part.frames == whole.frames[inside]).all()
    assert values_of(part, MOTION)[2:-2] == pytest.approx(values_of(whole, MOTION)[inside][2:-2], abs=1e-6)
    assert level(part) == pytest.approx(level(whole)[inside], abs=0.1)


def test_motion_is_when_the_picture_changes_however_dark_it_is(tmp_path):
    def picture(time, light):
        shown = np.zeros((48, 64, 3), np.uint8)
        shown[10:30, 10 + 2 * int(10 * min(max(time - 2, 0), 1)) :] = light
        return shown

    motions = []
    for light in (240, 120):
        videos.write(tmp_path / "a.mp4", [n / 10 for n in range(50)], lambda time, light=light: picture(time, light))
        moments = read(tmp_path / "a.mp4", fps=10, size=64)
        moving = (moments.times > 2.05) & (moments.times < 2.95)
        still = (moments.times < 1.75) | (moments.times > 3.25)
        motion = values_of(moments, MOTION)
        assert motion[moving].min() > motion[still].max() + 1
        motions.append(motion[moving].mean())
    assert motions[0] == pytest.approx(motions[1], abs=0.3)


def test_a_cut_to_another_scene_is_not_motion(tmp_path):
    def picture(time):
        shown = np.full((48, 64, 3), 40, np.uint8)
        shown[:, :32] += np.uint8(150 * (time > 2.45))
        shown[24:] += np.uint8(150 * (time <= 2.45))
        # After the cut, something moves for a second.
        start = 4 * int(10 * min(max(time - 3, 0), 1))
        shown[8:40, start : start + 16] = 0
        return shown

    videos.write(tmp_path / "a.mp4", [n / 10 for n in range(60)], picture)
    moments = read(tmp_path / "a.mp4", fps=10, size=64)
    motion = values_of(moments, MOTION)
    moving, still = (moments.times > 3.05) & (moments.times < 3.95), (moments.times < 2.75) | (moments.times > 4.25)
    assert motion[moving].min() > motion[still].max() + 1


def test_light_that_changes_is_not_motion(tmp_path):
    def picture(time):
        shown = np.full((48, 64, 3), 80 + 60 * np.sin(7 * min(time, 3)), np.uint8)
        start = round(40 * min(max(time - 4, 0), 1))
        shown[8:40, start : start + 16] += 100
        return shown

    videos.write(tmp_path / "a.mp4", [n / 10 for n in range(70)], picture, qp="0")
    moments = read(tmp_path / "a.mp4", fps=10, size=64)
    motion = values_of(moments, MOTION)
    moving, flickering = (moments.times > 4.15) & (moments.times < 4.85), moments.times < 3.75
    assert motion[moving].min() > motion[flickering].max() + 1


@pytest.mark.parametrize("frames", [1, 2, 3, 5])
def test_the_shortest_videos_have_motion_too(tmp_path, frames):
    videos.write(tmp_path / "a.mp4", [n / 10 for n in range(frames)], clock)
    moments = read(tmp_path / "a.mp4", fps=10)
    assert len(values_of(moments, MOTION)) == len(moments.times) >= frames
    assert np.isfinite(values_of(moments, MOTION)).all()


def test_sound_whose_clock_runs_fast_keeps_to_its_timestamps(tmp_path):
    """The timestamps of ten seconds of samples span nine seconds, so a tone at 8 s of samples is at 7.2 s."""

    def tone(times):
        return videos.buzz(1000 * times) * ((times > 8) & (times < 9))

    videos.write(tmp_path / "a.mp4", [n / 10 for n in range(90)], lambda time: videos.grey(99), tone, 10)
    videos.ffmpeg("-i", tmp_path / "a.mp4", "-c", "copy", "-bsf:a", "setts=ts=TS*0.9", tmp_path / "fast.mkv")
    moments = read(tmp_path / "fast.mkv")
    loud = moments.times[level(moments) > level(moments).max() - 3]
    assert loud.min() == pytest.approx(7.2, abs=0.31)
    assert loud.max() == pytest.approx(8.1, abs=0.31)


@pytest.mark.parametrize("container", ["mkv", "flv", "webm"])
def test_sound_that_outlasts_the_picture_is_read_to_its_end(tmp_path, container):
    videos.write(tmp_path / "a.mp4", [n / 10 for n in range(50)], clock, lambda t: 0.1 * np.sin(6283 * t), 7)
    codecs = ["-c:v", "libvpx", "-c:a", "libopus"] if container == "webm" else ["-c", "copy"]
    videos.ffmpeg("-i", tmp_path / "a.mp4", *codecs, tmp_path / f"long.{container}")
    assert read(tmp_path / f"long.{container}").times[-1] == pytest.approx(6.9, abs=0.25)


def test_the_sound_of_a_part_that_outlasts_its_picture_moves_nothing_behind_it(tmp_path):
    def sound(times):
        return videos.beeps(times + 0.5) * (times < 2)

    for name in ("2", "10", "11"):
        path = tmp_path / f"parts/{name}.mp4"
        videos.write(path, [n / 30 for n in range(60)], lambda time: videos.grey(99), sound, 2.09)
    heard = np.abs(np.concatenate(list(read_stereo(recording.probe(tmp_path / "parts"), videos.RATE, 6))))[:, 0]
    assert videos.beginnings(heard) == pytest.approx(np.arange(6) + 0.5, abs=0.01)


def test_a_stream_whose_size_and_sound_change_is_read_to_its_end(tmp_path):
    """As after a stream was interrupted, and continued with other settings."""
    for number, (width, channels, rate) in enumerate([(64, 1, 48_000), (96, 2, 44_100)]):
        videos.ffmpeg(
            *("-f", "lavfi", "-t", 3, "-i", f"color=gray:s={width}x48:r=10"),
            *("-f", "lavfi", "-t", 3, "-i", f"aevalsrc=mod(200*t\\,1)-0.5:s={rate}", "-ac", channels),
            *("-output_ts_offset", 3 * number, tmp_path / f"{number}.ts"),
        )
    joined = tmp_path / "joined.ts"
    joined.write_bytes((tmp_path / "0.ts").read_bytes() + (tmp_path / "1.ts").read_bytes())
    moments = read(joined)
    assert moments.times[-1] > 5.5
    assert (level(moments)[2:-2] > -5).all()


def test_frames_are_freed_without_the_garbage_collector(tmp_path):
    videos.write(tmp_path / "a.mp4", [n / 10 for n in range(20)], clock)
    vod = recording.probe(tmp_path / "a.mp4")
    gc.collect()
    gc.disable()
    try:
        features.read_moments(vod, always(Box()), Extract(fps=5.0, size=16, decoder="software"))
        list(grey_pictures(vod, 0.0, 2.0, (32, 32)))
        assert not [one for one in gc.get_objects() if isinstance(one, VideoFrame)]
    finally:
        gc.enable()


@pytest.mark.parametrize("flip", [(), ("-display_hflip",), ("-display_vflip",)])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_phones_picture_is_upright(tmp_path, degrees, flip):
    picture = np.zeros((48, 96, 3), np.uint8)
    picture[:24, :48] = 255
    picture[:12, 48:] = 128
    videos.write(tmp_path / "a.mp4", [0.0, 0.1], lambda time: picture)
    turn = ("-display_rotation", degrees, *flip)
    videos.ffmpeg(*turn, "-i", tmp_path / "a.mp4", "-c", "copy", tmp_path / "turned.mp4")
    videos.ffmpeg("-i", tmp_path / "turned.mp4", "-frames:v", 1, "-s", "32x32", tmp_path / "shown.png")
    shown = np.asarray(Image.open(tmp_path / "shown.png").convert("RGB")).astype(int)
    read_face = read(tmp_path / "turned.mp4", size=32).frames[0].astype(int)
    assert np.abs(shown - read_face).mean() < 12
    turned = recording.probe(tmp_path / "turned.mp4")
    assert (turned.width, turned.height) == ((48, 96) if degrees % 180 else (96, 48))
    (_, grey), *_ = grey_pictures(turned, 0.0, 1.0, (32, 32))
    assert np.abs(shown.mean(axis=2) - grey).mean() < 12


# Each signal of a synthetic video at these moments, averaged over the picture. A new signal gets its own entry.
MOMENTS = [0, 9, 19, 29, 39]
SIGNALS = {
    "frames": [
        [79.562, 69.397, 56.389],
        [94.404, 84.154, 71.195],
        [111.763, 101.546, 88.626],
        [129.125, 119.066, 105.98],
        [147.453, 137.246, 124.225],
    ],
    "motion": [[-2.580], [-0.968], [-0.281], [-1.108], [-2.375]],
    # There is no face in this video; test_face.py tests how faces are measured.
    "face": [[np.nan] * face.WIDTH] * 5,
    "cepstrum": [
        [-54.053, 16.328, 5.778, 4.636, 2.707, 1.968, 0.999],
        [-61.37, 20.182, 0.054, -12.712, -12.963, -6.419, 0.33],
        [-62.034, 8.968, -19.139, -15.451, 5.583, 11.485, 1.156],
        [-64.316, -1.116, -22.296, 3.13, 15.066, -4.072, -8.874],
        [-67.068, -7.28, -15.261, 15.279, 1.989, -12.179, 6.355],
    ],
    "flux": [[0.196], [0.26], [0.26], [0.286], [0.177]],
}
CONTEXT = [
    [
        [-2.022, -41.601, 7.602, 1.295, -0.059],
        [-2.022, -41.601, 7.602, 1.295, -0.059],
        [-0.433, -42.018, 4.251, -2.003, 0.479],
    ],
    [
        [-1.601, -48.942, 12.717, -1.232, -0.039],
        [-0.411, -48.918, 1.878, 0.626, 0.006],
        [0.095, -50.622, -13.523, 4.919, 0.071],
    ],
    [
        [-0.784, -45.352, -2.308, 4.529, 0.417],
        [0.276, -49.582, -17.315, 1.452, 0.005],
        [-0.334, -53.099, -19.05, -8.78, 0.017],
    ],
    [
        [-0.535, -46.26, -13.539, -2.217, 0.395],
        [-0.551, -51.864, -20.473, -8.577, 0.031],
        [-1.998, -54.26, -15.256, 2.694, -0.044],
    ],
    [
        [-1.094, -47.416, -14.147, -5.168, 0.409],
        [-1.818, -54.616, -13.438, 6.651, -0.078],
        [-1.818, -54.616, -13.438, 6.651, -0.078],
    ],
]


def test_a_stretch_within_muted_time_has_no_sound_although_it_is_too_short_to_tell(tmp_path):
    def muted(times: np.ndarray) -> np.ndarray:
        return 0.3 * np.sin(2000 * times) * (times > 65)

    videos.write(tmp_path / "a.mp4", list(range(80)), lambda _: videos.grey(60), muted, 80)
    for start, is_muted in ((20.0, True), (70.0, False)):
        sound = read(tmp_path / "a.mp4", start=start, end=start + 5).signals[:, features.AUDIO_COLUMNS]
        assert (np.isnan(sound) == is_muted).all()


def golden_moments(path: Path) -> features.Moments:
    """Read four seconds of a box that moves faster and faster, gets brighter and then stops, and of a rising tone."""

    def picture(time: float) -> np.ndarray:
        shown = videos.grey(60 + 20 * time, 96, 64)
        left = int(40 + 30 * np.sin(min(time, 3) ** 2))
        shown[16:48, left : left + 16] = (220, 140, 40)
        return shown

    def rise(times: np.ndarray) -> np.ndarray:
        return 0.4 * np.sin(2 * np.pi * (200 + 300 * times) * times) * (0.1 + times % 1)

    videos.write(path, [n / 20 for n in range(80)], picture, rise, 4, qp="0")
    extract = Extract(fps=10, size=32, decoder="software")
    return features.read_moments(recording.probe(path), always(Box(0.1, 0.1, 0.9, 0.9)), extract)


def assert_golden(measured: np.ndarray, golden: list, what_to_do: str) -> None:
    """Assert that values are still those that were once written down, except for the rounding of decoders."""
    changed = np.shape(golden) != measured.shape or not np.allclose(
        measured, golden, rtol=0.002, atol=0.02, equal_nan=True
    )
    assert not changed, f"{what_to_do}, and write down the new figures here:\n{np.round(measured, 3).tolist()}"


def test_other_signals_have_another_version(tmp_path):
    moments = golden_moments(tmp_path / "a.mp4")
    measured = {"frames": moments.frames[MOMENTS].mean(axis=(1, 2))}
    measured |= {signal.name: values_of(moments, signal)[MOMENTS] for signal in features.SIGNALS}
    assert measured.keys() == SIGNALS.keys(), "every signal has its figures in this test"
    for name, values in measured.items():
        advice = "raise features.VERSION, so that shards and models are made anew"
        assert_golden(values, SIGNALS[name], f"{name} of the same video is another one: {advice}")


def test_what_is_around_a_moment_has_a_version_of_its_own(tmp_path):
    moments = golden_moments(tmp_path / "a.mp4")
    windows = context.windows(context.relative(moments.signals, 10), 10)
    advice = "raise the second number of context.VERSION, so that models are made anew"
    measured = windows[MOMENTS][:, ::3, [0, 6, 8, 12, 13]]
    assert_golden(measured, CONTEXT, f"the same signals are seen in another context: {advice}")
