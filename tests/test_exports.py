"""Every editor gets the same cut, to the frame."""

import csv
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import numpy as np
import opentimelineio
import pytest

from autotosis.reel import exports, reel
from autotosis.reel.exports import frames
from autotosis.video import recording
from autotosis.video.opening import Span
from autotosis.video.recording import Piece, Recording
from tests import videos
from tests.helpers import RECORDING, placed_segments

AWKWARD = 'vods/It\'s "ü" & 100 % #1.mp4'

RATES = [Fraction(25), Fraction(30_000, 1001), Fraction(60_000, 1001)]


def in_a_file(recording: Recording, folder: Path) -> Recording:
    """Write a file for a recording, which has only one frame."""
    path = folder / recording.path.name
    videos.write(path, [0.0], lambda _: videos.grey(0))
    sounds = (1,) if recording.sound else ()
    return replace(recording, path=path, pieces=(Piece(Span(path), 0.0, 0.0, recording.duration, 0, sounds, None),))


@pytest.mark.parametrize("sound", [True, False])
@pytest.mark.parametrize("rate", RATES, ids=["25", "29.97", "59.94"])
def test_every_editor_gets_the_same_frames(tmp_path, rate, sound):
    vod = tmp_path / Path(AWKWARD).name
    vod_recording = in_a_file(Recording(vod, 0.0, 40_000.0, 1280, 720, rate, sound, ()), tmp_path)
    # Starts of frames in floating point, and times between frames, for which the nearer frame is the first one.
    starts = [0.0, 1.0, *(float(frame / rate) for frame in (15, 58, 107_892, 223_777)), 3735.4, 35_999.97]
    placed = placed_segments(sorted(starts), 4.2, vod_recording)
    exports.write(tmp_path, placed)
    length = round(Fraction(4.2) * rate)
    expected = [(round(Fraction(part.start) * rate), length) for part in placed]
    names = [reel.title(part) for part in placed]

    for name in ("cut.otio", "cut.xml", "cut.edl"):
        options = {"rate": float(rate)} if name == "cut.edl" else {}
        timeline = opentimelineio.adapters.read_from_file(str(tmp_path / name), **options)
        assert {track.kind for track in timeline.tracks} == ({"Video", "Audio"} if sound else {"Video"})
        for track in timeline.tracks:
            ranges = [clip.source_range for clip in track]
            assert [(span.start_time.value, span.duration.value) for span in ranges] == expected
            assert {span.start_time.rate for span in ranges} == {float(rate)}
            if name == "cut.edl":
                assert {clip.name for clip in track} == {vod.name}
                continue
            assert [clip.name for clip in track] == names
            for clip in track:
                assert unquote(urlsplit(clip.media_reference.target_url).path).endswith("/" + vod.name)
                whole = clip.media_reference.available_range
                assert (whole.start_time.value, whole.duration.value) == (0, round(40_000 * rate))

    # The library for this format rounds down frames and frame rates.
    cut = opentimelineio.adapters.read_from_file(str(tmp_path / "cut.fcpxml"), "fcpx_xml")
    clips = list(cut.find_clips())
    assert [clip.name for clip in clips] == names
    assert {Path(unquote(clip.media_reference.target_url)).name for clip in clips} == {vod.name}
    if rate.denominator == 1:
        ranges = [(clip.source_range.start_time.value, clip.source_range.duration.value) for clip in clips]
        assert np.array(ranges) == pytest.approx(np.array(expected), abs=1)
    root = ElementTree.parse(tmp_path / "cut.fcpxml").getroot()
    asset, clips = root.find("resources/asset"), root.findall(".//asset-clip")
    assert unquote(urlsplit(asset.get("src")).path).endswith("/" + vod.name) and asset.get("name") == vod.name
    assert (asset.get("hasAudio") == "1") == sound
    frames = [[Fraction(clip.get(key).rstrip("s")) * rate for key in ("start", "duration")] for clip in clips]
    assert [tuple(pair) for pair in frames] == expected
    assert [Fraction(clip.get("offset").rstrip("s")) * rate for clip in clips] == [
        n * length for n in range(len(clips))
    ]

    with (tmp_path / "losslesscut.csv").open() as file:
        rows = [(float(start), float(end), name) for start, end, name in csv.reader(file)]
    assert rows == [(round(part.start, 3), round(part.end, 3), reel.title(part)) for part in placed]


