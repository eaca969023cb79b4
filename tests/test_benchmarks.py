"""What benchmarks/ says about a project that it cannot measure, and the copies of projects that it works on."""

import shutil

from tests.helpers import Project, assert_user_error, load_params

PREPARE = """
import sys
from pathlib import Path
from autotosis.project import params
from benchmarks import review_curve
review_curve.prepare(Path(sys.argv[1]), params.load(), "demo", ["demo", "own"])
"""


def test_the_review_curve_copies_vods_wherever_they_are_named(own, tmp_path):
    vods = own.folder / "data/tiny/vods"
    shutil.copy(vods / "demo.mp4", vods / "third.mp4")
    own.write("vods.yaml", "vods: {own: vods/own.mp4, third: vods/third.mp4}\n")
    tracks = {"own": {"judge": 1}, "third": {"judge": 1}, "clips/*": {"hear": [1]}}
    own.set_params(tracks=tracks, urls={"third": "https://youtu.be/abc"})
    copied = Project(tmp_path / "copied")
    own.succeed("python", "-c", PREPARE, copied.folder)
    settings = load_params(copied)
    assert settings.vods == {"demo": "vods/demo.mp4", "own": "vods/own.mp4"}
    assert list(settings.tracks) == ["own", "clips/*"] and not settings.urls


def test_the_review_curve_needs_vods_that_are_labelled_whole(own):
    own.write("vods.yaml", "vods: {own: vods/own.mp4}\n")
    done = own.run("python", "-m", "benchmarks.review_curve", "demo", "own")
    assert_user_error(done, "data/tiny/holdout.csv: no row is about data/tiny/vods/own.mp4")
    done = own.run("python", "-m", "benchmarks.review_curve", "gone", "own")
    assert_user_error(done, "vods: there is no VOD named gone")
