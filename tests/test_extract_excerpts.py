"""The model learns from the stretches of VODs that labels.csv names."""

import io
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from autotosis.annotations import facecams
from autotosis.model import examples
from autotosis.project import params
from autotosis.project.errors import UserError
from stages import extract_excerpts
from tests.helpers import FACECAMS, HEADER, HOLDOUT, LABELS, Project, assert_user_error


def truth(project: Project) -> list[tuple[float, float]]:
    return [(float(row["start"]), float(row["end"])) for row in project.table(HOLDOUT)]


def shows(shown: list[tuple[float, float]], moment: tuple[float, float]) -> bool:
    return any(start < moment[1] and moment[0] < end for start, end in shown)


def cut(project: Project) -> list[tuple[float, float]]:
    """Read what the reel shows, seconds in the VOD."""
    return [(float(row["start"]), float(row["end"])) for row in project.table("data/cuts/demo.csv")]


def excerpts(project: Project) -> list[Path]:
    return list((project.folder / "data/excerpts").glob("*.safetensors"))


def test_one_row_removes_a_false_alarm_and_rebuilds_no_other_shard(project):
    highlights = truth(project)
    # Without padding, the cut list shows what was found.
    project.set_params(select={"threshold": 0.4, "pre_roll": 0.0, "post_roll": 0.0})
    project.stages("select demo")
    false = [segment for segment in cut(project) if not shows(highlights, segment)]
    assert false, "the tiny sample has a false alarm to reject"
    longest = max(false, key=lambda segment: segment[1] - segment[0])
    before, labels = project.shards(), project.read(LABELS)
    project.write(HOLDOUT, HEADER)
    project.append(LABELS, f"vods/demo.mp4,{longest[0]},{longest[1]},0\n")
    assert "train" in project.repro("select@demo")
    assert not shows(cut(project), longest)
    assert all(shows(cut(project), highlight) for highlight in highlights)
    assert project.shards() == before
    assert len(excerpts(project)) == 1

    project.write(LABELS, labels)
    project.stages("extract_excerpts")
    assert not excerpts(project), "a row that is gone leaves nothing"


def clips(project: Project) -> int:
    """Return the number of clips and excerpts that the model learned from."""
    return json.loads(project.read("models/live/details.json"))["clips"]


def test_a_highlight_in_a_vod_is_learned_from(project):
    start, end = truth(project)[0]
    before = clips(project)
    project.write(HOLDOUT, HEADER)
    project.append(LABELS, f"vods/demo.mp4,{start},{end},1\n")
    project.stages("extract_excerpts", "build_dataset", "train")
    rows = [row for row in project.table("data/dataset/index.csv") if "@" in row["clip"]]
    assert {row["label"] for row in rows} == {"1"}
    assert all(start + 0.2 <= float(row["time"]) <= end - 0.2 for row in rows)
    assert clips(project) == before + 1


def test_a_row_of_a_vod_that_is_all_margin_is_left_out(project):
    before = project.read("data/dataset/index.csv")
    project.write(HOLDOUT, HEADER)
    project.append(LABELS, "vods/demo.mp4,20,20.3,1\n")
    project.stages("extract_excerpts", "build_dataset")
    assert project.read("data/dataset/index.csv") == before


def test_what_is_calm_beside_a_highlight_begins_after_the_margin(project):
    project.write(HOLDOUT, HEADER)
    project.append(LABELS, "vods/demo.mp4,8,10,0\nvods/demo.mp4,10,12,1\nvods/demo.mp4,12,15,0\n")
    project.set_params(dataset={"margin": 0.6})
    assert "extract excerpts: 1/1 stretches" in project.stage("extract_excerpts").stderr, "they are read together"
    project.stages("build_dataset")
    labels = defaultdict(list)
    for row in project.table("data/dataset/index.csv"):
        if "@" in row["clip"]:
            labels[row["clip"].split("@")[1], row["label"]].append(float(row["time"]))
    assert {key: (times[0], times[-1], len(times)) for key, times in labels.items()} == {
        ("8.000-10.000", "0"): (8.0, 9.25, 6),
        ("10.000-12.000", "1"): (10.75, 11.25, 3),
        ("12.000-15.000", "0"): (12.75, 14.75, 9),
    }


def test_a_row_of_a_vod_without_any_moment_is_left_out(project):
    before = project.read("data/dataset/index.csv")
    project.write(HOLDOUT, HEADER)
    project.append(LABELS, "vods/demo.mp4,3.01,3.09,0\nvods/demo.mp4,23.9,,1\n")
    project.stages("extract_excerpts", "build_dataset", "train")
    assert project.read("data/dataset/index.csv") == before
    assert "0 of 2 excerpts extracted, 2 were current" in project.stage("extract_excerpts").stdout


