"""The sound of a reel, and the transitions between its segments."""

import av
import numpy as np
import pytest

from autotosis.project.errors import UserError
from autotosis.reel import assembly, joining
from tests import videos
from tests.helpers import Project, all_cores, assert_user_error, planned, render, write_timeline

REEL = "reels/own/reel.mp4"


def bars(path) -> tuple[list[float], np.ndarray]:
    """Read a video of `videos.numbered`: the time of each frame (seconds), and its ten bars, 0 to 1."""
    with av.open(str(path)) as container:
        frames = [(frame.time, frame.to_ndarray(format="gray")[32, 8::16] / 255) for frame in container.decode(video=0)]
    return [time for time, _ in frames], np.array([shown for _, shown in frames])


def numbered_vod(project: Project) -> None:
    """Make a VOD `own` of 20 s, of which four segments are shown: the third is longer, and the last shorter."""
    videos.numbered(project.folder / "data/tiny/vods/own.mp4", 20, "libx264")
    write_timeline(project, [(2.6, 4.4), (6.8, 7.6), (9.4, 11.8), (15.4, 16.0)], 20)


def test_in_a_crossfade_each_frame_and_sound_becomes_that_of_the_next_segment(project):
    numbered_vod(project)
    rows = render(project, overlay="none", transition="crossfade", transition_length=0.3)
    assert [
        row["reel_end"] - following["reel_start"] for row, following in zip(rows, rows[1:], strict=False)
    ] == pytest.approx([0.3, 0.3, 8 / 30], abs=0.0011), "the last one is too short for more"
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
    assert project.stage("render", "own", preexec_fn=all_cores).returncode == 0
    assert (project.folder / REEL).read_bytes() == before


def heard(project: Project) -> np.ndarray:
    """Decode the sound of the reel, one of its two channels."""
    with av.open(str(project.folder / REEL)) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def join(project: Project, rows: str, **planning) -> None:
    """Encode and join the reel of the VOD `own`, planned as in `planned`, without the files beside it."""
    cut, reel = planned(project, rows, **planning), project.folder / REEL
    reel.parent.mkdir(parents=True)
    assembly.join(cut, assembly.encode(cut, reel.parent), reel)


@pytest.mark.parametrize("encoder", ["libx264", "copy"])
def test_no_seam_clicks_and_the_reel_is_as_loud_as_asked(project, encoder):
    times = [number / 30 for number in range(12 * 30)]
    tone = lambda at: 0.5 * np.sin(2 * np.pi * 1001.25 * at)  # noqa: E731
    videos.write(project.folder / "data/tiny/vods/own.mp4", times, lambda time: videos.grey(60), tone, 12)
    # All ends but the first are in the middle of a wave.
    write_timeline(project, [(2.6, 4.4), (9.4, 11.8)], 12)
    rows = render(project, encoder=encoder, overlay="none")
    sound = heard(project)
    # A tone at 1 kHz in both channels has as many LUFS as dB (ITU-R BS.1770-5, annex 1).
    assert 20 * np.log10(np.percentile(np.abs(sound), 99)) == pytest.approx(-14, abs=0.5)
    ends = [round(row[edge] * videos.RATE) for row in rows for edge in ("reel_start", "reel_end")]
    bends = np.abs(np.diff(sound, 2, prepend=[0.0, 0.0], append=[0.0, 0.0]))
    assert bends.max() < 0.02, "a quarter of what a cut through this tone is"
    assert all(np.abs(sound[max(0, end - 48) : end + 48]).max() < 0.06 for end in ends), "silent at each end"


def test_a_crossfade_of_loud_sound_does_not_crackle(project):
    times = [number / 30 for number in range(12 * 30)]
    tone = lambda at: 0.85 * np.sin(2 * np.pi * 1000 * at)  # noqa: E731
    videos.write(project.folder / "data/tiny/vods/own.mp4", times, lambda time: videos.grey(60), tone, 12)
    # Both segments begin in the same place of a wave, so that their sum exceeds full scale.
    write_timeline(project, [(2, 5), (8, 11)], 12)
    render(project, overlay="none", transition="crossfade", transition_length=1.0)
    sound = heard(project)
    assert np.abs(sound).max() > 1.3 * np.percentile(np.abs(sound[: 2 * videos.RATE - 480]), 99), "they add up"
    assert np.abs(np.diff(sound, 2)).max() < 0.02, "as smooth as the tone"


