"""The overlay of a reel, and the subtitles beside it."""

import shutil
import struct
from fractions import Fraction
from pathlib import Path

import av
import matplotlib
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from fontTools.ttLib.woff2 import packBase128
from PIL import ImageFont

from autotosis.pictures import fonts
from autotosis.project.errors import UserError
from autotosis.reel import assembly
from tests import videos
from tests.helpers import assert_user_error, decoded, planned, render, write_timeline


def test_the_probability_is_written_over_every_moment(own):
    write_timeline(own, [(3.2, 3.8)], 20)
    render(own, pre_roll=0.6, post_roll=0.6)
    with av.open(str(own.folder / "reels/own/reel.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    calm, high = frames[15], frames[27]
    top = slice(0, 8)
    assert (calm[top, :, 1] - calm[top, :, 0]).max() >= 60, "green where calm"
    assert (high[top, :, 0] - high[top, :, 1]).max() > 60, "red where high"
    assert (np.abs(high[top] - calm[top]).max(axis=2) > 60).sum() > 20, "a longer bar where high"


def test_a_label_with_commands_of_the_subtitle_format_is_only_text(bare, tmp_path):
    videos.write(bare.folder / "data/tiny/vods/own.mp4", [n / 10 for n in range(80)], lambda _: videos.grey(0))
    pictures = []
    # Braces and backslashes are drawn as what resembles them.
    for label in ("{\\fs200}rage\\N%'\"; rm", "(/fs200)rage/N%'\"; rm", "(/fs200)rage"):
        bare.set_params(label=label)
        folder = tmp_path / str(len(pictures))
        folder.mkdir()
        (piece,) = assembly.encode(planned(bare, "1,2\n", height=240), folder)
        pictures.append(decoded(piece.target)[1])
    assert (pictures[0] == pictures[1]).all()
    assert (pictures[0] != pictures[2]).any()


def test_without_an_overlay_nothing_is_written_over_whatever_encodes(own):
    write_timeline(own, [(3.2, 3.8)], 20)
    render(own, overlay="none", encoder="auto")
    with av.open(str(own.folder / "reels/own/reel.mp4")) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(frames) == 18
    assert max(frame.max() for frame in frames) < 20


def test_title_and_time_are_written_where_and_as_asked(project):
    videos.write(project.folder / "data/tiny/vods/own.mp4", [n / 10 for n in range(200)], lambda _: videos.grey(0))
    write_timeline(project, [(2.6, 6.0), (9.0, 11.0)], 20)
    look = {"height": 480, "fps": 10, "title": "The best", "quality": 5}
    rows = render(project, **look, style={"position": "bottom-right", "size": 1, "font": None})
    _, pictures = decoded(project.folder / "reels/own/reel.mp4")
    light = pictures.max(axis=-1) > 100
    assert light[:, 380:, 320:].any(axis=(1, 2)).all(), "at the lower right, always"
    assert not light[:, 380:, :160].any() and not light[:, :120].any()
    middle = light[:, 180:300].any(axis=(1, 2))
    assert middle[:15].all() and not middle[20:].any(), "over the first two seconds of the reel"
    # Within a segment, the probability stays the same, so only the clock changes.
    changed = 1 + np.flatnonzero((np.abs(np.diff(light[20:].astype(int), axis=0))[:, 380:] > 0).sum(axis=(1, 2)) > 4)
    seam = round(10 * rows[1]["reel_start"])
    assert (20 + changed).tolist() == [24, seam, seam + 10]
    (project.folder / "data/tiny/fonts").mkdir()
    serif = Path(matplotlib.get_data_path()) / "fonts/ttf/STIXGeneral.ttf"
    shutil.copy(serif, project.folder / "data/tiny/fonts/serif.ttf")
    render(project, **look, style={"position": "bottom-right", "size": 1, "font": "fonts/serif.ttf"})
    _, others = decoded(project.folder / "reels/own/reel.mp4")
    assert (others[5, 180:300].max(axis=-1) > 100).mean() < 0.7 * light[5, 180:300].mean(), "thinner letters"


def test_a_title_lasts_two_seconds_whatever_the_length_of_the_first_segment(bare, tmp_path):
    videos.write(bare.folder / "data/tiny/vods/own.mp4", [n / 10 for n in range(80)], lambda _: videos.grey(0))
    cut = planned(bare, "1,1.5\n2,3\n4,6\n7,7.5\n", height=480, fps=10, title="The best", quality=5)
    pieces = assembly.encode(cut, tmp_path)
    pictures = np.concatenate([decoded(piece.target)[1] for piece in pieces])
    shown = (pictures[:, 180:300].max(axis=-1) > 100).any(axis=(1, 2))
    assert shown[:18].all() and not shown[20:].any()


@pytest.mark.parametrize("encoder", ["libx264", "copy"])
def test_soft_lines_say_of_each_moment_what_the_timeline_says(project, encoder):
    folder = project.folder / "data/tiny/vods"
    videos.flash_and_beep(folder / "own.mp4", 20)
    project.set_params(label="{\\b1}rage, <i>so")
    times = np.arange(200) / 10
    probabilities = np.where((times % 8 >= 3) & (times % 8 < 5), 0.75 + 0.2 * np.sin(times) ** 2, 0.02)
    rows = "".join(f"{time:.3f},{probability:.4f}\n" for time, probability in zip(times, probabilities, strict=True))
    project.write("data/timelines/own.csv", "time,probability\n" + rows)
    segments = render(project, overlay="soft", encoder=encoder, pre_roll=0.3, post_roll=0.3)
    reel = project.folder / "reels/own/reel.mp4"
    with av.open(str(reel)) as container:
        packets = [packet for packet in container.demux(subtitles=0) if packet.size > 2]
        # The text follows two bytes with its length.
        lines = [(packet.pts / 1e6, packet.duration / 1e6, bytes(packet)[2:].decode()) for packet in packets]
        assert packets[0].time_base == Fraction(1, 1_000_000)
    assert len(lines) > 8
    starts = [start for start, _, _ in lines]
    for segment in segments:
        assert min(abs(start - segment["reel_start"]) for start in starts) < 0.04
    assert min(np.diff(starts)) < 1 <= len(lines) / sum(s["end"] - s["start"] for s in segments) <= 4.5
    for start, duration, text in lines:
        segment = max((s for s in segments if s["reel_start"] < start + 0.04), key=lambda s: s["reel_start"])
        at = max(start - segment["reel_start"], 0) + segment["start"] + 0.02
        assert start + duration < segment["reel_end"] + 0.04
        expected = f"(/b1)rage, <i>so {probabilities[int(at * 10 + 1e-6)]:.0%}  0:00:{int(at):02}"
        # The text has no colours or sizes in it.
        assert text == expected
    # The subtitles change nothing else in the reel.
    reel_times, light = videos.luminance(reel)
    flashes = [
        row["reel_start"] + n - row["start"] for row in segments for n in range(20) if row["start"] <= n < row["end"]
    ]
    assert reel_times[videos.onsets(light > 128)] == pytest.approx(flashes, abs=0.04)
    assert videos.beep_times(reel) == pytest.approx(flashes, abs=0.04)


def test_soft_lines_take_turns_in_a_crossfade(own):
    write_timeline(own, [(2.6, 4.4, 0.8), (6.8, 8.6, 0.9)], 20)
    rows = render(own, overlay="soft", transition="crossfade", transition_length=0.5)
    assert rows[0]["reel_end"] - rows[1]["reel_start"] == pytest.approx(0.5, abs=0.01)
    with av.open(str(own.folder / "reels/own/reel.mp4")) as container:
        packets = [packet for packet in container.demux(subtitles=0) if packet.size > 2]
        lines = [(packet.pts / 1e6, (packet.pts + packet.duration) / 1e6, bytes(packet)[2:]) for packet in packets]
    assert len(lines) > 4
    assert all(end < start + 0.015 for (_, end, _), (start, _, _) in zip(lines, lines[1:], strict=False))
    later = [start for start, _, text in lines if b" 90%" in text]
    assert min(later) == pytest.approx(rows[1]["reel_start"], abs=0.01)
    assert max(end for _, end, text in lines if b" 80%" in text) == pytest.approx(min(later), abs=0.01)


def test_a_font_whose_family_has_more_weights_than_two_is_drawn(bare, tmp_path):
    videos.write(bare.folder / "data/tiny/vods/own.mp4", [n / 10 for n in range(80)], lambda _: videos.grey(0))
    serif = Path(matplotlib.get_data_path()) / "fonts/ttf/STIXGeneral.ttf"
    shutil.copy(serif, bare.folder / "data/tiny/serif.ttf")
    # The same with names as such fonts have them: for programs that know only two weights, each other one is a family.
    font = TTFont(serif)
    font["OS/2"].usWeightClass = 800
    names = {1: "Foo ExtraBold", 2: "Regular", 4: "Foo ExtraBold", 6: "Foo-ExtraBold", 16: "Foo", 17: "ExtraBold"}
    for number, name in names.items():
        font["name"].setName(name, number, 3, 1, 0x409)
    font.save(bare.folder / "data/tiny/heavy.ttf")
    pictures = []
    for name in ("serif", "heavy"):
        style = {"position": "top-left", "size": 1, "font": f"{name}.ttf"}
        cut = planned(bare, "1,2\n", height=240, style=style)
        (tmp_path / name).mkdir()
        (piece,) = assembly.encode(cut, tmp_path / name)
        pictures.append(decoded(piece.target)[1])
    assert (pictures[0] == pictures[1]).all()


def test_there_is_room_for_characters_that_other_fonts_draw():
    font = fonts.load(fonts.BOLD)
    assert font.width("\u6012" * 11) == 11, "CJK characters are about as wide as high"
    assert font.width("a\u6012") == pytest.approx(font.width("a") + 1)


def test_a_font_in_woff2_is_refused(tmp_path, caplog):
    path, font = tmp_path / "bold.woff2", TTFont(fonts.BOLD).reader
    tables = {tag: font[tag] for tag in font.tables}
    entries = b"".join(
        # The first byte says that the name follows, and that the table is stored as it was.
        struct.pack(">B4s", 0xFF if tag in ("glyf", "loca") else 0x3F, tag.encode()) + packBase128(len(table))
        for tag, table in tables.items()
    )
    content = b"".join(tables.values())
    parts = [content[place : place + 65_536] for place in range(0, len(content), 65_536)]
    # Brotli that compresses nothing (RFC 7932, 9.2): the size of each part less one is in front of it.
    packed = b"".join((len(part) - 1 << 3 | 1 << 19).to_bytes(3, "little") + part for part in parts)
    packed = b"\x0c" + packed + b"\x03"
    packed += bytes(-len(entries + packed) % 4)
    size, unpacked = 48 + len(entries) + len(packed), 12 + sum(16 + len(table) + 3 & ~3 for table in tables.values())
    head = (b"wOF2", 0x10000, size, len(tables), 0, unpacked, len(packed))
    path.write_bytes(struct.pack(">4sIIHHII24x", *head) + entries + packed)
    assert ImageFont.truetype(path).getname() == ("DejaVu Sans", "Bold")
    with pytest.raises(UserError, match="bold.woff2: not a font that can be read .*; name a TTF or OTF file"):
        fonts.load(path)
    assert not caplog.records


@pytest.mark.parametrize("family", ["Foo, Inc", "Foo\nDialogue: 0", "Foo\x01"])
def test_a_font_whose_family_would_break_a_style_is_refused(tmp_path, family):
    font = TTFont(fonts.BOLD)
    font["name"].setName(family, 1, 3, 1, 0x409)
    font.save(tmp_path / "own.ttf")
    with pytest.raises(UserError, match="own.ttf: its family name, 'Foo.*; name another font"):
        fonts.load(tmp_path / "own.ttf")


def test_a_font_that_is_none(project):
    style = {"position": "top-left", "size": 1}
    project.write("data/tiny/broken.ttf", "no font")
    project.set_params(render={"style": style | {"font": "broken.ttf"}})
    assert_user_error(project.stage("render", "demo"), "data/tiny/broken.ttf: not a font that can be read")
    project.set_params(render={"style": style | {"font": "gone.ttf"}})
    assert_user_error(
        project.stage("render", "demo"), "params.yaml: render.style.font names data/tiny/gone.ttf", "no such file"
    )
    project.set_params(render={"style": style | {"font": "../tiny/broken.ttf"}})
    assert_user_error(project.stage("render", "demo"), "render.style.font is '../tiny/broken.ttf'", "inside the")
