"""A copied reel has each frame of its segments once, and at its time."""

import av
import pytest
from av.packet import PacketSideData

from autotosis.cuts.segments import Segment
from autotosis.project.errors import UserError
from autotosis.reel import stream_copy
from autotosis.video import recording
from tests import videos
from tests.helpers import assert_user_error, planned, render, write_timeline

OPEN = "open-gop=1:bframes=3:keyint=30:min-keyint=30:scenecut=0:log-level=none"
AV_PKT_DATA_NEW_EXTRADATA = 1


@pytest.mark.parametrize(
    ("container", "codec", "options"),
    [
        ("mp4", "libx264", {"preset": "veryfast", "bf": "3", "sc_threshold": "0"}),
        ("ts", "libx264", {"preset": "veryfast", "bf": "3", "sc_threshold": "0"}),
        ("mp4", "libx265", {"x265-params": OPEN}),
    ],
)
def test_a_copied_reel_has_each_frame_of_its_segments_once_and_in_its_place(project, container, codec, options):
    folder, reel = project.folder / "data/tiny/vods", project.folder / "reels/own/reel.mp4"
    videos.numbered(folder / "made.mp4", 20, codec, **options)
    videos.ffmpeg("-i", folder / "made.mp4", "-c", "copy", folder / f"own.{container}")
    # The second segment has no keyframe in its pre-roll. The last two need the same keyframe, where they are joined.
    write_timeline(project, [(3.4, 4.4), (7.8, 8.8), (12.4, 13.2), (13.8, 14.6)], 20)
    copy = {"vod": f"vods/own.{container}", "overlay": "none", "encoder": "copy", "pre_roll": 0.5}
    rows = render(project, **copy)
    frames = videos.numbers(folder / f"own.{container}")
    expected = [
        (time - row["start"] + row["reel_start"], number)
        for row in rows
        for time, number in frames
        if row["start"] - 0.002 < time < row["end"] - 0.002
    ]
    copied = videos.numbers(reel)
    assert [number for _, number in copied] == [number for _, number in expected]
    assert [time for time, _ in copied] == pytest.approx([time for time, _ in expected], abs=0.003)
    seen = [time for time, number in copied if number % 30 == 0]
    assert videos.beep_times(reel) == pytest.approx(seen, abs=0.04)
    firsts = [number for time, number in copied if any(abs(time - row["reel_start"]) < 0.003 for row in rows)]
    assert firsts == [90, 210, 360]
    with av.open(str(reel)) as container:
        assert container.streams.video[0].codec_context.codec_tag == {"libx264": "avc1", "libx265": "hvc1"}[codec]
    before = reel.read_bytes()
    assert render(project, **copy) == rows
    assert reel.read_bytes() == before


def test_a_copied_reel_begins_where_a_trimmed_video_does(project):
    """The picture begins before time zero, so the reel begins with the first keyframe after that."""
    folder = project.folder / "data/tiny/vods"
    videos.numbered(folder / "made.mp4", 10, "libx264", preset="veryfast", bf="3", sc_threshold="0")
    videos.ffmpeg("-ss", 2.5, "-i", folder / "made.mp4", "-c", "copy", folder / "own.mp4")
    write_timeline(project, [(0.0, 2.0)], 7.5)
    (row,) = render(project, overlay="none", encoder="copy")
    assert row["start"] == pytest.approx(0.5, abs=0.05)
    numbers = [number for _, number in videos.numbers(project.folder / "reels/own/reel.mp4")]
    assert numbers == list(range(90, 90 + len(numbers))) and len(numbers) == pytest.approx(45, abs=2)


def test_the_table_of_a_copied_reel_gives_the_same_reel(project):
    folder, reel = project.folder / "data/tiny/vods", project.folder / "reels/own/reel.mp4"
    # Keyframes at thirds of a second, which a table of milliseconds rounds down and up.
    videos.numbered(folder / "own.mp4", 20, "libx264", **{"x264-params": "keyint=50:min-keyint=50:scenecut=0"})
    write_timeline(project, [(3.6, 4.4), (7.0, 8.0), (12.2, 13.0)], 20)
    copy = {"overlay": "none", "encoder": "copy", "pre_roll": 0.5}
    rows, numbers = render(project, **copy), [number for _, number in videos.numbers(reel)]
    assert [row["start"] for row in rows] == [3.333, 6.667, 11.667]
    project.write("data/tiny/edits/own.csv", project.read("reels/own/segments.csv"))
    assert render(project, **copy) == rows
    assert [number for _, number in videos.numbers(reel)] == numbers


