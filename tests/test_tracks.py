"""Of several sound tracks, the one that params.yaml names is judged, and those that it names are heard."""

import numpy as np
import pytest
import safetensors.numpy

from autotosis.annotations import configuration
from autotosis.project import params
from autotosis.video.recording import probe
from autotosis.video.sound import read_stereo
from tests import videos
from tests.films import beeps, film
from tests.helpers import Project, assert_user_error, first_clip, write_cut_list, write_timeline

# When the segment begins that the reel shows (seconds).
START = 2.0
EXPLOSIONS = "anoisesrc=amplitude=0.5:color=brown:seed=1,volume='lt(mod(t,4),0.6)':eval=frame"
# The first track is the default one.
DEFAULT = ("-disposition:a:0", "default", "-disposition:a:1", 0)


@pytest.fixture
def stream(project) -> Project:
    """A project with the VOD `own`: the picture of `demo`, explosions on the first track, its sound on the second."""
    vods = project.folder / "data/tiny/vods"
    inputs = ("-i", vods / "demo.mp4", "-f", "lavfi", "-t", 24, "-i", EXPLOSIONS)
    copied = ("-map", "0:v", "-map", "1:a", "-map", "0:a", "-c:v", "copy", "-c:a:1", "copy", "-ac:a:0", 1)
    videos.ffmpeg(*inputs, *copied, *DEFAULT, vods / "own.mp4")
    project.set_params(vods={"own": "vods/own.mp4"}, audio={"loudness": None})
    write_timeline(project, [], 24)
    write_cut_list(project, START, START + 6)
    return project


def test_the_microphone_is_judged_and_both_tracks_are_heard(stream):
    output = stream.stage("predict", "own").stdout
    assert "own.mp4: has 2 sound tracks, of which track 1 is judged; choose another one with `tracks`" in output
    assert "silent" not in output
    expected = stream.read("data/timelines/demo.csv")
    assert stream.read("data/timelines/own.csv") != expected
    stream.set_params(tracks={"vods/*": {"judge": 1}, "own": {"judge": 2, "hear": [1, 2]}})
    stream.stages("predict own", "render own")
    assert stream.read("data/timelines/own.csv") == expected
    game, voice = (track_of(stream, number) for number in (0, 1))
    heard = videos.samples(stream.folder / "reels/own/reel.mp4")
    mixed = (game + voice)[round(START * videos.RATE) :][: len(heard)]
    assert np.corrcoef(mixed, heard[: len(mixed)])[0, 1] > 0.99
    stream.set_params(tracks={"own": {"judge": 3}})
    assert_user_error(
        stream.stage("predict", "own"),
        "vods/own.mp4",
        "names sound track 3, but the file has only 2; name another track, or remove the entry",
    )


def track_of(project: Project, number: int) -> np.ndarray:
    """Read a sound track of the VOD `own`, counted from 0, as `videos.samples` does."""
    copy = project.folder / f"track{number}.mp4"
    videos.ffmpeg("-i", project.folder / "data/tiny/vods/own.mp4", "-map", f"0:a:{number}", "-c", "copy", copy)
    return videos.samples(copy)


@pytest.mark.parametrize("form", ["mkv", "mp4", "ts"])
def test_tracks_are_counted_in_the_order_of_the_file(tmp_path, form):
    silence = ("-f", "lavfi", "-t", 3, "-i", "anullsrc")
    maps = ("-map", "0:v", "-map", "0:a", "-map", "1:a", "-map", "0:a", "-c:v", "copy")
    videos.ffmpeg("-i", film(tmp_path / "a.mp4", 3.0), *silence, *maps, tmp_path / f"three.{form}")
    heard = [len(beeps(probe(tmp_path / f"three.{form}", [number]))) for number in (1, 2, 3)]
    assert heard == [3, 0, 3]


def test_a_silent_track_is_told(stream):
    vods = stream.folder / "data/tiny/vods"
    inputs = ("-i", vods / "demo.mp4", "-f", "lavfi", "-t", 24, "-i", "anullsrc=cl=mono")
    videos.ffmpeg(*inputs, "-map", "0:v", "-map", "1:a", "-map", "0:a", "-c:v", "copy", *DEFAULT, vods / "own.mp4")
    stream.set_params(tracks={"own": {"judge": 2}})
    warning = "vods/own.mp4: sound track 1, which is heard, is silent throughout, and track 2 is not"
    assert warning in stream.stage("render", "own").stdout


def test_a_track_of_clips_is_named_by_a_pattern(project):
    clip, shard = first_clip(project), project.folder / "data/frames/c01.mp4.safetensors"
    expected = safetensors.numpy.load_file(shard)["signals"]
    two = clip.with_suffix(".new.mp4")
    inputs = ("-i", clip, "-f", "lavfi", "-t", 3, "-i", "anullsrc=cl=mono")
    videos.ffmpeg(*inputs, "-map", "0:v", "-map", "1:a", "-map", "0:a", "-c:v", "copy", "-c:a:1", "copy", *DEFAULT, two)
    two.replace(clip)
    output = project.stage("extract_frames").stdout
    assert "c01.mp4: sound track 1, which is judged, is silent throughout, and track 2 is not" in output
    project.set_params(tracks={"clips/c01*": {"judge": 2}})
    assert "1 of 12 clips extracted, 11 were current" in project.stage("extract_frames").stdout
    assert np.array_equal(safetensors.numpy.load_file(shard)["signals"], expected, equal_nan=True)


