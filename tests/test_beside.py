"""What goes with a reel says and shows what the reel does."""

import csv
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import av
import numpy as np
import opentimelineio
import pytest
from PIL import Image

from autotosis.annotations.facecams import Box
from autotosis.reel import description, exports, reel, thumbnails
from autotosis.reel.layouts import Frame, Pane, Rectangle
from autotosis.reel.reel import Part, Vod
from autotosis.video import media
from autotosis.video.media import Probe
from tests import videos
from tests.conftest import Project
from tests.test_reel import render, write_timeline

AWKWARD = 'vods/It\'s "ü" & 100 % #1.mp4'
RATES = [Fraction(25), Fraction(30_000, 1001), Fraction(60_000, 1001)]


def numbered_shades(path: Path, duration: int, with_sound: bool = True) -> None:
    """A wide video whose grey is 20 times the second, brighter on the left."""
    shade = np.full((54, 96, 3), 0, np.uint8)
    shade[:, :48] = 40

    def picture(time: float) -> np.ndarray:
        return shade + np.uint8(20 * int(time + 1e-6))

    times = [number / 10 for number in range(10 * duration)]
    videos.write(path, times, picture, videos.beeps if with_sound else None, duration)


def chapters(path: Path) -> list[tuple[float, float, str]]:
    with av.open(str(path)) as container:
        return [
            (float(c["start"] * c["time_base"]), float(c["end"] * c["time_base"]), c["metadata"]["title"])
            for c in container.chapters()
        ]


def beside(project: Project) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (project.folder / "reels/own").iterdir()}


def assert_chapters(project: Project, rows: list[dict[str, float]]) -> None:
    found = chapters(project.folder / "reels/own/reel.mp4")
    assert [name for *_, name in found] == [f"{reel.clock(r['start'])}, {100 * r['score']:.0f} %" for r in rows]
    expected = [(row["reel_start"], row["reel_end"]) for row in rows]
    assert [times[:2] for times in found] == [pytest.approx(pair, abs=0.001) for pair in expected]


def test_a_reel_comes_with_all_that_it_is_published_and_edited_with(project):
    numbered_shades(project.folder / "data/tiny" / AWKWARD, 8)
    write_timeline(project, [(1.2, 2.8), (5.0, 6.6)], 8)
    project.set_params(vods={"own": AWKWARD}, urls={"own": "https://youtu.be/abc"})
    rows = render(project, vod=AWKWARD)
    assert_chapters(project, rows)
    assert project.read("reels/own/description.txt").splitlines()[2:] == [
        "0:00 from 0m1s, 95 % https://www.youtube.com/watch?v=abc&t=1s",
        "0:02 from 0m5s, 95 % https://www.youtube.com/watch?v=abc&t=5s",
    ]
    folder = project.folder / "reels/own"
    timeline = opentimelineio.adapters.read_from_file(str(folder / "cut.otio"))
    for clip in timeline.find_clips():
        assert (folder / unquote(urlsplit(clip.media_reference.target_url).path)).is_file()
    before = beside(project)
    assert str(project.folder).encode() not in b"".join(before.values())
    render(project, vod=AWKWARD)
    assert beside(project) == before


def test_a_copied_reel_of_one_segment_without_sound_comes_with_the_same(project):
    numbered_shades(project.folder / "data/tiny/vods/own.mp4", 8, with_sound=False)
    write_timeline(project, [(3.0, 4.0)], 8)
    rows = render(project, overlay="none", encoder="copy")
    assert len(rows) == 1
    assert_chapters(project, rows)
    assert {"description.txt", "poster.jpg", "preview.webp", "cut.otio", "cut.xml"} <= beside(project).keys()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.twitch.tv/videos/123?filter=all", "https://www.twitch.tv/videos/123?t=1h2m15s"),
        ("https://m.twitch.tv/videos/123", "https://www.twitch.tv/videos/123?t=1h2m15s"),
        ("https://www.youtube.com/watch?list=x&v=a_-1", "https://www.youtube.com/watch?v=a_-1&t=3735s"),
        ("https://www.youtube.com/live/a_-1?si=x", "https://www.youtube.com/watch?v=a_-1&t=3735s"),
        ("https://youtu.be/a_-1", "https://www.youtube.com/watch?v=a_-1&t=3735s"),
        ("https://www.twitch.tv/somebody", "https://www.twitch.tv/somebody"),
        ("https://nottwitch.tv/videos/123?a=b", "https://nottwitch.tv/videos/123?a=b"),
    ],
)
def test_links_go_to_the_moment_where_the_site_can(url, expected):
    assert description.link(url, 3735.4) == expected


def test_no_time_of_a_description_but_those_of_chapters_is_taken_for_one(tmp_path):
    placed = made([3735.4, 5000.0], 12.0)
    description.write_description(tmp_path / "d.txt", "rage", placed)
    lines = (tmp_path / "d.txt").read_text().splitlines()
    assert [line.split()[0] for line in lines if ":" in line.replace("rage:", "")] == ["0:00", "0:12"]
    assert "1h2m15s" in lines[2] and all(line.count(":") == 1 for line in lines[2:])


PROBE = Probe(0.0, 7200.0, 64, 48, Fraction(25), True)


def made(starts: list[float], length: float, path: Path = Path("a.mp4"), probe: Probe = PROBE) -> list[Part]:
    """Parts of a VOD that begin at these times; the later, the better."""
    whole = Rectangle(0, 0, probe.width, probe.height)
    frame = Frame(probe.width, probe.height, probe.rate)
    vod = Vod("own", path, probe, None, Box(), frame, (Pane(whole, whole),))
    shown = float(round(length * probe.rate) / probe.rate)
    return [
        Part(vod, start, start + length, n * shown, (n + 1) * shown, (n + 1) / (len(starts) + 1), start + length / 2)
        for n, start in enumerate(starts)
    ]


