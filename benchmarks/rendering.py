"""How fast a reel is cut, beside one FFmpeg command that encodes the same seconds."""

from pathlib import Path

from autotosis.project import params
from autotosis.video import recording
from benchmarks import material
from tests.helpers import Project

SEGMENTS, SECONDS = 12, 15


def project(folder: Path, vod: Path) -> tuple[Project, list[float]]:
    """A project whose cut list has the segments, spread evenly over the VOD; when they start (seconds)."""
    made = material.project(folder, {"vod": vod})
    duration = recording.probe(vod).duration
    starts = [(number + 0.5) * duration / SEGMENTS for number in range(SEGMENTS)]
    moments = (moment / 10 for moment in range(int(duration * 10)))
    rows = (f"{at:.1f},{0.9 if any(0 <= at - start < SECONDS for start in starts) else 0.1}\n" for at in moments)
    made.write("data/timelines/vod.csv", "time,probability\n" + "".join(rows))
    made.write("data/cuts/vod.csv", "start,end\n" + "".join(f"{start},{start + SECONDS}\n" for start in starts))
    return made, starts


def encode(vod: Path, starts: list[float], target: Path) -> None:
    """Encode the segments in one command, with the settings of the reel and as many threads as FFmpeg likes."""
    render = params.load().render
    inputs = [word for start in starts for word in ("-ss", str(start), "-t", str(SECONDS), "-i", str(vod.resolve()))]
    pads = "".join(f"[{number}:v][{number}:a]" for number in range(len(starts)))
    joined = ["-filter_complex", f"{pads}concat=n={len(starts)}:v=1:a=1[v][a]", "-map", "[v]", "-map", "[a]"]
    coded = ["-c:v", "libx264", "-crf", str(render.quality), "-preset", render.preset, "-c:a", "aac", "-b:a", "160k"]
    material.ffmpeg(*inputs, *joined, *coded, "-movflags", "+faststart", target)