def test_bursts_that_the_limiter_flattens_are_as_loud_as_asked(project):
    times = [number / 30 for number in range(12 * 30)]
    noise = np.random.default_rng(0).standard_normal(12 * videos.RATE)
    bursts = lambda at: 0.02 * noise * (1 + 8 * np.exp(-5 * (at % 1)))  # noqa: E731
    videos.write(project.folder / "data/tiny/vods/own.mp4", times, lambda time: videos.grey(60), bursts, 12)
    write_timeline(project, [(1, 11)], 12)
    render(project, overlay="none", loudness=-9)
    assert videos.loudness(project.folder / REEL) == pytest.approx(-9, abs=0.8)


def test_a_very_short_reel_is_as_loud_as_asked(bare):
    times = [number / 30 for number in range(8 * 30)]
    tone = lambda at: 0.02 * np.sin(2 * np.pi * 1000 * at)  # noqa: E731
    videos.write(bare.folder / "data/tiny/vods/own.mp4", times, lambda time: videos.grey(60), tone, 8)
    join(bare, "1,1.3\n")
    sound = heard(bare)[: round(0.3 * videos.RATE)]
    assert 20 * np.log10(np.percentile(np.abs(sound), 95)) == pytest.approx(-14, abs=2)


def write_surround(project: Project, tone: str) -> None:
    """Write the VOD `own` with the same sound, a formula of the time `t`, in each of the six channels of 5.1.

    Mixed down to two channels, it is 2.4 times as loud.
    """
    sound = ("-f", "lavfi", "-i", f"aevalsrc={'|'.join([tone] * 6)}:c=5.1:s={videos.RATE}:d=4")
    picture = ("-f", "lavfi", "-i", "color=gray:s=64x48:r=30:d=4")
    videos.ffmpeg(*picture, *sound, "-c:a", "flac", project.folder / "data/tiny/vods/own.mkv")