def test_the_time_around_what_was_judged_is_calm(project, monkeypatch):
    project.write(HOLDOUT, HEADER)
    project.append(LABELS, "vods/demo.mp4,5,7,1\nvods/demo.mp4,7.5,9,0\nvods/demo.mp4,15,15.3,0\n")
    project.stages("extract_excerpts", "build_dataset")
    monkeypatch.chdir(project.folder)
    clips = list(examples.read_clips(4))
    around = examples.around_excerpts(clips, 4, 1000, 0)
    assert not np.concatenate([clip.labels for clip in around]).any()
    times = np.concatenate([clip.shard.times[clip.moments] for clip in around])
    everything = np.arange(96) / 4
    seen = ((everything >= 4) & (everything < 10)) | ((everything >= 14) & (everything < 16.3))
    assert sorted(times) == everything[~seen].tolist(), "each moment once, but none that sees what was judged"
    # Nor one that is within the margin.
    around_margin = examples.around_excerpts(clips, 4, 1000, 2.9)
    times = np.concatenate([clip.shard.times[clip.moments] for clip in around_margin])
    assert sorted(times) == everything[(everything < 2) | (everything >= 18.3)].tolist()
    few = examples.around_excerpts(clips, 4, 50, 0)
    assert 25 <= sum(len(clip.moments) for clip in few) <= 50
    assert examples.weights_with_own_limit(clips, around, 0.01).sum() == pytest.approx(
        0.01 * sum((clip.labels == 0).sum() for clip in clips if not clip.is_excerpt)
    )
    assert not examples.around_excerpts([clip for clip in clips if not clip.is_excerpt], 4, 1000, 0)


def test_a_highlight_that_is_all_margin_is_not_calm(project, monkeypatch):
    project.write(HOLDOUT, HEADER)
    project.append(LABELS, "vods/demo.mp4,16,16.3,1\nvods/demo.mp4,20,21,0\n")
    project.stages("extract_excerpts", "build_dataset")
    monkeypatch.chdir(project.folder)
    around = examples.around_excerpts(list(examples.read_clips(4)), 4, 1000, 0)
    times = np.concatenate([clip.shard.times[clip.moments] for clip in around])
    assert not ((times >= 15) & (times < 17.3)).any()
    assert {14.75, 17.5} <= set(times)


EXCERPTS = {
    "past the end": ("vods/demo.mp4,20,99,0", "row 2", "ends at 99 s, but vods/demo.mp4 ends at"),
    "held out": ("vods/demo.mp4,1,2,0", "row 2", "data/tiny/holdout.csv"),
    "elsewhere": ("facecams.csv,1,2,0", "row 2", "neither in clips/ nor in vods/"),
    "no VOD": ("vods/gone.mp4,1,2,0", "row 2", "there is no video data/tiny/vods/gone.mp4"),
}


@pytest.mark.parametrize("name", EXCERPTS)
def test_a_bad_row_of_a_vod_is_named(project, monkeypatch, name):
    row, *words = EXCERPTS[name]
    if name != "held out":
        project.write("data/tiny/holdout.csv", HEADER)
    project.write(LABELS, HEADER + row + "\n")
    monkeypatch.chdir(project.folder)
    with pytest.raises(UserError) as error:
        extract_excerpts.main()
    assert all(word in str(error.value) for word in (LABELS, *words)), error.value


@pytest.mark.parametrize("table", [LABELS, HOLDOUT])
def test_a_row_about_a_part_of_a_vod_is_refused(project, table):
    vods = project.folder / "data/tiny/vods"
    (vods / "parts").mkdir()
    (vods / "demo.mp4").rename(vods / "parts/1.mp4")
    project.set_params(vods={"demo": "vods/parts"})
    for name in (LABELS, HOLDOUT):
        project.write(name, HEADER + ("vods/parts/1.mp4,1,2,0\n" if name == table else ""))
    words = ("row 2: vods/parts/1.mp4 is a part of vods/parts", "from the beginning of the first part")
    assert_user_error(project.stage("extract_excerpts"), table, *words)


class Saving(io.StringIO):
    """A stream that saves something else once the videos are hashed."""

    def __init__(self, save: Callable[[], None]):
        super().__init__()
        self.save = save

    def write(self, text: str) -> int:
        if text.startswith("hash videos: 1/1"):
            self.save()
        return super().write(text)


