"""DVC in a team: a clone that has pulled has nothing to run, and pulls nothing that it does not need."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from autotosis.project.tables import read_rows
from tests import videos
from tests.helpers import ENVIRONMENT, IDENTITY, PARAMS, SAMPLE, Project, build_once, copy_of, copy_repository

# Any keys work.
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Project:
    """A project whose sample is drawn by its own pipeline, built and committed. Tests must not change it."""

    def make(folder: Path) -> None:
        project = copy_repository(folder)
        for name in ("dvc.lock", "labels.csv", "holdout.csv", "facecams.csv", "groups.csv"):
            (folder / "data/sample" / name).unlink()
        project.write("data/sample/params.yaml", yaml.safe_dump(SAMPLE | {"clips": 8, "vod_minutes": 0.2}))
        project.set_params(**PARAMS | {"data": "data/sample"})
        project.commit("Start")
        project.repro()
        project.commit("Build the demo")

    return Project(build_once(tmp_path_factory, "demo", make))


@pytest.fixture(scope="module")
def moved_on(demo, tmp_path_factory) -> Project:
    """The project after the demo: it has had two VODs of a streamer, of which one was then renamed and one removed."""

    def make(target: Path) -> None:
        project = copy_of(demo, target)
        shutil.copytree(project.folder / "data/template", project.folder / "data/mine")
        folder, sample = project.folder / "data/mine", project.folder / "data/sample"
        for name in ("clips", "labels.csv", "facecams.csv"):
            (shutil.copytree if name == "clips" else shutil.copyfile)(sample / name, folder / name)
        (folder / "vods").mkdir()
        shutil.copyfile(sample / "vods/demo.mp4", folder / "vods/monday.mp4")
        videos.ffmpeg("-t", 4, "-i", folder / "vods/monday.mp4", "-c", "copy", folder / "vods/tuesday.mp4")
        project.write("data/mine/facecams.csv", project.read("data/sample/facecams.csv").replace("demo", "*day"))
        project.set_params(data="data/mine", vods={"monday": "vods/monday.mp4", "tuesday": "vods/tuesday.mp4"})
        # The reels have tables and no films, which takes less time.
        project.set_params(select={"threshold": 0.999})
        project.repro()
        project.commit("Cut two VODs")
        project.set_params(vods={"first": "vods/monday.mp4"})
        project.repro()
        project.commit("Rename one, and remove the other")

    return Project(build_once(tmp_path_factory, "moved on", make))


def push(project: Project, remote: str, *options: tuple[str, str], **environment: str) -> None:
    """Set the remote of the project, and push everything that the project needs."""
    project.succeed("dvc", "remote", "add", "--default", "storage", remote)
    for option, value in options:
        project.succeed("dvc", "remote", "modify", "storage", option, value)
    project.commit("Name a remote")
    project.succeed("dvc", "push", env=ENVIRONMENT | environment)


def clone(project: Project, target: Path, *options: str) -> Project:
    project.succeed("git", "clone", "--quiet", *options, project.folder, target)
    return Project(target)


def status(project: Project) -> str:
    return project.succeed("git", "status", "--porcelain")


def stored(remote: Path) -> int:
    """Measure the size of a folder that is a remote, bytes."""
    return sum(path.stat().st_size for path in remote.rglob("*") if path.is_file())


def test_git_leaves_videos_to_dvc(tmp_path):
    project = copy_repository(tmp_path / "project")
    for name in ("you", "friend"):
        shutil.copytree(project.folder / "data/template", project.folder / "data" / name)
        for place in ("clips/a.mp4", "vods/a.mp4", "vods/parts/1.mp4"):
            project.write(f"data/{name}/{place}", "video")
    pipeline = project.read("data/you/dvc.yaml")
    project.write("data/you/dvc.yaml", pipeline.replace("cache: true", "cache: false"))
    (project.folder / "data/friend/dvc.yaml").unlink()
    project.set_params(data="data/you", vods={})
    project.repro("data/you/dvc.yaml")
    project.succeed("dvc", "add", *(f"data/friend/{place}" for place in ("clips", "vods/a.mp4", "vods/parts/1.mp4")))
    project.commit()
    assert status(project) == ""
    listed = set(project.succeed("git", "ls-files", "data").splitlines())
    assert not {path for path in listed if path.endswith(".mp4")}
    assert {f"data/friend/{name}.dvc" for name in ("clips", "vods/a.mp4", "vods/parts/1.mp4")} <= listed


def test_a_vod_that_is_renamed_or_removed_leaves_nothing_behind(moved_on):
    assert {path.name for path in (moved_on.folder / "reels").iterdir() if path.is_dir()} == {
        "best",
        "first",
        "metrics",
        "timelines",
    }
    for results in ("data/timelines", "data/cuts", "data/review"):
        assert {path.name for path in (moved_on.folder / results).iterdir()} - {"about.txt"} == {"first.csv"}
    assert moved_on.repro() == []
    assert status(moved_on) == ""


def test_a_clone_that_pulls_has_nothing_to_run(moved_on, tmp_path):
    project = copy_of(moved_on, tmp_path / "project")
    push(project, str(tmp_path / "remote"))
    cloned = clone(project, tmp_path / "clone")
    cloned.succeed("dvc", "pull")
    assert cloned.repro() == []
    assert status(cloned) == ""
    outputs = ("data/config", "data/frames", "data/timelines", "data/cuts", "models", "reels", "data/mine")
    assert cloned.digests(*outputs) == project.digests(*outputs)

    # A VOD that a colleague added is pulled as it was pushed.
    videos.ffmpeg("-t", 4, "-i", cloned.folder / "data/mine/vods/monday.mp4", "-c", "copy", tmp_path / "new.mp4")
    shutil.copyfile(tmp_path / "new.mp4", cloned.folder / "data/mine/vods/wednesday.mp4")
    cloned.set_params(vods={"first": "vods/monday.mp4", "second": "vods/wednesday.mp4"})
    ran = cloned.repro()
    assert "predict@second" in ran and "predict@first" not in ran and "extract_frames" not in ran
    cloned.commit("Cut another VOD")
    cloned.succeed("dvc", "push")
    project.succeed("git", "pull", "--quiet", cloned.folder, "HEAD")
    project.succeed("dvc", "pull")
    assert project.repro() == []
    assert status(project) == ""


def test_a_clone_without_data_is_up_to_date_where_what_is_missing_is_allowed(moved_on, demo, tmp_path):
    for name, project in (("mine", moved_on), ("demo", demo)):
        cloned = clone(project, tmp_path / name)
        output = cloned.succeed("dvc", "repro", "--allow-missing")
        assert "Running stage" not in output
        assert "Data and pipelines are up to date." in output
        assert status(cloned) == ""


def test_a_clone_by_a_git_that_writes_line_endings_of_windows_is_up_to_date(demo, tmp_path):
    cloned = clone(demo, tmp_path / "clone", "--config", "core.autocrlf=true")
    assert cloned.repro("--allow-missing") == []
    assert status(cloned) == ""


def test_the_sample_stays_at_home_once_the_data_is_a_streamers(moved_on, tmp_path):
    project = copy_of(moved_on, tmp_path / "project")
    push(project, str(tmp_path / "remote"))
    sample = project.digests("data/sample/clips", "data/sample/vods/demo.mp4")
    assert sample
    cloned = clone(project, tmp_path / "clone")
    cloned.succeed("dvc", "pull")
    assert not (cloned.folder / "data/sample/clips").exists()
    assert not (cloned.folder / "data/sample/vods").exists()
    assert cloned.repro() == []
    assert not (cloned.folder / "data/sample/clips").exists(), "nothing redraws it"
    # Hardly anything is stored beyond what the streamer has.
    assert stored(tmp_path / "remote") < 1.1 * stored(cloned.folder / ".dvc/cache")


@pytest.fixture
def bucket() -> Iterator[tuple[str, str]]:
    """An S3 server on the loopback: its address, and the address of a bucket in it."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        region_name=KEYS["AWS_DEFAULT_REGION"],
    )
    client.create_bucket(Bucket="reels")
    yield address, "s3://reels/dvc"
    server.stop()


