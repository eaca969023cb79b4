"""The plan of the sample: what happens in its VODs."""

import subprocess
import sys
from itertools import pairwise

import pytest
import yaml

from data.sample.make_sample import DEMO, EVENING, Sample, plan_clips, plan_vods, write_tables
from data.sample.script import PARTY
from tests.helpers import ENVIRONMENT, ROOT, SAMPLE, assert_user_error


def test_no_evening_unless_it_lasts():
    assert [vod.name for vod in plan_vods(Sample(**SAMPLE))] == [DEMO]


@pytest.mark.parametrize("minutes", [1, 2, 5])
def test_the_evening_has_outbursts_and_acts_that_the_demo_has_not(minutes):
    demo, evening = plan_vods(Sample(**SAMPLE | {"evening_minutes": minutes}))
    assert not demo.of_kind(*PARTY)
    assert evening.name == EVENING and evening.duration == 60 * minutes
    assert len(evening.of_kind("rage")) >= 3
    assert all(evening.of_kind(kind) for kind in PARTY)
    assert all(event.end < following.start for event, following in pairwise(evening.events))
    assert evening.events[0].start > 0 and evening.events[-1].end < evening.duration


def test_an_evening_that_is_too_short_is_refused(tmp_path):
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(SAMPLE | {"evening_minutes": 0.1}))
    command = [sys.executable, "-m", "data.sample.make_sample", tmp_path]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True)
    assert_user_error(done, "params.yaml: evening_minutes is 0.1: it must be 0 (for none) or at least 0.2")


def test_tables_that_the_user_has_changed_are_kept(tmp_path, capsys):
    sample = Sample(**SAMPLE)
    plans = list(plan_clips(sample)), list(plan_vods(sample))
    write_tables(tmp_path, *plans, sample)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written.keys() == {"labels.csv", "holdout.csv", "facecams.csv", "groups.csv"}
    changed = written["labels.csv"] + "vods/demo.mp4,1,2,0\n"
    (tmp_path / "labels.csv").write_text(changed)
    (tmp_path / "groups.csv").unlink()
    write_tables(tmp_path, *plans, sample)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == written | {"labels.csv": changed}
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(
        f"{tmp_path / 'labels.csv'}: differs from what this sample would write, so it stays as it is"
    )


def test_tables_of_another_sample_do_not_fit_the_videos(tmp_path, capsys):
    for seed in (7, 8):
        sample = Sample(**SAMPLE | {"seed": seed})
        write_tables(tmp_path, list(plan_clips(sample)), list(plan_vods(sample)), sample)
    output = capsys.readouterr().out
    for name in ("labels.csv", "holdout.csv"):
        assert (
            f"{tmp_path / name}: differs from what this sample would write, so it stays as it is; if you have" in output
        )
    assert f"it does not fit the videos: delete it and run python -m data.sample.make_sample {tmp_path}\n" in output


def test_videos_of_the_user_beside_those_of_the_sample_are_kept(tmp_path):
    (tmp_path / "vods").mkdir()
    (tmp_path / "vods/mine.mkv").write_bytes(b"mine")
    small = {"clips": 1, "clip_seconds": [2, 2], "vod_minutes": 0.2}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(SAMPLE | small))
    command = [sys.executable, "-m", "data.sample.make_sample", tmp_path]
    subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=True)
    assert (tmp_path / "vods/mine.mkv").read_bytes() == b"mine"
    videos = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.m*")]
    assert sorted(videos) == ["clips/c01.mp4", "vods/demo.mp4", "vods/mine.mkv"]