@pytest.mark.parametrize("sound", [True, False])
def test_every_editor_gets_the_parts_of_a_vod(tmp_path, sound):
    """One segment spans two parts, and one is in the second part."""
    for name in ("part 2.mp4", "part 10.mp4"):
        videos.flash_and_beep(tmp_path / "vod" / name, 4, with_sound=sound)
    whole = recording.probe(tmp_path / "vod")
    starts = [whole.start + 3.5, whole.start + 6.0]
    exports.write(tmp_path, placed_segments(starts, 1.0, whole))
    seam, second = round(0.5 * whole.rate), round(whole.rate)
    expected = [
        ("part 2.mp4", 4 * second - seam, seam),
        ("part 10.mp4", 0, second - seam),
        ("part 10.mp4", 2 * second, second),
    ]
    for name in ("cut.otio", "cut.xml", "cut.edl"):
        options = {"rate": float(whole.rate)} if name == "cut.edl" else {}
        timeline = opentimelineio.adapters.read_from_file(str(tmp_path / name), **options)
        assert {track.kind for track in timeline.tracks} == ({"Video", "Audio"} if sound else {"Video"})
        for track in timeline.tracks:
            assert [
                (
                    clip.name if name == "cut.edl" else unquote(clip.media_reference.target_url).rpartition("/")[2],
                    clip.source_range.start_time.value,
                    clip.source_range.duration.value,
                )
                for clip in track
            ] == expected
    root = ElementTree.parse(tmp_path / "cut.fcpxml").getroot()
    files = {asset.get("id"): asset.get("name") for asset in root.iter("asset")}
    assert [
        (files[clip.get("ref")], *(Fraction(clip.get(key).rstrip("s")) * whole.rate for key in ("start", "duration")))
        for clip in root.iter("asset-clip")
    ] == expected


def test_no_editor_is_told_that_a_part_without_sound_has_sound(tmp_path):
    videos.flash_and_beep(tmp_path / "vod/1.mp4", 4, with_sound=False)
    videos.flash_and_beep(tmp_path / "vod/2.mp4", 4)
    exports.write(tmp_path, placed_segments([1.0, 5.0], 2.0, recording.probe(tmp_path / "vod")))
    events = [line.split()[2] for line in (tmp_path / "cut.edl").read_text().splitlines() if " C " in line]
    assert events == ["V", "AA/V"]
    for name in ("cut.otio", "cut.xml"):
        pictures, sound = opentimelineio.adapters.read_from_file(str(tmp_path / name)).tracks
        assert [isinstance(item, opentimelineio.schema.Gap) for item in sound] == [True, False]
        assert pictures.range_of_child_at_index(1) == sound.range_of_child_at_index(1)
    assets = ElementTree.parse(tmp_path / "cut.fcpxml").getroot().iter("asset")
    assert [(asset.get("name"), asset.get("hasAudio")) for asset in assets] == [("1.mp4", None), ("2.mp4", "1")]
    root = ElementTree.parse(tmp_path / "cut.xml").getroot()
    files = [file for file in root.iter("file") if file.find("media") is not None]
    assert [(file.findtext("name"), file.find("media/audio") is None) for file in files] == [
        ("1.mp4", True),
        ("2.mp4", False),
    ]
    first, second, heard = root.findall(".//track/clipitem")
    links = [
        [(link.findtext("linkclipref"), link.findtext("clipindex")) for link in item.iter("link")]
        for item in (first, second, heard)
    ]
    both = [(second.get("id"), "2"), (heard.get("id"), "1")]
    assert links == [[(first.get("id"), "1")], both, both]


@pytest.mark.parametrize(
    ("name", "late", "start"), [("own.mp4", 0.3, 2.0), ("own.mkv", 1 / 30, 2.0), ("own.mp4", 0.02, 2.02)]
)
def test_frames_are_counted_right_if_the_picture_begins_after_the_sound(tmp_path, name, late, start):
    times = [late + number / 30 for number in range(90)]
    videos.write(tmp_path / name, times, lambda _: videos.grey(0), videos.beeps, 4)
    vod_recording = recording.probe(tmp_path / name)
    assert vod_recording.start == pytest.approx(late, abs=0.001)
    exports.write(tmp_path, placed_segments([start], 1.0, vod_recording))
    assert " 00:00:02:00 00:00:03:00 " in (tmp_path / "cut.edl").read_text()