def test_s3_brings_everything_back(project, bucket, tmp_path):
    address, url = bucket
    project.succeed("dvc", "add", "data/tiny/clips", "data/tiny/vods")
    assert project.repro() == []
    push(project, url, ("endpointurl", address), **KEYS)
    cloned = clone(project, tmp_path / "clone")
    cloned.succeed("dvc", "pull", env=ENVIRONMENT | KEYS)
    assert cloned.repro() == []
    assert status(cloned) == ""
    assert cloned.digests("reels") == project.digests("reels")


@pytest.mark.parametrize("ending", ["\n", "\r\n", ""])
def test_rows_that_two_colleagues_append_are_merged(tmp_path, ending):
    project = copy_repository(tmp_path)
    tables = {
        "labels.csv": ("video,start,end,label", "clips/{}.mp4,,,1"),
        "holdout.csv": ("video,start,end,label", "vods/{}.mp4,1,2,1"),
    }

    def write(*names: str) -> None:
        for table, (header, row) in tables.items():
            lines = [header, "# from the first stream", *(row.format(name) for name in names)]
            text = (ending or "\n").join(lines) + ending
            (tmp_path / "data/you" / table).write_bytes(text.encode())

    (tmp_path / "data/you").mkdir()
    write("old")
    project.commit()
    project.succeed("git", "checkout", "--quiet", "-b", "other")
    write("old", "theirs", "both")
    project.commit()
    project.succeed("git", "checkout", "--quiet", "-")
    write("old", "ours", "both")
    project.commit()
    project.succeed("git", *IDENTITY, "merge", "--quiet", "other")
    for table, (header, _) in tables.items():
        rows = list(read_rows(tmp_path / "data/you" / table, header.split(",")))
        named = [Path(row["video"]).stem for row in rows]
        assert set(named) == {"old", "ours", "theirs", "both"}, named