def test_a_row_added_while_stretches_are_read_is_not_taken_for_read(project, monkeypatch):
    project.write(HOLDOUT, HEADER)
    project.append(LABELS, "vods/demo.mp4,1,2,0\nvods/demo.mp4,4,6,0\n")
    monkeypatch.chdir(project.folder)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", Saving(lambda: project.append(LABELS, "vods/demo.mp4,12,14,0\n")))
        with pytest.raises(UserError, match="^data/tiny/labels.csv: was changed while it was being used; run the"):
            extract_excerpts.main()
    assert "extract_excerpts" in project.repro("extract_excerpts")
    assert len(excerpts(project)) == 3


@pytest.mark.parametrize("name", ["demo.mp4", "demo.chat.json"])
def test_a_vod_or_chat_that_is_saved_while_stretches_are_read_is_not_taken_for_read(project, monkeypatch, name):
    project.write(HOLDOUT, HEADER)
    project.append(LABELS, "vods/demo.mp4,1,2,0\n")
    monkeypatch.chdir(project.folder)
    monkeypatch.setattr(sys, "stderr", Saving((project.folder / "data/tiny/vods" / name).touch))
    with pytest.raises(UserError, match=f"^data/tiny/vods/{re.escape(name)}: was changed while it was being used"):
        extract_excerpts.main()


def test_times_that_are_sums_of_decimal_numbers_are_labelled_up_to_their_end(project):
    project.write(HOLDOUT, HEADER)
    project.append(LABELS, "vods/demo.mp4,1,2.0000000000000004,0\n")
    project.stages("extract_excerpts", "build_dataset")
    rows = [row for row in project.table("data/dataset/index.csv") if "@" in row["clip"]]
    assert [float(row["time"]) for row in rows] == [1, 1.25, 1.5, 1.75]


def test_stretches_of_a_vod_that_is_no_longer_cut_keep_its_face_camera(project):
    project.write(HOLDOUT, HEADER)
    project.write(FACECAMS, "video,x0,y0,x1,y1\nclips/*,0.025,0.6222,0.275,0.9556\n")
    project.append(LABELS, "vods/demo.mp4,1,2,0\n")
    project.stages("configure", "find_facecams demo", "extract_excerpts")
    assert project.table("data/facecams/demo.csv"), "a face camera is found"
    (shard,) = excerpts(project)
    before = safetensors.numpy.load_file(shard)
    project.set_params(vods={})
    project.stages("configure", "extract_excerpts")
    after = safetensors.numpy.load_file(shard)
    assert all(np.array_equal(before[name], after[name], equal_nan=True) for name in before)


def test_the_face_camera_of_a_vod_is_looked_for_before_find_facecams_has_done_so(unbuilt, monkeypatch):
    monkeypatch.chdir(unbuilt.folder)
    settings, no_rows = params.load(), facecams.read_boxes(Path("none.csv"))
    before, after = extract_excerpts.facecam_of(settings, "vods/demo.mp4", no_rows).scenes
    assert astuple(before.box) == astuple(after.box) == pytest.approx((0.025, 0.6222, 0.275, 0.9556), abs=0.02)


def test_a_vod_with_a_long_name_is_learned_from(project, monkeypatch):
    name = 110 * "д" + ".mp4"
    (project.folder / "data/tiny/vods/demo.mp4").rename(project.folder / "data/tiny/vods" / name)
    project.set_params(vods={"demo": f"vods/{name}"})
    project.write(HOLDOUT, HEADER)
    project.append(LABELS, f"vods/{name},1,2,0\nvods/{name},4,6,1\n")
    project.stages("extract_excerpts", "build_dataset")
    assert {row["clip"] for row in project.table("data/dataset/index.csv") if "@" in row["clip"]} == {
        f"vods/{name}@1.000-2.000",
        f"vods/{name}@4.000-6.000",
    }
    assert "0 of 2 excerpts extracted, 2 were current" in project.stage("extract_excerpts").stdout
    monkeypatch.chdir(project.folder)
    around = examples.around_excerpts(list(examples.read_clips(4)), 4, 1000, 0)
    times = np.concatenate([clip.shard.times[clip.moments] for clip in around])
    assert not (times < 7).any() and {7, 23.75} <= set(times), "what was judged is not taken for calm"


def test_the_number_of_clips_to_learn_from_leaves_out_no_row_about_a_vod(project):
    project.write(HOLDOUT, HEADER)
    project.append(LABELS, "".join(f"vods/demo.mp4,{second},{second + 1},0\n" for second in (2, 4, 6)))
    project.set_params(dataset={"clips": 6})
    project.stages("extract_excerpts", "build_dataset", "train")
    assert clips(project) == 6 + 3
