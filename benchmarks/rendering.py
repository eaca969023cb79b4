"""How fast is a reel cut: `render` beside one FFmpeg command that encodes the same seconds.

Makes a VOD of an hour of 1080p60 in a temporary folder from the demo's (`dvc repro` first), or takes the one that is
named. It takes about five minutes on two cores, and three gigabytes:

    python -m benchmarks.rendering [a VOD]
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
from ruamel.yaml import YAML

from benchmarks import speed
from stages.lib import files, media, model, params, timeline

SEGMENTS, SECONDS = 12, 15
# What one run may take, as a share of the command's time.
LIMITS = {"render, overlay burn": 1.25, "render, overlay none, encoder copy": 0.1}
# Of each, by turns; the fastest counts.
RUNS = 1


def main(vod: Path | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if vod is None:
            settings = params.load()
            vod = speed.make_vod(settings.vod(next(iter(settings.vods))), Path(folder), minutes=60)
        rows = measure(vod)
    command = rows[0][1]
    print(f"| {SEGMENTS} segments of {SECONDS} s | seconds | times the command | limit |")
    print("| --- | --- | --- | --- |")
    for name, seconds, limit in rows:
        print(f"| {name} | {seconds:.1f} | {seconds / command:.2f} | {limit / command:.2f} |")


def measure(vod: Path) -> list[tuple[str, float, float]]:
    """Time the command and the stage, by turns, the fastest run of each.

    Parameters
    ----------
    vod : Path
        A video of some minutes or more, with sound; the segments are spread evenly over it.

    Returns
    -------
    list of (str, float, float)
        What was run, the seconds that it took and those that it may take. The first is the command.
    """
    with tempfile.TemporaryDirectory() as folder:
        starts = make_project(Path(folder), vod)
        runs = {"limit: one FFmpeg command": lambda: encode(vod, starts, Path(folder) / "command.mp4")}
        for name, (overlay, encoder) in zip(LIMITS, (("burn", "libx264"), ("none", "copy")), strict=True):
            runs[name] = lambda overlay=overlay, encoder=encoder: render(Path(folder), overlay, encoder)
        taken = {name: [] for name in runs}
        for _ in range(RUNS):
            for name, run in runs.items():
                taken[name].append(seconds(run))
    fastest = {name: min(times) for name, times in taken.items()}
    command = next(iter(fastest.values()))
    return [(name, time, command * LIMITS.get(name, 1.0)) for name, time in fastest.items()]


def make_project(folder: Path, vod: Path) -> list[float]:
    """A project whose timeline asks for the segments; when they start."""
    shutil.copytree("stages", folder / "stages")
    (folder / "data/vods").mkdir(parents=True)
    (folder / "data/vods" / vod.name).symlink_to(vod.resolve())
    (folder / model.PATH).parent.mkdir()
    shutil.copy2(model.PATH, folder / model.PATH)
    duration = media.probe(vod).duration
    starts = [(number + 0.5) * duration / SEGMENTS for number in range(SEGMENTS)]
    padding = params.load().render
    events = [(start + padding.pre_roll, start + SECONDS - padding.post_roll) for start in starts]
    moments = (moment / 10 for moment in range(int(duration * 10)))
    rows = ((f"{at:.1f}", "0.9" if any(start <= at < end for start, end in events) else "0.1") for at in moments)
    files.write_csv(folder / timeline.path("vod"), timeline.COLUMNS, rows)
    content = YAML(typ="safe").load(params.PARAMS_FILE)
    content |= {"data": "data", "vods": {"vod": f"vods/{vod.name}"}}
    content["render"] |= {"smooth": 0.0, "threshold": 0.5}
    with (folder / params.PARAMS_FILE).open("w") as file:
        YAML(typ="safe").dump(content, file)
    return starts


def encode(vod: Path, starts: list[float], target: Path) -> None:
    """Encode the segments in one command, with the settings of the reel and as many threads as FFmpeg likes."""
    render = params.load().render
    inputs = [word for start in starts for word in ("-ss", str(start), "-t", str(SECONDS), "-i", str(vod.resolve()))]
    pads = "".join(f"[{number}:v][{number}:a]" for number in range(len(starts)))
    joined = ["-filter_complex", f"{pads}concat=n={len(starts)}:v=1:a=1[v][a]", "-map", "[v]", "-map", "[a]"]
    coded = ["-c:v", "libx264", "-crf", str(render.quality), "-preset", render.preset, "-c:a", "aac", "-b:a", "160k"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", *inputs, *joined, *coded]
    subprocess.run([*command, "-movflags", "+faststart", str(target)], check=True)


def render(folder: Path, overlay: str, encoder: str) -> None:
    """Run the stage as `dvc repro` does."""
    path = folder / params.PARAMS_FILE
    content = YAML(typ="safe").load(path)
    content["render"] |= {"overlay": overlay, "encoder": encoder}
    with path.open("w") as file:
        YAML(typ="safe").dump(content, file)
    subprocess.run([sys.executable, "-m", "stages.render", "vod"], cwd=folder, check=True, capture_output=True)


def seconds(run: Callable[[], object]) -> float:
    """How long it takes."""
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vod", nargs="?", type=Path, help="a video with sound (an hour of the demo's)")
    main(parser.parse_args().vod)
