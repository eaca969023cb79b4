"""Damaged recordings: whatever is whole is used, and the user is told what is not."""

import random
import socket
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from autotosis.project import files
from autotosis.project.errors import UserError
from autotosis.video.display import on_display
from autotosis.video.opening import Span, opened
from autotosis.video.reading import Track
from autotosis.video.recording import probe
from autotosis.video.remarks import remarks
from autotosis.video.sound import read_stereo
from tests import videos
from tests.films import film


def damage(path, start, end, **tracks):
    """Change bytes in all packets of a track, such as `audio=0`, from a time on, until another (seconds)."""
    chance, data = random.Random(5), path.read_bytes()
    with av.open(str(path)) as container:
        times = [(bytes(packet), packet.pts * packet.time_base) for packet in container.demux(**tracks) if packet.size]
    for content in (content for content, time in times if start <= time < end):
        changed = bytearray(content)
        for _ in range(3):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        data = data.replace(content, changed, 1)
    path.write_bytes(data)


def test_damaged_sound_is_only_missing_where_it_is_damaged(tmp_path):
    path = tmp_path / "a.mkv"
    videos.numbered(path, 6.0, "libx264")
    damage(path, 2.5, 3.5, audio=0)
    heard = np.concatenate(list(read_stereo(probe(path), videos.RATE, 6.0)))
    assert len(heard) == 6 * videos.RATE
    beginnings = videos.beginnings(np.abs(heard[:, 0]))
    assert set(beginnings[(beginnings < 2.4) | (beginnings > 3.6)].round()) == {0, 1, 2, 4, 5}


def test_a_tag_with_an_impossible_duration_is_ignored(tmp_path):
    videos.flash_and_beep(tmp_path / "made.mkv", 2)
    tag = f"DURATION={'9' * 400}:00:00.0"
    videos.ffmpeg("-i", tmp_path / "made.mkv", "-c", "copy", "-metadata:s:v", tag, tmp_path / "own.nut")
    assert probe(tmp_path / "own.nut").duration == pytest.approx(2, abs=0.05)


def test_damaged_pictures_are_left_out(tmp_path):
    path = tmp_path / "a.mov"
    videos.numbered(tmp_path / "source.mp4", 6.0, "libx264")
    videos.ffmpeg("-i", tmp_path / "source.mp4", "-c:v", "mjpeg", "-c:a", "mp3", path)
    damage(path, 2.0, 4.0, video=0)
    # The first picture has a size of colours that FFmpeg does not know.
    path.write_bytes(path.read_bytes().replace(bytes.fromhex("0301220002"), bytes.fromhex("0301330002"), 1))
    with Track(probe(path), "picture") as track:
        times = [frame.time for frame in track.frames(0.0)]
    whole = [number / 30 for number in (*range(1, 60), *range(120, 180))]
    assert [time for time in times if not 2 <= time < 4] == pytest.approx(whole)


