"""Changes within a recording: other files appended to it, and other tracks, codecs, clocks and formats in its parts."""

import zlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from autotosis.project.errors import UserError
from autotosis.video import transport_stream
from autotosis.video.recording import probe
from autotosis.video.remarks import remarks
from autotosis.video.sound import read_stereo
from tests import videos
from tests.films import FRAGMENTS, beeps, film, numbers_at

MPEG2 = ("-c:v", "mpeg2video", "-c:a", "mp2")
APPENDED = {
    "ts": (),
    "mkv": (),
    "flv": (),
    "mpg": MPEG2,
    "mp4": FRAGMENTS,
    "ogv": ("-c:v", "libtheora", "-q:v", 10, "-c:a", "libvorbis"),
    "asf": ("-c:v", "mpeg4", "-c:a", "wmav2"),
    "mxf": ("-c:v", "mpeg2video", "-r", 25, "-c:a", "pcm_s16le"),
}


@pytest.mark.parametrize("form", APPENDED)
def test_recordings_appended_to_one_file_follow_each_other(tmp_path, form):
    one = film(tmp_path / f"one.{form}", 3.0, *APPENDED[form])
    (tmp_path / f"three.{form}").write_bytes(3 * one.read_bytes())
    recording = probe(tmp_path / f"three.{form}")
    assert recording.duration == pytest.approx(9, abs=0.1)
    assert numbers_at(recording, [1.6, 4.6, 7.6]) == pytest.approx([46, 46, 46], abs=3)
    assert beeps(recording) == pytest.approx(np.arange(9), abs=0.1)


@pytest.mark.parametrize("moved", [("-streamid", "0:0x300", "-streamid", "1:0x301"), ("-mpegts_service_id", 7)])
def test_a_transport_stream_whose_tracks_are_others_from_somewhere_on_is_read_on(tmp_path, moved):
    one = film(tmp_path / "one.ts", 3.0, "-mpegts_pmt_start_pid", 0x400)
    other = film(tmp_path / "other.ts", 3.0, "-mpegts_pmt_start_pid", 0x500, "-mpegts_start_pid", 0x200, *moved)
    (tmp_path / "both.ts").write_bytes(one.read_bytes() + other.read_bytes())
    recording = probe(tmp_path / "both.ts")
    assert [piece.begin for piece in recording.pieces] == pytest.approx([0, 3], abs=0.1)
    assert numbers_at(recording, [1.6, 4.6]) == pytest.approx([46, 46], abs=3)
    assert beeps(recording) == pytest.approx(np.arange(6), abs=0.1)
    assert not list(remarks(recording))


@pytest.mark.parametrize("recoded", [("-c:v", "mpeg2video"), ("-c:a", "ac3")])
def test_a_transport_stream_in_which_a_track_changes_its_codec_is_read_on(tmp_path, recoded):
    form = ("-bf", 0, "-muxdelay", 0, "-muxpreload", 0)
    one = film(tmp_path / "one.ts", 3.0, *form)
    other = film(tmp_path / "other.ts", 3.0, *form, *recoded, "-output_ts_offset", 3)
    (tmp_path / "both.ts").write_bytes(one.read_bytes() + other.read_bytes())
    recording = probe(tmp_path / "both.ts")
    assert numbers_at(recording, [1.6, 4.6]) == pytest.approx([48, 48], abs=3)
    assert beeps(recording) == pytest.approx(np.arange(6), abs=0.1)
    assert not list(remarks(recording))


@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("rate", [Fraction(60), Fraction(30_000, 1001)])
def test_an_advertisement_at_the_beginning_does_not_set_size_and_rate(tmp_path, offset, rate):
    """The clock starts again behind it, or goes on."""
    for name, size, fps, seconds, start in (("ad", "96x54", 25, 1, 0), ("stream", "320x180", rate, 4, offset)):
        picture = ("-f", "lavfi", "-t", seconds, "-i", f"testsrc=s={size}:r={fps}")
        timing = ("-muxdelay", 0, "-muxpreload", 0, "-output_ts_offset", start)
        videos.ffmpeg(*picture, "-preset", "ultrafast", "-g", 30, *timing, tmp_path / f"{name}.ts")
    (tmp_path / "a.ts").write_bytes((tmp_path / "ad.ts").read_bytes() + (tmp_path / "stream.ts").read_bytes())
    recording = probe(tmp_path / "a.ts")
    assert (recording.width, recording.height, recording.rate) == (320, 180, rate)
    assert recording.start == 0
    assert recording.duration == pytest.approx(5, abs=0.1)