def test_picture_and_sound_of_a_segment_stay_together_in_final_cut_7(tmp_path):
    exports.write(tmp_path, placed_segments([1.0, 9.0], 2.0, in_a_file(RECORDING, tmp_path)))
    root = ElementTree.parse(tmp_path / "cut.xml").getroot()
    linked = [[link.text for link in item.iter("linkclipref")] for item in root.findall(".//track/clipitem")]
    ids = [item.get("id") for item in root.findall(".//track/clipitem")]
    assert linked == [[ids[0], ids[2]], [ids[1], ids[3]]] * 2


def test_segments_that_show_the_same_frame_are_both_in_the_cut_for_final_cut_7(tmp_path):
    rate_30 = in_a_file(replace(RECORDING, rate=Fraction(30)), tmp_path)
    one, other = (placed_segments([start], 1 / 30, rate_30)[0] for start in (1.0, 1.016))
    exports.write(tmp_path, [one, replace(other, reel_start=1 / 30, reel_end=2 / 30)])
    root = ElementTree.parse(tmp_path / "cut.xml").getroot()
    for track in root.findall(".//track"):
        shown = [[item.find(key).text for key in ("in", "out", "start", "end")] for item in track.findall("clipitem")]
        assert shown == [["30", "31", "0", "1"], ["30", "31", "1", "2"]]
    assert len({item.get("id") for item in root.findall(".//clipitem")}) == 4


def test_an_edl_says_how_its_timecode_counts(tmp_path):
    for rate, mode, code in [(RATES[0], "NON-DROP", "01:00:00:00"), (RATES[1], "DROP", "01:00:00;00")]:
        exports.write(tmp_path, placed_segments([3600.0], 2.0, in_a_file(replace(RECORDING, rate=rate), tmp_path)))
        content = (tmp_path / "cut.edl").read_text()
        assert f"FCM: {mode} FRAME\n" in content and f" {code} " in content


def test_an_edl_counts_from_the_samples_that_a_sound_recorder_counted(tmp_path):
    videos.flash_and_beep(tmp_path / "made.mkv", 4)
    counted = ("-c", "copy", "-metadata", f"time_reference={36_000 * videos.RATE}")
    videos.ffmpeg("-i", tmp_path / "made.mkv", *counted, tmp_path / "own.mkv")
    exports.write(tmp_path, placed_segments([1.0], 2.0, recording.probe(tmp_path / "own.mkv")))
    assert " 10:00:01:00 10:00:03:00 " in (tmp_path / "cut.edl").read_text()


@pytest.mark.parametrize(
    "tag", ["time_reference=\u00b2", f"time_reference={'9' * 5000}", f"timecode=10:00:00:{'0' * 5000}"], ids=range(3)
)
def test_an_edl_counts_from_zero_if_a_tag_is_no_time(tmp_path, tag):
    videos.flash_and_beep(tmp_path / "made.mkv", 4)
    videos.ffmpeg("-i", tmp_path / "made.mkv", "-c", "copy", "-metadata", tag, tmp_path / "own.mkv")
    exports.write(tmp_path, placed_segments([1.0], 2.0, recording.probe(tmp_path / "own.mkv")))
    assert " 00:00:01:00 00:00:03:00 " in (tmp_path / "cut.edl").read_text()


def test_frames_are_counted_at_the_nearest_rate_that_timecode_supports(tmp_path):
    nearest = {
        15: Fraction(24_000, 1001),
        29: Fraction(30_000, 1001),
        40: Fraction(48),
        55: Fraction(60_000, 1001),
    }
    for rate, expected in nearest.items():
        vod_recording = in_a_file(replace(RECORDING, rate=Fraction(rate)), tmp_path)
        edit = frames.in_frames(placed_segments([2.0], 3.0, vod_recording))
        assert edit.rate == expected
        assert [(part.source, part.length) for part in edit.ranges] == [(round(2 * expected), round(3 * expected))]
