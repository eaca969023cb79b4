"""Compare the speed of each stage with the machine's limit, measured in the same run: one table of ratios.

Makes an hour of 1080p60 and other videos in a temporary folder from the demo's VOD (`dvc repro` first). It takes less
than 15 minutes on two cores, and 8 GB of disk:

    make bench
"""

import os
import shutil
import statistics
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import psutil
from dvc.repo import Repo

from autotosis.annotations import configuration, labels
from autotosis.cuts import scoring, selection
from autotosis.cuts.segments import Segment
from autotosis.project import command_line, params, workers
from autotosis.scan import timeline
from autotosis.scan.timeline import Timeline
from autotosis.video import recording
from benchmarks import material, training
from tests import videos
from tests.helpers import Project

MEBIBYTE = 2**20
# Of the reel: how many, and how long (seconds).
SEGMENTS, SECONDS = 12, 15


def main() -> None:
    print("| stage | compared with | takes | limit | ratio | target |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as name:
        folder = Path(name)
        vod = material.hour(folder)
        extracting(vod, folder / "extracting")
        many_clips(folder / "many")
        learning()
        predicting(vod, folder / "predicting")
        losing(folder / "losing")
        cutting(vod, folder / "cutting")
        memory(folder)


def row(what: str, compared_with: str, takes: float, limit: float, target: str, unit: str = "s") -> None:
    """Print a row of the table."""
    cells = (what, compared_with, f"{takes:.4g} {unit}", f"{limit:.4g} {unit}", f"{takes / limit:.2f}", target)
    print(f"| {' | '.join(cells)} |", flush=True)


def seconds(*runs: Callable[[], object], times: int = 1) -> list[float]:
    """Time each run (seconds): the median over `times` rounds in which the runs take turns."""
    rounds = [[training.timed(run) for run in runs] for _ in range(times)]
    return [statistics.median(taken) for taken in zip(*rounds, strict=True)]


def decode(jobs: Sequence[Sequence[object]]) -> None:
    """Decode with the ffmpeg program to nowhere, a process per core, each on one thread; its input options per job."""

    def run(job: Sequence[object]) -> None:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-threads", 1, *job]
        subprocess.run([*map(str, command), "-map", "0:v", "-f", "null", "-"], check=True)

    with ThreadPoolExecutor(workers.cores()) as pool:
        list(pool.map(run, jobs))


def extracting(vod: Path, folder: Path) -> None:
    """Sixty clips from nothing."""
    project = material.project(folder, {})
    clips = project.folder / "data/bench/clips"
    material.clips(vod, 60, 20, clips)
    limit, takes = seconds(
        lambda: decode([("-i", clip) for clip in sorted(clips.iterdir())]),
        lambda: project.stages("extract_frames"),
    )
    row("`extract_frames`, 60 clips of 20 s of 1080p60", "decoding them", takes, limit, "1.25")
    shutil.rmtree(folder)


def many_clips(folder: Path) -> None:
    """A clip more, and nothing to do, in a project of 600 clips and 100 VODs."""
    vod = material.small_vod(1 / 6, folder.parent)
    names = [f"vod{number:03}" for number in range(100)]
    project = material.project(folder, {name: vod for name in names}, extract={"size": 32})
    clips = project.folder / "data/bench/clips"
    material.small_clips(601, clips)
    spare = clips.rename(clips.with_name("spare")) / "clip600.mp4"
    clips.mkdir()
    shutil.copy(spare, clips)
    (alone,) = seconds(lambda: project.stages("extract_frames"))
    clips.joinpath("clip600.mp4").unlink()
    for clip in spare.parent.glob("clip[0-5]*"):
        clip.rename(clips / clip.name)
    project.stages("extract_frames")
    shutil.copy(spare, clips)
    (added,) = seconds(lambda: project.stages("extract_frames"))
    row("`extract_frames`, a clip added to 600", "that clip alone", added, alone, "2 s more")

    # As if all had run: `dvc repro` looks at outputs and not at how they came about.
    for place in project.folder.glob("data/bench/vods/*"):
        place.unlink()
        shutil.copy(vod, place)
    with Repo(project.folder) as pipeline:
        places = [Path(place.fspath) for place in (*pipeline.index.outs, *pipeline.index.deps)]
    for place in places:
        if not place.exists():
            file = place if place.suffix else place / "none"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("0")
    for definition in ("data/bench/dvc.yaml", "dvc.yaml"):
        project.succeed("dvc", "commit", "--force", definition)
    empty = Project(folder / "empty")
    empty.folder.mkdir()
    empty.succeed("dvc", "init", "--no-scm")
    assert project.repro() == []
    limit, takes = seconds(lambda: empty.succeed("dvc", "status"), project.repro, times=3)
    row("`dvc repro`, nothing changed, 600 clips, 100 VODs", "`dvc status` of an empty project", takes, limit, "6 s")
    lines = len(project.read("dvc.lock").splitlines()) / len(names)
    print(f"| lines of `dvc.lock` per VOD | | {lines:.0f} | | | 60 |", flush=True)
    shutil.rmtree(folder)


def learning() -> None:
    """An epoch of a face network."""
    bare, epoch, ratio = training.measure()
    speeds = f"{epoch:.0f} /s | {bare:.0f} /s | {ratio:.2f}"
    print(f"| `train`, images per second over an epoch | the bare step | {speeds} | at least 0.85 |", flush=True)


def predicting(vod: Path, folder: Path) -> None:
    """An hour with highlights in 5.7 % of it."""
    project = material.project(folder, {"hour": vod})
    share = 3600 / workers.cores()
    parts = [("-skip_frame", "nokey", "-ss", part * share, "-t", share, "-i", vod) for part in range(workers.cores())]
    limit, takes = seconds(lambda: decode(parts), lambda: project.stages("predict hour"), times=2)
    row("`predict`, 60 min of 1080p60", "decoding its keyframes", takes, limit, "3")
    shutil.rmtree(folder)


def losing(folder: Path) -> None:
    """What the two-pass scan of the demo loses of the highlights that the dense one finds."""
    project = material.project(folder, {"demo": material.DEMO})
    duration, shared = recording.probe(material.DEMO).duration, []
    truth = labels.read_labels(Path("data/sample/holdout.csv"))["vods/demo.mp4"]
    for way in ("dense", "two-pass"):
        project.set_params(predict={"scan": way})
        project.stages("predict demo")
        scanned = Timeline(*np.loadtxt(project.folder / timeline.path("demo"), delimiter=",", skiprows=1).T)
        config = configuration.for_select(params.load(), "demo")
        select = config.select.model_copy(update={"pre_roll": 0.0, "post_roll": 0.0})
        config = config.model_copy(update={"select": select, "labels": []})
        events = selection.choose(config, scanned, duration).reel
        shared.append([scoring.shared_seconds(events, [Segment(mark.start, mark.end)]) for mark in truth])
    dense, two_pass = np.array(shared)
    lost = np.maximum(dense - two_pass, 0)
    row("`predict.scan: two-pass`, time of highlights lost", "found by `dense`", lost.sum(), dense.sum(), "0.01")
    gone, there = np.sum((dense > 0) & (two_pass == 0)), np.sum(dense > 0)
    row("the same, highlights lost altogether", "found by `dense`", gone, there, "0", "of them")
    shutil.rmtree(folder)


def cutting(vod: Path, folder: Path) -> None:
    """Twelve segments of fifteen seconds, spread over the hour."""
    project, starts = project_to_render(folder, vod)
    limit, takes = seconds(lambda: encode(vod, starts, folder / "command.mp4"), lambda: project.stages("render vod"))
    # Plain cuts, as the command makes them.
    project.set_params(render={"overlay": "none", "encoder": "copy"}, audio={"loudness": None})
    (copied,) = seconds(lambda: project.stages("render vod"))
    row("`render`, 12 segments of 15 s", "one FFmpeg command", takes, limit, "1.25")
    row("the same with stream copy, `overlay: none` and `loudness: null`", "one FFmpeg command", copied, limit, "0.10")
    shutil.rmtree(folder)


def project_to_render(folder: Path, vod: Path) -> tuple[Project, list[float]]:
    """A project whose cut list has the segments, spread evenly over the VOD; when they start (seconds)."""
    project = material.project(folder, {"vod": vod})
    duration = recording.probe(vod).duration
    starts = [(number + 0.5) * duration / SEGMENTS for number in range(SEGMENTS)]
    moments = (moment / 10 for moment in range(int(duration * 10)))
    rows = (f"{at:.1f},{0.9 if any(0 <= at - start < SECONDS for start in starts) else 0.1}\n" for at in moments)
    project.write("data/timelines/vod.csv", "time,probability\n" + "".join(rows))
    project.write("data/cuts/vod.csv", "start,end\n" + "".join(f"{start},{start + SECONDS}\n" for start in starts))
    return project, starts


def encode(vod: Path, starts: list[float], target: Path) -> None:
    """Encode the segments in one command, with the settings of the reel and as many threads as FFmpeg likes."""
    render = params.load().render
    inputs = [word for start in starts for word in ("-ss", str(start), "-t", str(SECONDS), "-i", str(vod.resolve()))]
    pads = "".join(f"[{number}:v][{number}:a]" for number in range(len(starts)))
    joined = ["-filter_complex", f"{pads}concat=n={len(starts)}:v=1:a=1[v][a]", "-map", "[v]", "-map", "[a]"]
    coded = ["-c:v", "libx264", "-crf", str(render.quality), "-preset", render.preset, "-c:a", "aac", "-b:a", "160k"]
    videos.ffmpeg(*inputs, *joined, *coded, "-movflags", "+faststart", target)


def memory(folder: Path) -> None:
    """The peak of all processes together, of ten minutes and of three hours."""
    peaks = []
    for hours in (1 / 6, 3):
        project = material.project(folder / f"memory{hours:.2f}", {"small": material.small_vod(hours, folder)})
        predicting = peak(project, "predict small")
        project.stages("select small")
        peaks.append([predicting, peak(project, "render small")])
        shutil.rmtree(project.folder)
    for name, short, long in zip(("predict", "render"), *peaks, strict=True):
        row(f"`{name}`, peak memory, 3 h", "10 min", long / MEBIBYTE, short / MEBIBYTE, "1.10 and 1024 MiB", "MiB")


def peak(project: Project, stage: str) -> int:
    """The most memory that a stage and all of its processes have had, bytes; what several share counts once."""
    most, ended = 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not ended.wait(0.2):
            used = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    used += process.memory_full_info().pss
                except psutil.Error:
                    continue
            most = max(most, used)

    # A daemon, or a stage that fails would leave the program waiting for it.
    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    project.stages(stage)
    ended.set()
    watching.join()
    return most


if __name__ == "__main__":
    command_line.parser(__doc__).parse_args()
    main()