TWO_SOUNDS = ("-map", "0:v", "-map", "0:a", "-map", "0:a", "-c:a", "mp2", "-c:a:1", "ac3", "-ac:a:1", 6)


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ((), ("-c:a", "ac3")),
        ((), ("-streamid", "1:300")),
        (TWO_SOUNDS, ("-c:a", "mp2")),
        ((*TWO_SOUNDS, "-mpegts_flags", "system_b"), ("-c:a", "mp2")),
        (("-c:a", "libopus"), ("-c:a", "libopus", "-streamid", "1:300")),
    ],
)
def test_sound_that_changes_between_keyframes_of_a_transport_stream_is_heard_in_time(tmp_path, before, behind):
    one = film(tmp_path / "one.ts", 8.0, "-g", 100, "-bf", 3, *before)
    other = film(tmp_path / "other.ts", 8.0, "-g", 100, "-bf", 3, *behind)
    whole, recording = probe(one), probe(switched(one, other, 5.0))
    assert recording.duration == pytest.approx(whole.duration)
    times = [1.6, 3.5, 3.6, 3.7, 4.5, 6.6]
    assert numbers_at(recording, times) == numbers_at(whole, times)
    assert beeps(recording) == pytest.approx(np.arange(8), abs=0.05)


@pytest.mark.parametrize(("judged", "heard"), [(1, 4), (2, 8)])
def test_sound_tracks_are_counted_as_at_the_beginning_where_one_has_ended(tmp_path, judged, heard):
    """The first of two tracks ends; it is silent from there on, and the second is still the second."""
    both = ("-map", "0:v", "-map", "0:a", "-map", "0:a", "-c:a", "mp2", "-streamid", "1:300", "-streamid", "2:400")
    one = film(tmp_path / "one.ts", 8.0, *both)
    other = film(tmp_path / "other.ts", 8.0, "-c:a", "mp2", "-streamid", "1:400")
    recording = probe(switched(one, other, 5.0), [judged])
    assert beeps(recording) == pytest.approx(np.arange(heard), abs=0.05)


def test_sound_that_comes_back_to_a_transport_stream_is_heard(tmp_path):
    one, silent = film(tmp_path / "one.ts", 8.0), film(tmp_path / "silent.ts", 8.0, "-an")
    recording = probe(switched(switched(one, silent, 5.0), one, 7.0))
    assert len(recording.pieces) == 1
    assert beeps(recording) == pytest.approx([0, 1, 2, 3, 6, 7], abs=0.05)


def test_data_that_ends_does_not_divide_a_transport_stream(tmp_path):
    other = film(tmp_path / "other.ts", 3.0)
    (tmp_path / "data").write_bytes(b"data")
    data = ("-f", "data", "-i", tmp_path / "data", "-map", "0", "-map", "1", "-c", "copy")
    videos.ffmpeg("-i", other, *data, tmp_path / "one.ts")
    recording = probe(switched(tmp_path / "one.ts", other, 3.0))
    assert recording.duration == pytest.approx(3, abs=0.1)
    assert len(recording.pieces) == 1


def test_tracks_that_a_transport_stream_only_announces_are_not_there_yet(tmp_path):
    one, other = (film(tmp_path / f"{codec}.ts", 3.0, "-c:a", codec).read_bytes() for codec in ("aac", "ac3"))
    # The third packet is the map of the program. Its table begins at byte 5, and ends with its checksum.
    packet = bytearray(other[2 * 188 : 3 * 188])
    end = 8 + packet[7]
    packet[10] &= 0xFE
    checksum = zlib.crc32(packet[5 : end - 4].translate(transport_stream.MIRRORED)) ^ transport_stream.WHOLE
    packet[end - 4 : end] = checksum.to_bytes(4, "little").translate(transport_stream.MIRRORED)
    (tmp_path / "a.ts").write_bytes(one[: 200 * 188] + packet + one[200 * 188 :])
    recording = probe(tmp_path / "a.ts")
    assert len(recording.pieces) == 1
    assert beeps(recording) == pytest.approx(np.arange(3), abs=0.1)


def switched(one, other, time) -> Path:
    """Make a transport stream that goes on as another one from a timestamp on (seconds)."""
    places = []
    for path in (one, other):
        with av.open(str(path)) as container:
            pictures = container.demux(video=0)
            places.append(next(packet.pos for packet in pictures if packet.dts * packet.time_base >= time))
    first, second = one.read_bytes(), other.read_bytes()
    # The tables of services and programs are the first three packets.
    path = one.with_name("switched.ts")
    path.write_bytes(first[: places[0]] + second[: 3 * 188] + second[places[1] :])
    return path


