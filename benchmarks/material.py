"""The videos that the benchmarks run on, made from the demo's VOD, and a copy of the project to run its stages in."""

import shutil
import struct
from pathlib import Path

from tests.helpers import Project, copy_repository
from tests.videos import ffmpeg

DEMO = Path("data/sample/vods/demo.mp4")
# Two minutes of the demo with three of its events, which are 5.7 % of the time.
FIRST, SECONDS = 100, 120
PER_HOUR = 3600 // SECONDS


def hour(folder: Path) -> Path:
    """An hour of 1080p60 at 6 Mb/s with a keyframe every two seconds, as services deliver it."""
    rate = ["-b:v", "6M", "-maxrate", "6M", "-bufsize", "12M", "-g", 120]
    picture = ["-vf", "scale=1920:1080,fps=60", "-c:v", "libx264", "-preset", "veryfast", *rate]
    piece = folder / "piece.mp4"
    ffmpeg("-ss", FIRST, "-t", SECONDS, "-i", DEMO, *picture, "-c:a", "aac", piece)
    return repeated(piece, PER_HOUR, folder / "hour.mp4")


def repeated(piece: Path, times: int, target: Path) -> Path:
    """Repeat a video by stream copy."""
    listing = target.with_suffix(".txt")
    listing.write_text(f"file '{piece.resolve()}'\n" * times)
    ffmpeg("-f", "concat", "-safe", 0, "-i", listing, "-c", "copy", target)
    return target


def clips(vod: Path, count: int, seconds: int, folder: Path) -> None:
    """The first so many stretches of a VOD, each in a file."""
    for number in range(count):
        cut = ["-ss", number * seconds, "-t", seconds, "-i", vod, "-c", "copy"]
        ffmpeg(*cut, folder / f"clip{number:03}.mp4")


def small_clips(count: int, folder: Path) -> None:
    """Clips of two seconds, 160 pixels wide, no two of the same bytes."""
    first = folder / "clip000.mp4"
    ffmpeg("-t", 2, "-i", DEMO, "-vf", "scale=160:90", first)
    content = first.read_bytes()
    for number in range(1, count):
        # An empty box at the end, of which readers of MP4 take no notice.
        (folder / f"clip{number:03}.mp4").write_bytes(content + struct.pack(">I4sI", 12, b"free", number))


def small_vod(hours: float, folder: Path) -> Path:
    """A VOD that is quick to decode, 320 pixels wide: five minutes of the demo over and over.

    Matroska: an MP4 file has a table of all of its frames, which FFmpeg holds in memory, some 10 MiB per hour.
    """
    piece, vod = folder / "small.mkv", folder / f"small-{hours:.2f}.mkv"
    if not piece.exists():
        ffmpeg("-i", DEMO, "-t", 300, "-vf", "scale=320:180,fps=15", "-g", 30, "-c:a", "aac", piece)
    return repeated(piece, round(hours * 12), vod)


def project(target: Path, vods: dict[str, Path], **sections) -> Project:
    """A copy of the project in another folder, with its model and these VODs, at the project's own parameters."""
    copied = copy_repository(target)
    folder = copied.folder / "data/bench"
    shutil.copytree("data/template", folder)
    for kind in ("clips", "vods"):
        (folder / kind).mkdir()
    copied.write("data/bench/facecams.csv", "video,x0,y0,x1,y1\n*,0.025,0.622222,0.275,0.955556\n")
    inside = {name: f"vods/{name}{path.suffix}" for name, path in vods.items()}
    for name, path in vods.items():
        (folder / inside[name]).symlink_to(path.resolve())
    copied.set_params(data="data/bench", vods=inside, urls={}, tracks={}, **sections)
    copied.write("vods.yaml", "vods: {}\n")
    model = Path("models/model.safetensors")
    (copied.folder / model).write_bytes(model.read_bytes())
    return copied