def test_a_copied_reel_shows_all_of_a_segment_that_the_user_made_longer(bare):
    videos.numbered(bare.folder / "data/tiny/vods/own.mp4", 8, "libx264")
    cut = {"rows": "1.5,5,4.5\n", "columns": "start,end,event_start", "encoder": "copy", "overlay": "none"}
    assert [segment.start for segment in planned(bare, **cut).placed] == [2.0], "a keyframe before the event"
    bare.write("data/tiny/edits/own.csv", bare.read("data/cuts/own.csv"))
    assert [segment.start for segment in planned(bare, **cut).placed] == [1.0]


def test_a_copied_reel_shows_a_segment_of_the_user_up_to_its_end(bare):
    options = {"preset": "veryfast", "bf": "3", "sc_threshold": "0"}
    videos.numbered(bare.folder / "data/tiny/vods/own.mp4", 8, "libx264", **options)
    cut = {"rows": "1,1.66\n", "encoder": "copy", "overlay": "none"}
    assert planned(bare, **cut).placed[0].end < 1.6
    bare.write("data/tiny/edits/own.csv", bare.read("data/cuts/own.csv"))
    assert 1.66 <= planned(bare, **cut).placed[0].end < 1.8


def test_the_end_of_a_trimmed_video_is_copied(tmp_path):
    """What follows in the file is not shown, and is not copied."""
    videos.numbered(tmp_path / "vod.mp4", 6, "libx264")
    videos.edited(tmp_path / "vod.mp4", [(0.0, 5.5)])
    trimmed = recording.probe(tmp_path / "vod.mp4")
    ranges = stream_copy.packet_ranges(trimmed, [Segment(4.0, trimmed.duration)])
    stream_copy.copy(trimmed, ranges, None, tmp_path / "reel.mp4")
    assert [number for _, number in videos.numbers(tmp_path / "reel.mp4")] == list(range(120, 165))


def test_appended_recordings_that_count_time_in_different_units_are_not_copied(tmp_path):
    videos.numbered(tmp_path / "made.mp4", 3, "libx264")
    fragments = ("-c", "copy", "-movflags", "frag_keyframe+empty_moov+default_base_moof")
    content = b""
    for scale in (12_800, 90_000):
        videos.ffmpeg("-i", tmp_path / "made.mp4", *fragments, "-video_track_timescale", scale, tmp_path / "one.mp4")
        content += (tmp_path / "one.mp4").read_bytes()
    (tmp_path / "vod.mp4").write_bytes(content)
    vod = recording.probe(tmp_path / "vod.mp4")
    with pytest.raises(UserError, match="vod.mp4: its parts count time in different units.* set render.encoder to"):
        stream_copy.packet_ranges(vod, [Segment(0.5, 2.0), Segment(3.5, 5.0)])


def test_of_clips_joined_without_encoding_one_is_copied_with_its_own_header(tmp_path):
    """Such an MP4 has a header for each clip."""
    with av.open(str(tmp_path / "vod.mp4"), "w") as joined:
        for start, preset in ((0, "ultrafast"), (2, "veryfast")):
            videos.numbered(tmp_path / "clip.mp4", 2, "libx264", preset=preset)
            with av.open(str(tmp_path / "clip.mp4")) as clip:
                picture, *_ = joined.streams or [joined.add_stream_from_template(clip.streams.video[0], opaque=True)]
                for packet in clip.demux(video=0):
                    if packet.pts == 0:
                        header = clip.streams.video[0].codec_context.extradata
                        changed = PacketSideData(AV_PKT_DATA_NEW_EXTRADATA, len(header))
                        changed.update(header)
                        packet.set_sidedata(changed)
                    if packet.size:
                        packet.pts = packet.dts = packet.pts + start * 12_800
                        packet.stream = picture
                        joined.mux(packet)
    vod = recording.probe(tmp_path / "vod.mp4")
    for start in (1.0, 3.0):
        ranges = stream_copy.packet_ranges(vod, [Segment(start, start + 0.8)])
        stream_copy.copy(vod, ranges, None, tmp_path / "reel.mp4")
        assert [number for _, number in videos.numbers(tmp_path / "reel.mp4")] == list(range(30, 54))
    with pytest.raises(UserError, match="encoded in another way from 3.0 s on.* set render.encoder to libx264"):
        stream_copy.packet_ranges(vod, [Segment(1.0, 1.8), Segment(3.0, 3.8)])


def test_a_picture_that_changes_its_codec_is_not_copied(tmp_path):
    videos.numbered(tmp_path / "made.mp4", 3, "libx264")
    content = b""
    for start, codec in ((0, "copy"), (3, "mpeg2video")):
        videos.ffmpeg("-i", tmp_path / "made.mp4", "-c:v", codec, "-output_ts_offset", start, tmp_path / "one.ts")
        content += (tmp_path / "one.ts").read_bytes()
    (tmp_path / "vod.ts").write_bytes(content)
    vod = recording.probe(tmp_path / "vod.ts")
    with pytest.raises(UserError, match="its picture changes from one codec to another.* set render.encoder to"):
        stream_copy.packet_ranges(vod, [Segment(1.0, 5.0)])


