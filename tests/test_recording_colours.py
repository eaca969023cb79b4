"""Frames are deinterlaced and in the colours of BT.709, whatever the recorder wrote."""

import subprocess
import sys
import tempfile
from fractions import Fraction

import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorTrc
from PIL import Image

from autotosis.annotations.facecams import Box
from autotosis.video import hdr
from autotosis.video.picture import FrameConverter, deinterlaced
from autotosis.video.reading import Track
from autotosis.video.recording import probe
from tests import videos

COLOURS = np.array([(200, 30, 30), (30, 180, 30), (30, 30, 200), (230, 230, 230)], np.uint8)
TO_HDR = "zscale=pin=bt709:tin=bt709:min=gbr:p=bt2020:t={}:m=bt2020nc:npl=203:r=limited,format=yuv420p10le"
CODED = {
    "bt709": ("yuv420p", "scale=out_color_matrix=bt709,setparams=colorspace=bt709"),
    "untagged hd": ("yuv420p", "scale=out_color_matrix=bt709,setparams=colorspace=unknown"),
    "pq": ("yuv420p10le", TO_HDR.format("smpte2084")),
    "hlg": ("yuv420p10le", TO_HDR.format("arib-std-b67")),
}


@pytest.mark.parametrize("coded", CODED)
def test_colours_are_those_of_a_usual_screen_in_every_form(tmp_path, coded):
    form, chain = CODED[coded]
    Image.fromarray(np.repeat(np.repeat(COLOURS[None], 720, axis=0), 320, axis=1)).save(tmp_path / "a.png")
    path = tmp_path / "a.mkv"
    videos.ffmpeg(
        "-loop", 1, "-t", 0.2, "-i", tmp_path / "a.png", "-vf", f"format=gbrp,{chain}", "-c:v", "libx265",
        "-x265-params", "log-level=error:lossless=1", "-pix_fmt", form, path,
    )  # fmt: skip
    recording = probe(path)
    with Track(recording, "picture") as track:
        frame = next(track.frames(0.0))
    seen = FrameConverter(Box(), 1280, 720)(frame)[360, 160::320].astype(int)
    # There are several ways to show HLG on usual screens.
    tolerance = {"pq": 25, "hlg": 50}.get(coded, 4)
    assert np.abs(seen - COLOURS).max() <= tolerance
    # The pixel format of the reel as well, in limited range.
    luma = FrameConverter(Box(), 1280, 720, "yuv420p")(frame)[360, 160::320]
    right = 16 + 219 / 255 * COLOURS @ np.array([0.2126, 0.7152, 0.0722])
    assert luma == pytest.approx(right, abs=tolerance)


def test_hdr_keeps_white_grey_and_what_is_brighter_apart():
    def coded(nits):
        root = (nits / 10_000) ** 0.1593017578125
        return [((0.8359375 + 18.8515625 * root) / (1 + 18.6875 * root)) ** 78.84375] * 3

    black, grey, white, bright = hdr.to_bt709(np.array([coded(n) for n in (0, 40, 203, 1000)]), 9, 16)[:, 0]
    assert black == pytest.approx(0, abs=0.01) and grey == pytest.approx(0.44, abs=0.05)
    assert 0.9 < white < bright <= 1


DRAWING_WHILE_PROGRAMS_START = """
import sys, threading
from pathlib import Path
import numpy as np
from autotosis.project import programs
from autotosis.video import hdr

def draw():
    for _ in range(6):
        hdr.to_bt709(np.full((100_000, 3), 0.5), hdr.BT_2020, hdr.HLG)

drawing = threading.Thread(target=draw, daemon=True)
drawing.start()
while drawing.is_alive():
    assert programs.run([sys.executable, "--version"], Path()) == (0, "")
"""


def test_programs_may_start_while_tone_mapping_goes_on_in_a_thread():
    subprocess.run([sys.executable, "-c", DRAWING_WHILE_PROGRAMS_START], check=True, timeout=30)


@pytest.mark.parametrize("name", ["a:b", "a'b, c;[d]=e\\f"])
def test_the_folder_of_temporary_files_may_have_any_name(tmp_path, monkeypatch, name):
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    hdr.table.cache_clear()
    frame = VideoFrame.from_ndarray(videos.grey(128), "rgb24").reformat(format="yuv420p")
    frame.time_base = Fraction(1, 30)
    frame.color_primaries, frame.color_trc = ColorPrimaries(hdr.BT_2020), ColorTrc(hdr.PQ)
    assert FrameConverter(Box(), 64, 48)(frame).shape == (48, 64, 3)
    hdr.table.cache_clear()


def test_interlaced_frames_are_made_whole(tmp_path):
    path = tmp_path / "a.ts"
    moving = "nullsrc=s=320x240:r=50:d=1,format=yuv420p,geq=lum='if(lt(mod(X-8*N,160),80),40,200)':cb=128:cr=128"
    videos.ffmpeg(
        "-f", "lavfi", "-i", moving, "-vf", "tinterlace=interleave_top,setfield=tff", "-c:v", "mpeg2video", "-q:v", 2,
        "-flags", "+ilme+ildct", path,
    )  # fmt: skip
    with Track(probe(path), "picture") as track:
        combed = list(track.frames(0.0))
    whole = list(deinterlaced(iter(combed)))
    assert [frame.time for frame in whole] == pytest.approx([frame.time for frame in combed])

    def combs(frame):
        rows = frame.to_ndarray(format="gray").astype(int)
        return np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) // 2).mean()

    assert combs(whole[10]) < 0.3 * combs(combed[10])
