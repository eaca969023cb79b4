"""Helpers for several tests: a project that a test may change, its stages, and what goes in and comes out."""

import csv
import fcntl
import hashlib
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import yaml

from autotosis.annotations import configuration
from autotosis.project import params_file
from autotosis.project.params import Audio, Params, Render, Select
from autotosis.reel import assembly
from autotosis.reel.layouts import Arrangement, FrameFormat, Pane, Rectangle
from autotosis.reel.reel import ReelSegment, Vod
from autotosis.video.recording import Recording

ROOT = Path(__file__).parent.parent
CORES = os.sched_getaffinity(0)
# Parameters with which everything is small and fast, and the same on a machine with a graphics card.
PARAMS = {
    "data": "data/tiny",
    "vods": {"demo": "vods/demo.mp4"},
    "extract": {"fps": 4, "size": 32},
    "train": {"device": "cpu", "epochs": 3, "epoch_frames": 96, "batch": 16, "threads": 1},
    "select": {"threshold": 0.7},
    "render": {"preset": "ultrafast"},
    "compilation": {"max_duration": 6},
}
# The parameters of the sample, as small.
SAMPLE = {
    "seed": 7,
    "clips": 12,
    "clip_seconds": [3, 4],
    "clip_size": [320, 180],
    "vod_minutes": 0.4,
    "evening_minutes": 0,
    "vod_size": [320, 180],
    "fps": 12,
}
# The smallest face network.
FACE = {"architecture": "shufflenet_v2_x0_5", "folds": 2, "epochs": 2, "epoch_frames": 32}
# Parameters of `select` with which the cut list is exactly what the timeline says.
NO_ADJUSTMENTS = {
    "smooth": 0,
    "threshold": 0.5,
    "pre_roll": 0,
    "post_roll": 0,
    "min_length": 0.5,
    "min_gap": 0.5,
    "snap": 0,
}
# Servers of tests are on this machine, whatever proxy there is.
os.environ |= dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost")
# Without compiled modules, every stage would compile them anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# That of a user, and that of most tests: there, `conftest.pytest_configure` puts programs that start faster first.
REAL_ENVIRONMENT = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
ENVIRONMENT = dict(REAL_ENVIRONMENT)
# Where the size of files is limited, compiled modules would be cut off.
REAL_ENVIRONMENT["PYTHONDONTWRITEBYTECODE"] = "1"
IDENTITY = ("-c", "user.name=t", "-c", "user.email=t@example.org")
LABELS = "data/tiny/labels.csv"
HOLDOUT = "data/tiny/holdout.csv"
FACECAMS = "data/tiny/facecams.csv"
HEADER = "video,start,end,label\n"