def test_a_track_of_clips_may_be_named_by_any_pattern_that_matches(project):
    for track in (2, 1):
        project.set_params(tracks={"*/c01*": {"judge": track}})
        done = project.run("dvc", "repro", "extract_frames")
        assert "Running stage 'extract_frames'" in done.stdout
        assert ("names sound track 2, but the file has only 1;" in done.stderr) == (track == 2)


def test_a_pattern_of_tracks_that_matches_nothing_is_named(project):
    project.set_params(tracks={"clip/*": {"judge": 2}, "clips/*": {"judge": 1}, "vods/d*": {"judge": 1}})
    output = project.stage("configure").stdout
    assert "params.yaml: tracks.clip/* matches no video; check the spelling" in output
    assert output.count("matches no video") == 1


def test_tracks_of_a_recording_that_is_gone_or_not_cut_match_a_video(project):
    project.write("vods.yaml", "vods: {}\nkept:\n  monday: vods/gone.mp4\n")
    project.set_params(vods={}, tracks={"monday": {"judge": 2}, "vods/demo.mp4": {"judge": 1}})
    assert "matches no video" not in project.succeed("python", "-m", "stages.configure")


def test_tracks_of_a_recording_that_is_kept_are_those_of_its_file(project, monkeypatch):
    """Rows about it still teach the model."""
    project.write("vods.yaml", "vods: {}\nkept:\n  monday: vods/demo.mp4\n")
    project.set_params(vods={}, tracks={"monday": {"judge": 2}})
    monkeypatch.chdir(project.folder)
    assert params.load().tracks_of("vods/demo.mp4").judged == [2]


def test_of_a_transport_stream_with_two_programs_one_is_seen_and_heard(tmp_path):
    videos.numbered(tmp_path / "a.mp4", 3.0, "libx264")
    other = ("-f", "lavfi", "-t", 3, "-i", "color=blue:s=64x48:r=30", "-f", "lavfi", "-t", 3, "-i", "anullsrc")
    maps = ("-map", "0:v", "-map", "1:a", "-map", "2:v", "-map", "2:a", "-c:v", "libx264", "-c:a", "aac")
    programs = ("-program", "program_num=1:st=0:st=1", "-program", "program_num=2:st=2:st=3")
    videos.ffmpeg(*other, "-i", tmp_path / "a.mp4", *maps, *programs, tmp_path / "both.ts")
    recording = probe(tmp_path / "both.ts")
    assert recording.width == 160
    heard = np.concatenate(list(read_stereo(recording, videos.RATE, 3.0)))
    assert videos.beginnings(np.abs(heard[:, 0])) == pytest.approx(np.arange(3), abs=0.1)


def test_sound_is_of_the_program_of_the_picture_even_if_that_has_two(tmp_path):
    videos.numbered(tmp_path / "a.mp4", 3.0, "libx264")
    small, other, silence = "color=red:s=32x32:r=30", "color=blue:s=64x48:r=30", "anullsrc=cl=5.1"
    made = [word for source in (small, other, silence) for word in ("-f", "lavfi", "-t", 3, "-i", source)]
    maps = [word for track in ("0:v", "3:v", "3:a", "1:v", "2:a") for word in ("-map", track)]
    programs = ("-program", "program_num=1:st=0:st=1:st=2", "-program", "program_num=2:st=3:st=4")
    codecs = ("-c:v", "libx264", "-c:a", "aac")
    videos.ffmpeg(*made, "-i", tmp_path / "a.mp4", *maps, *codecs, *programs, tmp_path / "both.ts")
    recording = probe(tmp_path / "both.ts")
    assert recording.width == 160
    heard = np.concatenate(list(read_stereo(recording, videos.RATE, 3.0)))
    assert videos.beginnings(np.abs(heard[:, 0])) == pytest.approx(np.arange(3), abs=0.1)


@pytest.mark.parametrize("form", ["mkv", "mov"])
def test_a_film_in_mjpeg_is_no_cover(tmp_path, form):
    videos.numbered(tmp_path / "a.mp4", 2.0, "libx264")
    preview = ("-f", "lavfi", "-t", 2, "-i", "color=blue:s=64x36:r=10", "-map", "0", "-map", "1")
    codecs = ("-c:v:0", "mjpeg", "-c:v:1", "libx264", "-disposition:v:0", "default", "-disposition:v:1", 0)
    videos.ffmpeg("-i", tmp_path / "a.mp4", *preview, *codecs, tmp_path / f"both.{form}")
    assert probe(tmp_path / f"both.{form}").width == 160


def test_the_tracks_of_a_kept_recording_concern_no_clip(bare):
    bare.set_params(vods={}, tracks={"own": {"judge": 2}, "clips/*": {"judge": 1}})
    bare.write("vods.yaml", "vods:\n  own: vods/own.mkv\n")
    listed = configuration.judged_tracks(params.load(), "clips/")
    bare.write("vods.yaml", "vods: {}\nkept:\n  own: vods/own.mkv\n")
    assert configuration.judged_tracks(params.load(), "clips/") == listed == [("clips/*", 1)]