def test_pictures_show_the_best_moments_in_the_shape_of_the_vod(tmp_path):
    path = tmp_path / "vod.mp4"
    numbered_shades(path, 8)
    placed = made([0.5, 2.5, 5.5], 1.0, path, media.probe(path))
    thumbnails.write_poster(tmp_path / "p.jpg", placed)
    poster = np.array(Image.open(tmp_path / "p.jpg").convert("L")).astype(float)
    assert poster.shape == (54, 96)
    assert [poster[:, :40].mean(), poster[:, 56:].mean()] == pytest.approx([160, 120], abs=4)
    thumbnails.write_animation(tmp_path / "p.webp", placed)
    with Image.open(tmp_path / "p.webp") as animation:
        shades = []
        for number in range(animation.n_frames):
            animation.seek(number)
            shade = np.array(animation.convert("L"))[:, 56:].mean()
            # Frames that are alike are one, which is shown longer.
            shades += [shade] * (animation.info["duration"] // 100)
    expected = [shade for before in (0, 40, 100) for shade in [before] * 3 + [before + 20] * 2]
    assert shades == pytest.approx(expected, abs=4)
    thumbnails.write_contact_sheet(tmp_path / "s.jpg", placed)
    sheet = np.array(Image.open(tmp_path / "s.jpg").convert("L")).astype(float)
    for shade in (20, 100, 120, 160):
        assert (np.abs(sheet - shade) < 4).sum() > 1500


def test_hundreds_of_segments_make_pictures_of_the_best(tmp_path):
    path = tmp_path / "vod.mp4"
    numbered_shades(path, 8)
    placed = made([0.02 * n for n in range(300)], 0.01, path, media.probe(path))
    thumbnails.write_contact_sheet(tmp_path / "s.jpg", placed)
    sheet = np.array(Image.open(tmp_path / "s.jpg").convert("L")).astype(float)
    # The last ones, from the sixth second on.
    assert sheet.size < 60 * 120 * 100
    assert (np.abs(sheet - 100) < 4).sum() > 40 * 1500


@pytest.mark.parametrize("sound", [True, False])
@pytest.mark.parametrize("rate", RATES, ids=["25", "29.97", "59.94"])
def test_every_editor_gets_the_same_frames(tmp_path, rate, sound):
    probe = Probe(0.0, 40_000.0, 1280, 720, rate, sound)
    # Beginnings of frames, as floating point has them, and times between, of which the nearer frame is the first.
    starts = [0.0, 1.0, *(float(frame / rate) for frame in (15, 58, 107_892, 223_777)), 3735.4, 35_999.97]
    vod = tmp_path / Path(AWKWARD).name
    placed = made(sorted(starts), 4.2, vod, probe)
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
            assert [(found.start_time.value, found.duration.value) for found in ranges] == expected
            assert {found.start_time.rate for found in ranges} == {float(rate)}
            if name == "cut.edl":
                assert {clip.name for clip in track} == {vod.name}
                continue
            assert [clip.name for clip in track] == names
            for clip in track:
                assert unquote(urlsplit(clip.media_reference.target_url).path).endswith("/" + vod.name)
                whole = clip.media_reference.available_range
                assert (whole.start_time.value, whole.duration.value) == (0, round(40_000 * rate))

    # Its library rounds down, both frames and their rate.
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
    """A segment across a seam, and one behind it."""
    for name in ("part 2.mp4", "part 10.mp4"):
        videos.flash_and_beep(tmp_path / "vod" / name, 4, with_sound=sound)
    probe = media.probe(tmp_path / "vod")
    starts = [probe.start + 3.5, probe.start + 6.0]
    exports.write(tmp_path, made(starts, 1.0, tmp_path / "vod", probe))
    seam, second = round(0.5 * probe.rate), round(probe.rate)
    expected = [
        ("part 2.mp4", 4 * second - seam, seam),
        ("part 10.mp4", 0, second - seam),
        ("part 10.mp4", 2 * second, second),
    ]
    for name in ("cut.otio", "cut.xml", "cut.edl"):
        options = {"rate": float(probe.rate)} if name == "cut.edl" else {}
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
        (files[clip.get("ref")], *(Fraction(clip.get(key).rstrip("s")) * probe.rate for key in ("start", "duration")))
        for clip in root.iter("asset-clip")
    ] == expected


def test_picture_and_sound_of_a_segment_stay_together_in_final_cut_7(tmp_path):
    exports.write(tmp_path, made([1.0, 9.0], 2.0))
    root = ElementTree.parse(tmp_path / "cut.xml").getroot()
    linked = [[link.text for link in item.iter("linkclipref")] for item in root.findall(".//track/clipitem")]
    ids = [item.get("id") for item in root.findall(".//track/clipitem")]
    assert linked == [[ids[0], ids[2]], [ids[1], ids[3]]] * 2


def test_an_edl_says_how_its_timecode_counts(tmp_path):
    for rate, mode, code in [(RATES[0], "NON-DROP", "01:00:00:00"), (RATES[1], "DROP", "01:00:00;00")]:
        exports.write(tmp_path, made([3600.0], 2.0, probe=replace(PROBE, rate=rate)))
        content = (tmp_path / "cut.edl").read_text()
        assert f"FCM: {mode} FRAME\n" in content and f" {code} " in content