@dataclass
class Project:
    """A copy of the repository that a test may change."""

    folder: Path

    def run(self, *command: object, **options) -> subprocess.CompletedProcess:
        """Run a command in the project's folder, with the environment's programs."""
        return subprocess.run(
            [str(word) for word in command],
            cwd=self.folder,
            env=options.pop("env", ENVIRONMENT),
            capture_output=True,
            text=True,
            **options,
        )

    def stage(self, name: str, *arguments: str, **options) -> subprocess.CompletedProcess:
        """Run a stage by itself."""
        return self.run("python", "-m", f"stages.{name}", *arguments, **options)

    def succeed(self, *command: object, **options) -> str:
        """Run a command that must succeed, and return what it prints."""
        done = self.run(*command, **options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def stages(self, *commands: str) -> None:
        """Run stages by themselves, each given as its name and its arguments. All must succeed."""
        for command in commands:
            name, *arguments = command.split()
            self.succeed("python", "-m", f"stages.{name}", *arguments)

    def repro(self, *arguments: str, **options) -> list[str]:
        """Run `dvc repro`, and return the names of the stages that ran."""
        return re.findall(r"^Running stage '(.*)':", self.succeed("dvc", "repro", *arguments, **options), re.MULTILINE)

    def commit(self, message: str = "Change") -> None:
        """Commit everything that git does not ignore."""
        self.succeed("git", "add", ".")
        self.succeed("git", *IDENTITY, "commit", "--allow-empty", "-qm", message)

    def set_params(self, **sections) -> None:
        """Change values in params.yaml. The other values of a section stay as they are."""
        path = self.folder / "params.yaml"
        params = yaml.safe_load(path.read_text())
        for key, value in sections.items():
            merge = isinstance(value, dict) and key not in ("vods", "urls", "tracks")
            params[key] = {**params.get(key, {}), **value} if merge else value
        path.write_text(yaml.safe_dump(params, sort_keys=False))

    def read(self, path: str) -> str:
        return (self.folder / path).read_text()

    def write(self, path: str, content: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)

    def append(self, path: str, content: str) -> None:
        self.write(path, self.read(path) + content)

    def table(self, path: str) -> list[dict[str, str]]:
        """Read the rows of a CSV file."""
        return list(csv.DictReader(self.read(path).splitlines()))

    def shards(self) -> dict[str, tuple[int, int]]:
        """Return the time of writing and the inode of each shard of a clip, which change if it is written again."""
        paths = (self.folder / "data/frames").iterdir()
        return {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in paths}

    def digests(self, *places: str) -> dict[str, str]:
        """Hash every file in these files and folders."""
        digests = {}
        for place in places:
            whole = self.folder / place
            for path in whole.rglob("*") if whole.is_dir() else [whole]:
                if path.is_file():
                    digests[str(path.relative_to(self.folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
        return digests


def copy_repository(target: Path) -> Project:
    """Copy the files of this repository that git does not ignore, without DVC's lock file, into a new repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    (target / "dvc.lock").unlink(missing_ok=True)
    project = Project(target)
    project.succeed("git", "init", "--quiet")
    return project


def draw_sample(folder: Path) -> None:
    """Make a streamer's folder that does not exist yet, with the sample's own program."""
    folder.mkdir(parents=True)
    (folder / "params.yaml").write_text(yaml.safe_dump(SAMPLE))
    subprocess.run([sys.executable, "-m", "data.sample.make_sample", folder], cwd=ROOT, env=ENVIRONMENT, check=True)
    (folder / "params.yaml").unlink()
    # Tests have VODs in other containers, and in parts.
    facecams = folder / "facecams.csv"
    facecams.write_text(facecams.read_text().replace("vods/*.mp4", "vods/*"))
    for name in ("music", "edits"):
        (folder / name).mkdir()
        # git does not keep empty folders.
        (folder / name / ".gitkeep").touch()


def copy_of(project: Project, target: Path) -> Project:
    """Copy a project, including DVC's cache."""
    shutil.copytree(project.folder, target, symlinks=True)
    return Project(target)


def build_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Make a folder, which the processes of pytest-xdist share, in the first one that needs it; return its path."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            make(partial)
            partial.rename(folder)
    return folder


def limit_file_size(size: int) -> Callable[[], None]:
    """Limit the size of files (bytes), to imitate a full disk."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def all_cores() -> None:
    """Let this process, and those that it starts, use all cores; see `conftest.pytest_configure`."""
    os.sched_setaffinity(0, CORES)


def until(condition, seconds: float = 30) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def assert_user_error(done: subprocess.CompletedProcess, *words: str) -> None:
    """Assert that a stage failed with one line on standard error, without a traceback, and with these words in it.

    Lines about progress are allowed besides.
    """
    assert done.returncode == 1, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1 and "Traceback" not in done.stderr, done.stderr
    for word in words:
        assert word in lines[0]


def first_clip(project: Project) -> Path:
    return project.folder / "data/tiny/clips/c01.mp4"


def write_timeline(
    project: Project,
    highlights: Sequence[tuple[float, ...]],
    duration: float,
    vod: str = "own",
    fps: float = 5,
) -> None:
    """Write a timeline: a probability of 0.02, but of 0.95 in the highlights, unless they give another.

    A highlight is its start and end, seconds, and optionally its probability.
    """
    rows = []
    for moment in range(round(duration * fps)):
        time, level = moment / fps, 0.02
        for start, end, *probability in highlights:
            if start <= time < end:
                level = probability[0] if probability else 0.95
        rows.append(f"{time:.3f},{level:.4f}\n")
    project.write(f"data/timelines/{vod}.csv", "time,probability\n" + "".join(rows))


def write_cut_list(project: Project, start: float, end: float, vod: str = "own") -> None:
    """Write a cut list of one segment, as `select` does."""
    header = "segment,vod,start,end,score,keep\n"
    project.write(f"data/cuts/{vod}.csv", f"{header}1,{vod},{start:.3f},{end:.3f},0.9000,yes\n")


def by_section(params: dict[str, object]) -> dict[str, dict[str, object]]:
    """Sort the parameters of a reel into the sections of params.yaml."""
    sections: dict[str, dict[str, object]] = {}
    for key, value in params.items():
        (section,) = (
            name
            for name, model in (("select", Select), ("render", Render), ("audio", Audio))
            if key in model.model_fields
        )
        sections.setdefault(section, {})[key] = value
    return sections


def cut(project: Project, vod: str = "vods/own.mp4", **params) -> list[dict[str, float]]:
    """Select what the reel of the VOD `own` shows, without smoothing or padding, and return its cut list."""
    project.set_params(vods={"own": vod}, **by_section(NO_ADJUSTMENTS | params))
    project.stages("select own")
    return _numbers(project.table("data/cuts/own.csv"))


def render(project: Project, vod: str = "vods/own.mp4", **params) -> list[dict[str, float]]:
    """Make the reel of the VOD `own`, selected as in `cut`, and return the rows of its segments.csv."""
    cut(project, vod, **params)
    project.stages("render own")
    return _numbers(project.table("reels/own/segments.csv"))


def planned(
    project: Project,
    rows: str,
    vod: str = "vods/own.mp4",
    duration: float = 8,
    columns: str = "start,end",
    **render,
) -> assembly.Reel:
    """Plan the reel of the VOD `own` with these rows of a cut list: by default, start and end of each segment."""
    write_timeline(project, [], duration)
    project.write("data/cuts/own.csv", f"{columns}\n{rows}")
    project.set_params(vods={"own": vod}, render=render)
    return assembly.place([assembly.prepare(configuration.for_render(load_params(project), "own"))])


def _numbers(rows: list[dict[str, str]]) -> list[dict[str, float]]:
    assert {(row.pop("vod"), row.pop("keep")) for row in rows} <= {("own", "yes")}
    return [{key: float(value) for key, value in row.items()} for row in rows]


RECORDING = Recording(Path("a.mp4"), 0.0, 7200.0, 64, 48, Fraction(25), True, ())


def placed_segments(starts: Sequence[float], length: float, recording: Recording = RECORDING) -> list[ReelSegment]:
    """Place segments of a recording, which begin at these times, one after the other. Later ones have higher scores."""
    whole = Rectangle(0, 0, recording.width, recording.height)
    frame = FrameFormat(recording.width, recording.height, recording.rate)
    vod = Vod("own", recording, None, frame, (Arrangement(0.0, (Pane(whole, whole),)),))
    duration = float(round(length * recording.rate) / recording.rate)
    return [
        ReelSegment(
            vod,
            start,
            start + length,
            n * duration,
            (n + 1) * duration,
            (n + 1) / (len(starts) + 1),
            start + length / 2,
        )
        for n, start in enumerate(starts)
    ]


def select_params(**changed) -> Select:
    """Return the section `select` of params.yaml, without padding and snapping, and with some values changed."""
    section = yaml.safe_load((ROOT / "params.yaml").read_text())["select"]
    return Select(**section | {"pre_roll": 0.0, "post_roll": 0.0, "snap": 0.0, "max_times_prevalence": None} | changed)


def load_params(project: Project) -> Params:
    """Read the params.yaml of a project."""
    return params_file.load(Params, project.folder / "params.yaml")


def decoded(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Decode a film: the time of each frame, seconds, and the frames, int of shape (frames, height, width, 3)."""
    import av

    with av.open(str(path)) as container:
        pictures = [(frame.time, frame.to_ndarray(format="rgb24").astype(int)) for frame in container.decode(video=0)]
    return np.array([time for time, _ in pictures]), np.stack([picture for _, picture in pictures])