@pytest.mark.parametrize(("options", "width"), [(("-aspect", "4:1"), 256), ((), 160)])
def test_a_copied_reel_has_the_shape_that_the_container_gives_the_picture(tmp_path, options, width):
    videos.numbered(tmp_path / "made.mp4", 2, "libx264")
    videos.ffmpeg("-i", tmp_path / "made.mp4", "-c", "copy", *options, tmp_path / "vod.mkv")
    vod = recording.probe(tmp_path / "vod.mkv")
    stream_copy.copy(vod, stream_copy.packet_ranges(vod, [Segment(0.0, 1.0)]), None, tmp_path / "reel.mp4")
    reel = recording.probe(tmp_path / "reel.mp4")
    assert (reel.width, reel.height) == (width, 64)


def test_a_segment_that_is_shorter_than_a_frame_is_copied_as_a_frame(tmp_path):
    videos.numbered(tmp_path / "made.mp4", 2, "libx264")
    keyframes_alone = ("-r", 30, "-c:v", "libx264", "-bf", 0, "-g", 1)
    videos.ffmpeg("-i", tmp_path / "made.mp4", "-an", *keyframes_alone, tmp_path / "vod.avi")
    vod = recording.probe(tmp_path / "vod.avi")
    (copied,) = stream_copy.packet_ranges(vod, [Segment(1.034, 1.044)])
    stream_copy.copy(vod, [copied], None, tmp_path / "reel.mp4")
    assert [number for _, number in videos.numbers(tmp_path / "reel.mp4")] == [31]
    assert copied.segment.duration == pytest.approx(1 / 30)


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx264", {"preset": "veryfast", "bf": "3", "sc_threshold": "0"}),
        ("libx265", {"x265-params": OPEN}),
    ],
)
def test_the_end_of_a_segment_is_copied_whatever_order_its_frames_are_decoded_in(tmp_path, codec, options):
    videos.numbered(tmp_path / "vod.mp4", 4, codec, **options)
    vod = recording.probe(tmp_path / "vod.mp4")
    for frames in range(50, 66):
        (copied,) = stream_copy.packet_ranges(vod, [Segment(1.0, frames / 30)], complete=True)
        stream_copy.copy(vod, [copied], None, tmp_path / "reel.mp4")
        shown = videos.numbers(tmp_path / "reel.mp4")
        assert [number for _, number in shown] == list(range(30, 30 + len(shown)))
        assert [time for time, _ in shown] == pytest.approx([number / 30 for number in range(len(shown))], abs=1e-3)
        assert frames - 30 <= len(shown) < frames - 30 + 6
        assert copied.segment.end == pytest.approx(1 + len(shown) / 30, abs=1e-3)
        end = round(copied.segment.end, 3)
        (again,) = stream_copy.packet_ranges(vod, [Segment(1.0, end)], complete=True)
        assert again.times.tolist() == copied.times.tolist()
    before, _ = stream_copy.packet_ranges(vod, [Segment(1.0, 1.95), Segment(2.0, 3.0)], complete=True)
    assert before.segment.end <= 2.0


NOT_COPIED = {
    "another codec": ("mpeg4", {}, "its picture is in mpeg4"),
    "H.264 with an open group of pictures": (
        "libx264",
        {"preset": "veryfast", "x264-params": "open-gop=1:bframes=3:keyint=30:min-keyint=30:scenecut=0"},
        "near 35.0 s, no keyframe can be copied without the frames before it",
    ),
}


@pytest.mark.parametrize("name", NOT_COPIED)
def test_a_picture_that_cannot_be_copied(project, name):
    codec, options, words = NOT_COPIED[name]
    videos.numbered(project.folder / "data/tiny/vods/demo.mp4", 45, codec, **options)
    write_timeline(project, [(36.0, 40.0)], 45, "demo")
    project.write("data/cuts/demo.csv", "start,end\n35,41\n")
    project.set_params(render={"encoder": "copy", "overlay": "none"})
    assert_user_error(project.stage("render", "demo"), "vods/demo.mp4", words, "set render.encoder to libx264")


def test_a_codec_is_named_as_everybody_knows_it(tmp_path):
    videos.write(tmp_path / "vod.mp4", [0.0, 0.1], lambda _: videos.grey(0), codec="libsvtav1", preset="12")
    with pytest.raises(UserError, match="its picture is in av1, and"):
        stream_copy.packet_ranges(recording.probe(tmp_path / "vod.mp4"), [Segment(0.0, 0.1)])