@pytest.mark.parametrize("between", [0, 20])
def test_a_transport_stream_in_which_both_programs_change_is_read_on(tmp_path, between):
    maps = ("-map", "0:v", "-map", "0:a", "-map", "0:v", "-map", "0:a")
    programs = ("-program", "program_num=1:st=0:st=1", "-program", "program_num=2:st=2:st=3")
    one, other = (
        film(tmp_path / f"{codec}.ts", 3.0, *maps, *programs, codec=codec).read_bytes()
        for codec in ("libx264", "mpeg2video")
    )
    # The maps of both programs are the third and the fourth packet.
    empty = b"\x47\x1f\xff\x10" + 184 * b"\xff"
    (tmp_path / "both.ts").write_bytes(one + other[: 3 * 188] + between * empty + other[3 * 188 :])
    recording = probe(tmp_path / "both.ts")
    assert [piece.begin for piece in recording.pieces] == pytest.approx([0, 3], abs=0.1)
    assert numbers_at(recording, [1.6, 4.6]) == pytest.approx([48, 48], abs=3)
    assert beeps(recording) == pytest.approx(np.arange(6), abs=0.1)


@pytest.mark.parametrize(
    ("form", "options", "head"),
    [("ts", ("-mpegts_pmt_start_pid", 0x500, "-mpegts_start_pid", 0x200, "-mpegts_service_id", 7), 0), ("flv", (), 13)],
)
def test_a_clock_that_starts_again_in_an_appended_recording_is_followed(tmp_path, form, options, head):
    long = film(tmp_path / f"long.{form}", 6.0)
    other = film(tmp_path / f"other.{form}", 3.0, *options).read_bytes()
    (tmp_path / f"all.{form}").write_bytes(long.read_bytes() + other + other[head:])
    recording = probe(tmp_path / f"all.{form}")
    assert [piece.begin for piece in recording.pieces] == pytest.approx([0, 6, 9], abs=0.1)
    assert recording.duration == pytest.approx(12, abs=0.1)
    assert numbers_at(recording, [1.6, 7.6, 10.6]) == pytest.approx([46, 46, 46], abs=3)
    assert beeps(recording) == pytest.approx(np.arange(12), abs=0.1)


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx265", ("-x265-params", "log-level=none")),
        ("flv1", ("-c:a", "pcm_s16le", "-ar", 44_100)),
    ],
)
def test_another_codec_in_flv_is_read_on_where_its_clock_starts_again(tmp_path, codec, options):
    content = film(tmp_path / "one.flv", 3.0, *options, codec=codec).read_bytes()
    (tmp_path / "both.flv").write_bytes(content + content[13:])
    recording = probe(tmp_path / "both.flv")
    assert recording.duration == pytest.approx(6, abs=0.1)
    assert numbers_at(recording, [1.6, 4.6]) == pytest.approx([47, 47], abs=3)
    assert beeps(recording) == pytest.approx(np.arange(6), abs=0.1)


def test_a_plain_mp4_shows_what_players_do_and_names_what_is_appended(tmp_path):
    content = film(tmp_path / "one.mp4", 3.0).read_bytes()
    (tmp_path / "both.mp4").write_bytes(2 * content)
    recording = probe(tmp_path / "both.mp4")
    assert recording.duration == pytest.approx(3, abs=0.1)
    assert f"`tail -c +{len(content) + 1} FILE" in next(remarks(recording))


@pytest.mark.parametrize("settings", [("-tune", "fastdecode"), ("-ar", 44_100, "-ac", 2)])
def test_a_new_header_in_the_middle_of_a_file_is_used_from_there_on(tmp_path, settings):
    one = film(tmp_path / "one.flv", 3.0)
    other = film(tmp_path / "other.flv", 3.0, *settings, "-output_ts_offset", 3)
    (tmp_path / "both.flv").write_bytes(one.read_bytes() + other.read_bytes()[13:])
    recording = probe(tmp_path / "both.flv")
    assert len(recording.pieces) == 2
    assert numbers_at(recording, [1.5, 4.5]) == pytest.approx([45, 45], abs=3)
    assert beeps(recording) == pytest.approx(np.arange(6), abs=0.1)


def test_a_part_that_is_rotated_differently_is_refused(tmp_path):
    folder, source = tmp_path / "parts", film(tmp_path / "a.mp4", 3.0)
    folder.mkdir()
    videos.ffmpeg("-i", source, "-c", "copy", folder / "1.mp4")
    videos.ffmpeg("-display_rotation", 90, "-i", source, "-c", "copy", folder / "2.mp4")
    refused = "2.mp4: .*, or the picture has another shape or is rotated differently, so they cannot be joined"
    with pytest.raises(UserError, match=refused):
        probe(folder)