@pytest.mark.parametrize("kind", [b"\xc0", b"\xe0"])
def test_a_damaged_time_of_a_transport_stream_moves_nothing(tmp_path, kind):
    path = tmp_path / "a.ts"
    videos.numbered(tmp_path / "source.mp4", 6.0, "libx264")
    videos.ffmpeg("-i", tmp_path / "source.mp4", "-c", "copy", path)
    whole, data = probe(path), bytearray(path.read_bytes())
    # The times of packets begin at their tenth byte. Each packet of sound holds many frames.
    heads = [place for place in range(len(data)) if data.startswith(b"\0\0\1" + kind, place)]
    data[heads[len(heads) // 2] + 9] ^= 4
    path.write_bytes(data)
    recording = probe(path)
    assert recording.duration == whole.duration
    assert len(recording.pieces) == 1
    heard = np.concatenate(list(read_stereo(recording, videos.RATE, 6.0)))
    assert {4, 5} < set(videos.beginnings(np.abs(heard[:, 0])).round())
    with Track(recording, "picture") as track:
        shown = on_display(recording, track.frames(0.0), [2.0, 5.0])
        assert [frame.time for frame in shown] == pytest.approx([2.0, 5.0], abs=0.05)


@pytest.mark.parametrize(("place", "count"), [(0, 70_000), (0.5, 10_000_000), (1, 70_000)])
def test_zeros_in_a_transport_stream_are_skipped(tmp_path, place, count):
    path = tmp_path / "a.ts"
    videos.numbered(tmp_path / "source.mp4", 6.0, "libx264")
    videos.ffmpeg("-i", tmp_path / "source.mp4", "-c", "copy", path)
    whole, data = probe(path), path.read_bytes()
    split = round(place * len(data) / 188) * 188
    path.write_bytes(data[:split] + bytes(count) + data[split:])
    recording = probe(path)
    assert recording.duration == whole.duration
    heard = np.concatenate(list(read_stereo(recording, videos.RATE, 6.0)))
    assert len(videos.beginnings(np.abs(heard[:, 0]))) == 6
    with Track(recording, "picture") as track:
        shown = list(on_display(recording, track.frames(0.0), [1.5, 4.5]))
    assert [videos.number_of(frame.to_ndarray(format="gray")) for frame in shown] == pytest.approx([45, 135], abs=2)


def test_a_damaged_size_in_mxf_ends_the_search_for_further_recordings(tmp_path):
    path = tmp_path / "a.mxf"
    source = ("-f", "lavfi", "-t", 2, "-i", "testsrc=s=64x48:r=25")
    videos.ffmpeg(*source, "-c:v", "mpeg2video", path)
    data = bytearray(path.read_bytes())
    # Behind the key of the first picture is the number of bytes that its size has, and 128.
    place = data.index(bytes.fromhex("060e2b34010201010d01030115")) + 16
    data[place : place + 9] = b"\x88" + 8 * b"\xff"
    path.write_bytes(data)
    assert probe(path).duration == pytest.approx(2, abs=0.1)


def test_an_mxf_without_its_end_shows_what_it_has_at_any_time(tmp_path):
    path = tmp_path / "a.mxf"
    videos.numbered(tmp_path / "source.mp4", 9.0, "libx264")
    videos.ffmpeg("-i", tmp_path / "source.mp4", "-c:v", "mpeg2video", "-r", 25, "-bf", 2, "-c:a", "pcm_s16le", path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 8 // 10])
    recording = probe(path)
    for time in (5.0, 6.0):
        with Track(recording, "picture") as track:
            (shown,) = on_display(recording, track.frames(time), [time])
        assert videos.number_of(shown.to_ndarray(format="gray")) == pytest.approx(30 * time, abs=3)


def test_gxf_with_dv_is_read_up_to_where_ffmpeg_ends(tmp_path):
    path, source = tmp_path / "a.gxf", ("-f", "lavfi", "-t", 2, "-i")
    videos.ffmpeg(*source, "testsrc=s=720x576:r=25", *source, "sine=r=48000", "-c:v", "dvvideo", path)
    assert probe(path).duration == pytest.approx(2, abs=0.1)


def test_a_long_mxf_without_its_end_lasts_as_long_as_what_it_has(tmp_path):
    path, source = tmp_path / "a.mxf", ("-f", "lavfi", "-t", 100, "-i")
    videos.ffmpeg(*source, "testsrc=s=64x48:r=25", *source, "sine=r=48000", "-c:v", "mpeg2video", "-g", 25, path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 8 // 10])
    assert probe(path).duration == pytest.approx(80, abs=1)


@pytest.mark.parametrize("options", [(), ("-movflags", "frag_keyframe+empty_moov+default_base_moof")])
def test_text_behind_an_mp4_is_ignored_as_by_players(tmp_path, options):
    path = tmp_path / "a.mp4"
    videos.ffmpeg("-f", "lavfi", "-t", 2, "-i", "testsrc=s=64x48:r=25", *options, path)
    whole = probe(path)
    path.write_bytes(path.read_bytes() + b"This is not a part of the video.")
    recording = probe(path)
    assert recording.duration == whole.duration
    assert not list(remarks(recording))


@pytest.mark.parametrize("form", ["mp4", "mkv"])
@pytest.mark.parametrize("kind", ["sound", "subtitles"])
def test_a_longer_track_that_is_not_used_is_not_missing(tmp_path, form, kind):
    path, subtitles = tmp_path / f"a.{form}", tmp_path / "a.srt"
    videos.numbered(tmp_path / "source.mp4", 3.0, "libx264")
    subtitles.write_text("1\n00:00:01,000 --> 00:00:06,000\nhello\n")
    other = ("-f", "lavfi", "-t", 6, "-i", "sine") if kind == "sound" else ("-i", subtitles)
    codecs = ("-c:v", "copy", "-c:s", "mov_text" if form == "mp4" else "srt")
    videos.ffmpeg("-i", tmp_path / "source.mp4", *other, "-map", "0", "-map", "1", *codecs, path)
    recording = probe(path)
    assert recording.duration == pytest.approx(3, abs=0.05)
    assert not any("cut off" in line for line in remarks(recording))


def test_a_picture_that_is_shown_for_long_is_not_missing(tmp_path):
    path = tmp_path / "slides.mp4"
    videos.numbered(tmp_path / "source.mp4", 4.0, "libx264")
    every_second = ("-an", "-vf", "select=not(mod(n\\,30)),setpts=12*N/TB", "-fps_mode", "passthrough", "-bf", 0)
    videos.ffmpeg("-i", tmp_path / "source.mp4", *every_second, "-bsf:v", "setts=duration=12/TB", path)
    recording = probe(path)
    assert recording.duration == pytest.approx(48, abs=0.05)
    assert not list(remarks(recording))
    with Track(recording, "picture") as track:
        shown = list(on_display(recording, track.frames(14.0), [14.0, 47.0]))
    assert [videos.number_of(frame.to_ndarray(format="gray")) for frame in shown] == [30, 90]


def test_nothing_is_missing_of_an_flv_that_does_not_tell_how_long_it_is(tmp_path):
    path, source = tmp_path / "a.flv", ("-f", "lavfi", "-t", 3, "-i", "testsrc=s=64x48:r=25")
    videos.ffmpeg(*source, "-output_ts_offset", 5000, path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    assert any("cut off: it claims to last 3.0 s" in line for line in remarks(probe(path)))
    videos.ffmpeg(*source, "-output_ts_offset", 5000, "-flvflags", "no_duration_filesize", path)
    recording = probe(path)
    assert recording.duration == pytest.approx(3, abs=0.1)
    assert not list(remarks(recording))


def test_nothing_is_missing_of_an_mp4_that_edits_delay_and_trim(tmp_path):
    path = tmp_path / "a.mp4"
    videos.numbered(path, 6.0, "libx264")
    videos.edited(path, [(None, 1.5), (1.0, 4.0)])
    recording = probe(path)
    assert recording.duration == pytest.approx(4, abs=0.05)
    assert not list(remarks(recording))


def test_an_mp4_whose_pictures_and_sound_have_no_size_may_be_cut_off(tmp_path):
    path = tmp_path / "a.mp4"
    videos.numbered(tmp_path / "source.mp4", 4.0, "libx264")
    videos.ffmpeg("-i", tmp_path / "source.mp4", "-c", "copy", "-movflags", "faststart", path)
    data = path.read_bytes()
    place = data.index(b"mdat")
    # With a size of 0, the box ends where the file does.
    data = data[: place - 4] + bytes(4) + data[place:]
    path.write_bytes(data)
    assert not list(remarks(probe(path)))
    path.write_bytes(data[: place + (len(data) - place) * 6 // 10])
    assert any("cut off: it claims to last 4.0 s" in line for line in remarks(probe(path)))


def test_an_address_behind_a_recording_is_not_listened_to(tmp_path):
    path = film(tmp_path / "a.mkv", 1.0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # The header of another Matroska, behind which FFmpeg takes any format, and the description of a live stream.
    stream = f"\nv=0\nc=IN IP4 127.0.0.1\nm=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    path.write_bytes(path.read_bytes() + bytes.fromhex("1a45dfa31ffffff0") + stream.encode())
    with ThreadPoolExecutor() as pool:
        read = pool.submit(probe, path)
        while not read.done():
            assert port not in [connection.laddr.port for connection in psutil.Process().net_connections("udp")]
    with pytest.raises(UserError, match="a.mkv: not a video that can be read"):
        read.result()


def test_an_ogg_that_ends_within_a_page_shows_what_it_has(tmp_path):
    path = film(tmp_path / "a.ogv", 1.0, "-c:a", "libvorbis", codec="libtheora")
    path.write_bytes(path.read_bytes() + b"OggS\0\2")
    assert probe(path).duration == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("digits", [400, 5000])
def test_a_duration_that_cannot_be_is_ignored(tmp_path, digits):
    path = tmp_path / "a.mkv"
    # FFmpeg writes a tag DURATION of its own.
    tag = f"DURATIO_={digits * '9'}:00:00.0"
    videos.ffmpeg("-i", film(tmp_path / "b.mp4", 1.0), "-c", "copy", "-metadata:s:v", tag, path)
    path.write_bytes(path.read_bytes().replace(b"DURATION", b"_URATION").replace(b"DURATIO_", b"DURATION"))
    assert probe(path).duration == pytest.approx(1, abs=0.05)


def test_a_recording_whose_times_are_days_apart_is_refused(tmp_path):
    path = tmp_path / "a.mkv"
    videos.ffmpeg("-f", "lavfi", "-i", "color=s=64x48:r=10:d=0.4", "-bsf:v", "setts=ts=N*500000/TB", path)
    with pytest.raises(UserError, match=r"a.mkv: lasts 17\.4 days, and a recording at most 7; remove it"):
        probe(path)


def test_a_damaged_position_of_an_index_is_not_sought(tmp_path):
    path = film(tmp_path / "a.nut", 1.0)
    data = bytearray(2 * path.read_bytes())
    # Before its checksum, NUT ends with how far its index is from there.
    data[-12:-4] = b"\x90" + bytes(7)
    path.write_bytes(data)
    assert probe(path).duration == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("shape", [(2_000_000_000, 1), (1, 2_000_000_000)])
def test_a_damaged_shape_of_pixels_is_ignored(tmp_path, shape):
    path = tmp_path / "a.mp4"
    videos.ffmpeg("-i", film(tmp_path / "b.mp4", 1.0), "-vf", "setsar=2", path)
    stretched = b"pasp" + struct.pack(">II", 2, 1)
    path.write_bytes(path.read_bytes().replace(stretched, b"pasp" + struct.pack(">II", *shape)))
    recording = probe(path)
    assert (recording.width, recording.height) == (160, 64)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has such a file")
@pytest.mark.parametrize("read", [probe, files.digest, lambda path: opened(Span(path, end=100)).__enter__()])
def test_a_recording_that_the_disk_does_not_give_is_named(read):
    # As on a broken disk, the system refuses to read this file once it is open.
    path = Path("/proc/self/mem")
    with pytest.raises(OSError) as failed:
        read(path)
    assert failed.value.filename == str(path)
