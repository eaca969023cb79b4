"""Recordings of all kinds: reading from any time gives the same as reading from the beginning."""

import random
import struct
from fractions import Fraction

import numpy as np
import pytest

from autotosis.project.errors import UserError
from autotosis.reel import nal_units
from autotosis.signals import features
from autotosis.video import clock, timecode
from autotosis.video.display import on_display
from autotosis.video.opening import Span
from autotosis.video.reading import Track
from autotosis.video.recording import probe
from autotosis.video.remarks import remarks
from tests import videos
from tests.films import FRAGMENTS, beeps, film, number, numbers_at

CONTAINERS = {
    "mp4": (),
    "mkv": (),
    "ts": (),
    "flv": (),
    "avi": (),
    "nut": (),
    "wmv": ("-bf", 3, "-c:a", "wmav2"),
    "mpg": ("-bf", 0, "-c:a", "mp2"),
    "vob": ("-bf", 3, "-c:a", "ac3"),
    "fragments.mp4": FRAGMENTS,
    "open.ts": ("-x264-params", "open-gop=1:keyint=40:bframes=3"),
    "refresh.mkv": ("-x264-params", "intra-refresh=1:keyint=40"),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_any_time_shows_what_reading_from_the_beginning_shows(tmp_path, name):
    recording = probe(film(tmp_path / f"a.{name}", 6.0, *CONTAINERS[name]))
    with Track(recording, "picture") as track:
        displayed = [(frame.time, number(frame)) for frame in track.frames(0.0)]
    assert [frame_number for _, frame_number in displayed] == list(range(180))
    chance = random.Random(name)
    times = [chance.uniform(0, recording.duration) for _ in range(12)]
    right = [max((time, n) for time, n in displayed if time <= at or n == 0)[1] for at in times]
    assert numbers_at(recording, times) == right


@pytest.mark.parametrize(("name", "sound"), [("a.avi", "pcm_s16le"), ("a.asf", "wmav2")])
def test_a_recording_of_half_a_second_is_read(tmp_path, name, sound):
    recording = probe(film(tmp_path / name, 0.5, "-bf", 0, "-c:a", sound))
    assert recording.duration == pytest.approx(0.5, abs=0.1)
    with Track(recording, "picture") as track:
        assert [number(frame) for frame in track.frames(0.0)] == list(range(15))


@pytest.mark.parametrize(
    ("name", "sound", "frames"),
    [("a.avi", "pcm_s16le", 0), ("a.asf", "wmav2", 0), ("a.mpg", "mp2", 0), ("a.mpg", "mp2", 3)],
)
def test_the_picture_of_h264_keeps_up_with_the_sound(tmp_path, name, sound, frames):
    recording = probe(film(tmp_path / name, 6.0, "-bf", frames, "-c:a", sound))
    for second, beep in enumerate(beeps(recording)[1:], 1):
        assert numbers_at(recording, [beep - 0.015, beep + 0.015]) == [30 * second - 1, 30 * second]
    with Track(recording, "picture") as track:
        assert np.diff([frame.time for frame in track.frames(4.5)]) == pytest.approx(1 / 30, abs=2e-3)


@pytest.mark.parametrize(("late", "first"), [("sound", 0), ("picture", 9)])
def test_a_track_of_a_transport_stream_that_begins_late_is_read_whole(tmp_path, late, first):
    source, path = film(tmp_path / "a.mp4", 9.0), tmp_path / "late.ts"
    maps = ("-map", "0:v", "-map", "1:a") if late == "sound" else ("-map", "1:v", "-map", "0:a")
    videos.ffmpeg("-i", source, "-itsoffset", 9, "-i", source, *maps, "-c", "copy", path)
    recording = probe(path)
    assert recording.rate == 30
    assert recording.start == pytest.approx(first, abs=0.1)
    assert numbers_at(recording, [first + 1.6, first + 8.6]) == pytest.approx([48, 258], abs=3)
    assert beeps(recording) == pytest.approx(9 - first + np.arange(9), abs=0.1)


def test_dv_with_its_sound_inside_is_read_without_the_index_of_the_avi(tmp_path, monkeypatch):
    form = ("-vf", "scale=720:576,fps=25", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le", "-ac", 2)
    data = film(tmp_path / "a.dv", 3.0, *form, codec="dvvideo").read_bytes()

    def chunk(name: bytes, content: bytes) -> bytes:
        return name + struct.pack("<I", len(content)) + content

    frames = b"".join(chunk(b"00__", data[start : start + 144_000]) for start in range(0, len(data), 144_000))
    header = chunk(b"avih", struct.pack("<14I", 40_000, 0, 0, 0, 75, 0, 1, 0, 720, 576, 0, 0, 0, 0))
    stream = chunk(b"strh", b"iavsdvsd" + struct.pack("<10I8x", 0, 0, 0, 1, 25, 0, 75, 144_000, 0, 0))
    lists = chunk(b"LIST", b"hdrl" + header + chunk(b"LIST", b"strl" + stream + chunk(b"strf", bytes(32))))
    (tmp_path / "a.avi").write_bytes(chunk(b"RIFF", b"AVI " + lists + chunk(b"LIST", b"movi" + frames)))
    # As if it were longer than a minute.
    monkeypatch.setattr(clock, "LAST", 1.0)
    recording = probe(tmp_path / "a.avi")
    assert recording.duration == pytest.approx(3, abs=0.1)
    for time in (2.0, 0.4, 1.2):
        with Track(recording, "picture") as track:
            shown = next(on_display(recording, track.frames(time), [time]))
        assert number(shown.reformat(160, 64)) == 30 * time


def test_both_fields_of_an_interlaced_frame_are_read(tmp_path):
    videos.in_fields(tmp_path / "a.ts", 100)
    recording = probe(tmp_path / "a.ts")
    assert recording.duration == pytest.approx(4, abs=0.05)
    with Track(recording, "picture") as track:
        for time in (0.0, 2.4):
            shown = next(on_display(recording, track.frames(time), [time])).to_ndarray(format="gray")
            fields = videos.number_of(shown[::2]), videos.number_of(shown[1::2])
            assert fields == (25 * time, 1023 - 25 * time)


def test_segments_of_a_stream_are_read_behind_what_describes_them(tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    form = ("-f", "hls", "-hls_time", 2, "-hls_list_size", 0, "-hls_segment_type", "fmp4", "-hls_segment_filename")
    source = film(tmp_path / "a.mp4", 6.0)
    videos.ffmpeg("-i", source, "-c", "copy", *form, folder / "%d.m4s", tmp_path / "list.m3u8")
    with pytest.raises(UserError, match="0.m4s: a segment of a stream, without the initialization segment.* put"):
        probe(folder)
    (tmp_path / "init.mp4").rename(folder / "init.mp4")
    recording = probe(folder)
    assert [piece.span.path.name for piece in recording.files] == ["0.m4s", "1.m4s", "2.m4s"]
    assert recording.duration == pytest.approx(6, abs=0.1)
    assert numbers_at(recording, [5.5, 1.5, 3.5]) == pytest.approx([165, 45, 105], abs=3)
    assert beeps(recording) == pytest.approx(np.arange(6), abs=0.1)
    assert not list(remarks(recording))


def segments(folder, *options):
    """Make six segments of a stream, of a second each."""
    folder.mkdir()
    form = ("-g", 30, "-sc_threshold", 0, "-f", "hls", "-hls_time", 1, "-hls_list_size", 0)
    names = ("-hls_segment_filename", folder / "%d.ts", folder.with_suffix(".m3u8"))
    videos.ffmpeg("-i", film(folder.with_name("a.mp4"), 6.0), *options, *form, *names)


DROPPED = ("-vf", "select='lt(mod(t,1),0.8)'", "-fps_mode", "passthrough", "-force_key_frames", "expr:gte(t,n_forced)")
OPEN = ("-x264-params", "open-gop=1:bframes=3:b-adapt=0")


@pytest.mark.parametrize("options", [DROPPED, OPEN])
def test_segments_of_a_stream_are_shown_when_their_clock_says(tmp_path, options):
    """Frames are missing at the end of each segment, or the first ones are shown before its keyframe."""
    segments(tmp_path / "parts", *options)
    recording = probe(tmp_path / "parts")
    assert recording.duration == pytest.approx(6, abs=0.2)
    times = [5.5, 0.5, 1.5, 3.5, 4.1]
    assert numbers_at(recording, times) == pytest.approx([30 * time for time in times], abs=1)
    assert beeps(recording) == pytest.approx(np.arange(6), abs=0.05)


def test_a_lost_segment_of_a_stream_is_a_gap(tmp_path):
    segments(tmp_path / "parts")
    (tmp_path / "parts/2.ts").unlink()
    recording = probe(tmp_path / "parts")
    assert recording.duration == pytest.approx(6, abs=0.1)
    assert numbers_at(recording, [2.5, 3.5]) == pytest.approx([59, 105], abs=3)
    assert beeps(recording) == pytest.approx([0, 1, 3, 4, 5], abs=0.05)


def test_what_an_edit_list_trims_away_is_not_shown(tmp_path):
    path = film(tmp_path / "a.mp4", 6.0, "-bf", 0)
    videos.edited(path, [(0.5, 1.5), (4.2, 1.5)])
    recording = probe(path)
    assert recording.duration == pytest.approx(3, abs=0.1)
    assert numbers_at(recording, [0.3, 1.3, 1.8, 2.5]) == pytest.approx([24, 54, 135, 156], abs=1)


def test_the_default_tracks_are_taken_and_the_others_are_named(tmp_path):
    source = film(tmp_path / "a.mp4")
    made = ("-i", source, "-f", "lavfi", "-t", 6, "-i", "color=blue:s=320x240", "-f", "lavfi", "-t", 6, "-i")
    maps = ("-map", "1:v", "-map", "0:v", "-map", "2:a", "-map", "0:a", "-disposition:v:0", 0)
    path = tmp_path / "two.mkv"
    defaults = ("-disposition:v:1", "default", "-disposition:a:1", 0, "-disposition:a:0", "default")
    videos.ffmpeg(*made, "anullsrc", *maps, *defaults, path)
    recording = probe(path)
    assert numbers_at(recording, [2.0]) == [60]
    sentences = list(remarks(recording))
    assert any("2 video tracks" in line for line in sentences)
    assert any("sound track 1, which is judged, is silent throughout, and track 2 is not" in line for line in sentences)
    assert all(str(path) in line for line in sentences)


@pytest.mark.parametrize("coded", [("-c:a", "aac", "-ac", 8), ("-c:a", "pcm_u8")])
def test_silence_is_told_in_any_format_of_sound(tmp_path, coded):
    path = tmp_path / "two.mkv"
    maps = ("-map", "0:v", "-map", "1:a", "-map", "0:a", "-disposition:a:0", "default", "-disposition:a:1", 0)
    source = ("-i", film(tmp_path / "a.mp4"), "-f", "lavfi", "-t", 6, "-i", "anullsrc")
    videos.ffmpeg(*source, *maps, "-c:v", "copy", *coded, path)
    assert any("is silent throughout, and track 2 is not" in line for line in remarks(probe(path)))


def test_a_cover_is_no_picture(tmp_path):
    source = film(tmp_path / "a.mp4")
    videos.ffmpeg("-i", source, "-frames:v", 1, tmp_path / "cover.jpg")
    videos.ffmpeg(
        "-i", source, "-i", tmp_path / "cover.jpg", "-map", "1:v", "-map", "0", "-c", "copy", tmp_path / "b.mkv"
    )
    recording = probe(tmp_path / "b.mkv")
    assert recording.duration == pytest.approx(6, abs=0.05)
    assert not list(remarks(recording))


def test_of_a_folder_only_videos_are_parts(tmp_path):
    film(tmp_path / "source.ts", 6.0)
    folder = tmp_path / "parts"
    folder.mkdir()
    videos.ffmpeg(
        "-i", tmp_path / "source.ts", "-c", "copy", "-f", "hls", "-hls_time", 2, "-hls_list_size", 0,
        "-hls_segment_filename", folder / "%d.ts", folder / "list.m3u8",
    )  # fmt: skip
    (folder / "3.ts.part").write_bytes(b"unfinished")
    (folder / "chat.txt").write_text("hello")
    (folder / "notes\nerror: all fine").write_text("hello")
    recording = probe(folder)
    assert [piece.span.path.name for piece in recording.files] == ["0.ts", "1.ts", "2.ts"]
    assert recording.duration == pytest.approx(6, abs=0.1)
    ignored = "ignored, not parts of the VOD: 3.ts.part, chat.txt, list.m3u8, notes?error: all fine"
    assert ignored in next(remarks(recording))
    with pytest.raises(UserError, match="a playlist, not a video"):
        probe(folder / "list.m3u8")


@pytest.mark.parametrize(("form", "names"), [("ts", ["1.tp", "2.TRP"]), ("mpg", ["1.MOD", "2.vro"])])
def test_camcorders_and_recorders_have_endings_of_their_own(tmp_path, form, names):
    source, folder = film(tmp_path / f"a.{form}", 2.0, "-c:a", "mp2", codec="mpeg2video"), tmp_path / "parts"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(source.read_bytes())
    assert [piece.span.path.name for piece in probe(folder).files] == names


@pytest.mark.parametrize("form", ["mkv", "mp4", "ts"])
def test_where_the_picture_stops_its_last_frame_stays_and_the_sound_goes_on(tmp_path, form):
    film(tmp_path / "a.mp4")
    path = tmp_path / f"stopped.{form}"
    videos.ffmpeg("-i", tmp_path / "a.mp4", "-vf", "select='lt(t,2)'", "-fps_mode", "passthrough", path)
    recording = probe(path)
    assert recording.duration == pytest.approx(6, abs=0.1)
    assert numbers_at(recording, [1.0, 5.0]) == pytest.approx([30, 59], abs=2)
    assert len(beeps(recording)) == 6
    assert any("its picture ends at" in line for line in remarks(recording))


@pytest.mark.parametrize(("form", "options"), [("mkv", ()), ("mp4", FRAGMENTS)])
def test_of_an_unfinished_file_what_is_there_is_used_and_said(tmp_path, form, options):
    content = film(tmp_path / f"whole.{form}", 6.0, *options).read_bytes()
    path = tmp_path / f"half.{form}"
    path.write_bytes(content[: len(content) * 6 // 10])
    recording = probe(path)
    assert 2.5 < recording.duration < 5
    assert numbers_at(recording, [1.0, 2.0]) == pytest.approx([30, 60], abs=3)
    assert any(f"used up to {recording.duration:.1f} s" in line for line in remarks(recording))


@pytest.mark.parametrize("kind", ["picture", "sound"])
def test_an_unfinished_mkv_is_not_decoded_from_its_beginning_for_a_late_time(tmp_path, kind):
    content = film(tmp_path / "whole.mkv", 9.0).read_bytes()
    (tmp_path / "most.mkv").write_bytes(content[: len(content) * 9 // 10])
    with Track(probe(tmp_path / "most.mkv"), kind) as track:
        assert 4 < next(track.frames(6.5)).time <= 6.5


@pytest.mark.parametrize("appended", [False, True])
def test_of_an_unfinished_part_it_is_said_up_to_when_it_is_used(tmp_path, appended):
    content = film(tmp_path / "whole.mkv", 6.0).read_bytes()
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "1.mkv").write_bytes(content)
    with (folder / ("1.mkv" if appended else "2.mkv")).open("ab") as file:
        file.write(content[: len(content) * 6 // 10])
    recording = probe(folder)
    assert 8.5 < recording.duration < 11
    (line,) = remarks(recording)
    assert f"claims to last 6.0 s, and it is used up to {recording.duration - 6:.1f} s" in line


def test_a_plain_mp4_that_was_cut_off_is_refused_with_advice(tmp_path):
    content = film(tmp_path / "whole.mp4", 6.0, "-movflags", "faststart").read_bytes()
    (tmp_path / "half.mp4").write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match="half.mp4: cut off or damaged.*download it again"):
        probe(tmp_path / "half.mp4")


def test_an_encrypted_recording_is_refused(tmp_path):
    key = ("-encryption_key", 32 * "a", "-encryption_kid", 32 * "b")
    film(tmp_path / "1.mp4", 3.0, codec=None)
    film(tmp_path / "2.mp4", 3.0, "-encryption_scheme", "cenc-aes-ctr", *key, codec=None)
    for path in (tmp_path / "2.mp4", tmp_path):
        with pytest.raises(UserError, match="/2.mp4: encrypted, .*; download it without encryption or remove it"):
            probe(path)


def test_sound_that_is_turned_over_in_one_channel_is_as_loud(tmp_path):
    values = {}
    for name, turned in (("plain", "1"), ("turned", "-1")):
        path = tmp_path / f"{name}.mkv"
        videos.ffmpeg(
            "-f", "lavfi", "-t", 2, "-i", "color=gray:s=64x48:r=10", "-f", "lavfi", "-t", 2, "-i",
            f"sine=1000,pan=stereo|c0=c0|c1={turned}*c0", "-c:a", "flac", path,
        )  # fmt: skip
        values[name] = np.stack(list(features.read_audio(probe(path), np.arange(10) / 10)))
    assert values["turned"] == pytest.approx(values["plain"], abs=1e-3)


def test_the_recordings_own_time_code_is_read(tmp_path):
    film(tmp_path / "a.mov", 3.0, "-timecode", "10:00:00:00", codec="")
    assert timecode.at_the_beginning(Span(tmp_path / "a.mov"), Fraction(30)) == (36_000 * 30, False)
    assert timecode.at_the_beginning(Span(film(tmp_path / "b.mp4", 3.0)), Fraction(30)) == (0, None)


@pytest.mark.parametrize(
    ("number", "rate", "drops", "text"),
    [
        (0, Fraction(25), False, "00:00:00:00"),
        (90_061 * 25 + 3, Fraction(25), False, "25:01:01:03"),
        (1799, Fraction(30_000, 1001), True, "00:00:59;29"),
        (1800, Fraction(30_000, 1001), True, "00:01:00;02"),
        (17_982, Fraction(30_000, 1001), True, "00:10:00;00"),
        (3600, Fraction(60_000, 1001), True, "00:01:00;04"),
    ],
)
def test_time_code_counts_as_clocks_do_and_on_behind_a_day(number, rate, drops, text):
    assert timecode.text(number, rate, drops) == text


def test_headers_are_compared_by_what_they_say(tmp_path):
    film(tmp_path / "a.mp4", 3.0)
    videos.ffmpeg("-i", tmp_path / "a.mp4", "-c", "copy", tmp_path / "a.ts")
    sets = []
    for path in (tmp_path / "a.mp4", tmp_path / "a.ts", film(tmp_path / "b.mp4", 3.0, "-s", "320x128")):
        with Track(probe(path), "picture") as track:
            sets.append(nal_units.parameter_sets(next(track.packets(0.0)), track.header))
    assert sets[0] == sets[1] != sets[2]