def test_a_part_of_another_shape_is_refused_and_one_of_another_size_is_not(tmp_path):
    folder, source = tmp_path / "parts", film(tmp_path / "a.mp4", 3.0)
    folder.mkdir()
    for part, size in enumerate(("64:48", "128:96"), 1):
        videos.ffmpeg("-i", source, "-vf", f"scale={size}", folder / f"{part}.mp4")
    assert probe(folder).duration == pytest.approx(6, abs=0.1)
    videos.ffmpeg("-i", source, "-vf", "scale=64:64,setsar=1", folder / "3.mp4")
    with pytest.raises(UserError, match="3.mp4: .* the picture has another shape"):
        probe(folder)


def test_parts_with_flac_follow_each_other(tmp_path):
    videos.split(film(tmp_path / "a.mp4", 6.0), tmp_path / "parts", "2,4", "mkv", "-c:a", "flac")
    recording = probe(tmp_path / "parts")
    assert recording.duration == pytest.approx(6, abs=0.1)
    assert beeps(recording) == pytest.approx(np.arange(6), abs=0.1)


@pytest.mark.parametrize("length", [2, 70])
def test_pictures_that_are_shown_before_the_keyframe_of_a_part_take_their_time(tmp_path, length):
    folder = tmp_path / "parts"
    folder.mkdir()
    source = ("-f", "lavfi", "-t", 2 * length, "-i")
    tracks = (*source, "testsrc=s=64x48:r=12", *source, "sine", "-c:a", "pcm_u8", "-preset", "ultrafast")
    opened = ("-x264-params", "open-gop=1:keyint=12:min-keyint=12:scenecut=0:bframes=3:b-adapt=0")
    parts = ("-f", "segment", "-segment_time", length, "-reset_timestamps", 1, folder / "%d.mkv")
    videos.ffmpeg(*tracks, *opened, *parts)
    assert probe(folder).duration == pytest.approx(2 * length, abs=0.1)


def test_parts_of_a_dvd_are_joined_and_their_sound_tracks_stay_apart(tmp_path):
    source, folder = film(tmp_path / "a.mp4", 6.0), tmp_path / "parts"
    folder.mkdir()
    both = ("-i", source, "-f", "lavfi", "-t", 6, "-i", "anullsrc=r=48000", "-map", 0, "-map", 1)
    videos.ffmpeg(*both, "-c:v", "mpeg2video", "-c:a:0", "mp2", "-c:a:1", "ac3", "-f", "dvd", tmp_path / "a.vob")
    data = (tmp_path / "a.vob").read_bytes()
    size = len(data) // 5 // 2048 * 2048
    for part in range(5):
        (folder / f"VTS_01_{part}.VOB").write_bytes(data[part * size : (part + 1) * size if part < 4 else None])
    for judged, heard in ((1, 0), (2, 6)):
        recording = probe(folder, [judged])
        assert recording.duration == pytest.approx(6, abs=0.1)
        assert beeps(recording) == pytest.approx(np.arange(heard), abs=0.1)
    assert numbers_at(recording, [1.5, 4.5]) == pytest.approx([45, 135], abs=3)


@pytest.mark.parametrize("silent", [1, 2])
def test_a_part_without_sound_is_silent(tmp_path, silent):
    folder, source = tmp_path / "parts", film(tmp_path / "a.mp4", 3.0)
    folder.mkdir()
    for part in (1, 2):
        videos.ffmpeg("-i", source, "-c", "copy", *(["-an"] if part == silent else []), folder / f"{part}.mp4")
    recording = probe(folder)
    assert recording.duration == pytest.approx(6, abs=0.1)
    assert numbers_at(recording, [1.6, 4.6]) == pytest.approx([48, 48], abs=3)
    assert beeps(recording) == pytest.approx(3 * (2 - silent) + np.arange(3), abs=0.1)


def test_sound_without_headers_keeps_its_pitch_in_a_part_with_another_rate(tmp_path):
    folder, source = tmp_path / "parts", film(tmp_path / "a.mp4", 3.0)
    folder.mkdir()
    for name, rate in (("1.mkv", 48_000), ("2.mkv", 44_100)):
        videos.ffmpeg("-i", source, "-c:v", "copy", "-c:a", "pcm_s16le", "-ar", rate, folder / name)
    heard = np.concatenate(list(read_stereo(probe(folder), videos.RATE, 6.0)))
    for second in (1, 4):
        beep = heard[second * videos.RATE :, 0][: videos.RATE // 10]
        assert 10 * np.abs(np.fft.rfft(beep)).argmax() == pytest.approx(1000, abs=10)