def test_loud_surround_sound_is_not_clipped(bare):
    write_surround(bare, "0.75*sin(2*PI*1000*t)")
    join(bare, "1,3\n", vod="vods/own.mkv", duration=4)
    middle = heard(bare)[videos.RATE // 2 : videos.RATE * 3 // 2]
    assert np.abs(middle).max() / np.sqrt(np.mean(middle**2)) == pytest.approx(np.sqrt(2), rel=0.02), "as in a sine"


def test_too_loud_sound_is_limited_even_if_no_loudness_is_asked_for(bare):
    write_surround(bare, r"0.7*sin(2*PI*1000*t)*exp(-8*mod(t\,1))")
    bare.set_params(audio={"loudness": None})
    join(bare, "0.8,3\n", vod="vods/own.mkv", duration=4)
    assert np.abs(heard(bare)).max() < 1


def test_a_silent_track_stays_silent(project):
    times = [number / 30 for number in range(8 * 30)]
    silence = np.zeros_like
    videos.write(project.folder / "data/tiny/vods/own.mp4", times, lambda time: videos.grey(60), silence, 8)
    write_timeline(project, [(2.6, 4.4)], 8)
    render(project)
    assert not heard(project).any()


def tone(path) -> None:
    """Make music: a tone at 300 Hz that is shorter than a reel."""
    path.parent.mkdir(exist_ok=True)
    videos.ffmpeg("-f", "lavfi", "-i", "sine=frequency=300:duration=1.7", path)


def levels(sound: np.ndarray, hertz: float, starts: list[float]) -> np.ndarray:
    """Measure the level of a tone during a twentieth of a second from each time on (dB)."""
    times = np.arange(videos.RATE // 20) / videos.RATE
    window = np.hanning(len(times)) * np.exp(-2j * np.pi * hertz * times)
    stretches = [sound[round(start * videos.RATE) :][: len(times)] for start in starts]
    return np.array([20 * np.log10(4 * np.abs(np.mean(stretch * window)) + 1e-6) for stretch in stretches])


def test_music_gives_way_to_speech_is_repeated_and_comes_to_an_end(project):
    folder = project.folder / "data/tiny"
    videos.flash_and_beep(folder / "vods/own.mp4", 20)
    tone(folder / "music/tone.mp3")
    write_timeline(project, [(2.6, 4.4), (6.8, 12.6)], 20)
    rows = render(project, music="music/tone.mp3", music_volume=-10)
    sound, beeps = heard(project), [0.4, 1.4, 2.0, 3.0, 4.0]
    in_pauses = levels(sound, 300, [0.1, 0.3, *(beep - 0.06 for beep in beeps[1:])])
    assert in_pauses[:3] == pytest.approx(in_pauses[0], abs=1)
    assert levels(sound, 1000, [beep + 0.04 for beep in beeps]) == pytest.approx(-8, abs=3)
    assert (in_pauses[:2].min() - levels(sound, 300, [beep + 0.04 for beep in beeps]) > 9).all()
    last = levels(sound, 300, list(rows[-1]["reel_end"] - np.array([3.06, 2.06, 1.06, 0.06])))
    assert (np.diff(last) < -3).all() and last[-1] < last[0] - 25
    assert videos.loudness(project.folder / REEL) == pytest.approx(-14, abs=1)
    expected = [
        row["reel_start"] + at - row["start"] for row in rows for at in range(20) if row["start"] < at < row["end"]
    ]
    assert videos.onsets(levels(sound, 1000, list(np.arange(0, 7.5, 0.01))) > -30) / 100 + 0.05 == pytest.approx(
        expected, abs=0.04
    )


def test_a_vod_without_sound_has_the_music_alone(project):
    folder = project.folder / "data/tiny"
    videos.flash_and_beep(folder / "vods/own.mp4", 8, with_sound=False)
    tone(folder / "music/tone.wav")
    write_timeline(project, [(1.0, 6.0)], 8)
    rows = render(project, music="music/tone.wav", overlay="none", encoder="copy")
    sound = heard(project)
    assert len(sound) / videos.RATE == pytest.approx(rows[-1]["reel_end"], abs=0.05)
    loud = levels(sound, 300, [0.2, 1.0, 1.5])
    assert loud == pytest.approx(loud[0], abs=1)
    assert videos.loudness(project.folder / REEL) == pytest.approx(-14, abs=1)


NO_MUSIC = {
    "missing": ("music/gone.mp3", "data/tiny/music/gone.mp3", "no such file"),
    "none": ("music/text.mp3", "data/tiny/music/text.mp3", "cannot be read as music, or is silent"),
    "silent": ("music/silence.wav", "data/tiny/music/silence.wav", "cannot be read as music, or is silent"),
}


def test_music_that_cannot_be_heard_is_named_and_costs_nothing(project):
    project.write("data/tiny/music/text.mp3", "I am no music. " * 500)
    videos.ffmpeg("-f", "lavfi", "-i", "anullsrc=duration=1", project.folder / "data/tiny/music/silence.wav")
    reel = (project.folder / "reels/demo/reel.mp4").read_bytes()
    for music, *words in NO_MUSIC.values():
        project.set_params(audio={"music": music})
        assert_user_error(project.stage("render", "demo"), *words)
        assert (project.folder / "reels/demo/reel.mp4").read_bytes() == reel


MUSIC = "aac ac3 aiff au caf eac3 flac m4a mka mkv mov mp3 mp4 oga ogg opus tta voc w64 wav webm wma wv"


@pytest.mark.parametrize("ending", MUSIC.split())
def test_music_may_be_in_any_usual_format(tmp_path, ending):
    tone(tmp_path / f"tone.{ending}")
    assert joining.measure_music(tmp_path / f"tone.{ending}").loudness == pytest.approx(-21, abs=4)


PLAYLISTS = {
    "dash": '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" '
    'type="static" mediaPresentationDuration="PT2S"><Period><AdaptationSet contentType="audio"><Representation id="0" '
    'mimeType="audio/mp4" bandwidth="9"><BaseURL>{}</BaseURL></Representation></AdaptationSet></Period></MPD>',
    "concat": "ffconcat version 1.0\nfile other.mp4\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_music_that_names_another_file_is_refused(tmp_path, kind):
    tone(tmp_path / "other.mp4")
    song = tmp_path / "song.mp3"
    song.write_text(PLAYLISTS[kind].format(tmp_path / "other.mp4"))
    with pytest.raises(UserError, match=r"song\.mp3: cannot be read as music, or is silent; set audio"):
        joining.measure_music(song)
