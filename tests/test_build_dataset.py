"""The moments that are learned from and those that are left out. A bad label is named by its row."""

import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autotosis.annotations.labels import read_labels
from autotosis.project.errors import UserError
from stages import build_dataset
from tests.helpers import HEADER, LABELS, Project, assert_user_error, copy_of, first_clip


def index(project: Project) -> dict[str, list[dict[str, str]]]:
    """Read the rows of the index, clip by clip."""
    rows = defaultdict(list)
    with (project.folder / "data/dataset/index.csv").open() as file:
        for row in csv.DictReader(file):
            rows[row["clip"]].append(row)
    return rows


def build(project: Project, labels: str) -> dict[str, list[dict[str, str]]]:
    project.write(LABELS, HEADER + labels)
    done = project.stage("build_dataset")
    assert done.returncode == 0, done.stderr
    return index(project)


def test_time_that_no_label_covers_is_calm_and_edges_are_left_out(project):
    rows = build(project, "clips/c01.mp4,0.9,1.9,1\nclips/c03.mp4,1,2,1\n")["clips/c01.mp4"]
    labels = {float(row["time"]): row["label"] for row in rows}
    # Four moments per second, and a margin of 0.2 s around both edges.
    assert {time for time, label in labels.items() if label == "1"} == {1.25, 1.5}
    assert set(labels) & {0.75, 1.0, 1.75, 2.0} == set()
    assert {0.0, 0.25, 0.5, 2.25, 2.5, 2.75} <= {time for time, label in labels.items() if label == "0"}


def test_a_label_that_ends_with_the_clip_has_no_edge_there(project):
    rows = build(project, "clips/c01.mp4,,,1\n" + "".join(f"clips/c{n:02}.mp4,1,2,1\n" for n in range(3, 10)))[
        "clips/c01.mp4"
    ]
    assert {row["label"] for row in rows} == {"1"}
    assert float(rows[0]["time"]) == 0
    assert float(rows[-1]["time"]) >= 2.75


def test_clips_without_a_label_are_left_out_and_counted(project):
    build(project, "clips/c01.mp4,1,2,1\nclips/c03.mp4,1,2,1\n")
    assert set(index(project)) == {"clips/c01.mp4", "clips/c03.mp4"}
    assert "no row for them: 10 (c02.mp4, c04.mp4, " in project.stage("build_dataset").stdout


def test_the_contact_sheet_is_a_picture_of_every_clip_and_of_highlights_however_short(project):
    size = Image.open(project.folder / "data/dataset/preview.jpg").size
    # Highlights of a single frame each.
    build(project, "clips/c01.mp4,1,1.6,1\nclips/c03.mp4,1,1.6,1\n")
    with Image.open(project.folder / "data/dataset/preview.jpg") as picture:
        assert picture.size[0] * picture.size[1] < size[0] * size[1]
        red, green, _ = np.moveaxis(np.asarray(picture).astype(int), 2, 0)
    assert ((red > 180) & (green < 60)).sum() > 2000, "highlights have a red border"


def test_a_labelled_clip_in_a_deeper_folder_is_named(project):
    (first_clip(project).parent / "deep").mkdir()
    first_clip(project).rename(first_clip(project).parent / "deep/c01.mp4")
    labels = project.read("data/tiny/labels.csv").replace("clips/c01.mp4", "clips/deep/c01.mp4")
    project.write("data/tiny/labels.csv", labels)
    assert_user_error(project.stage("build_dataset"), "labels.csv row", "put the clip directly into clips/")


GOOD = HEADER + "clips/c01.mp4,0.5,2,1\nclips/c03.mp4,0.5,2,1\nclips/c04.mp4,,,0\n"

BAD = {
    "no such video": (GOOD + "clips/gone.mp4,1,2,1\n", "row 5", "there is no video data/tiny/clips/gone.mp4"),
    "too few fields": (GOOD + "clips/c05.mp4,1,2\n", "row 5", "3 fields where 4 belong"),
    "a merge conflict": (GOOD + "<<<<<<< HEAD\n=======\nclips/c05.mp4,1,2,1\n>>>>>>> theirs\n", "row 5", "conflict"),
    "no number": (GOOD + "clips/c05.mp4,one,2,1\n", "row 5", "start is 'one', not a number such as"),
    "negative": (GOOD + "clips/c05.mp4,-1,2,1\n", "row 5", "before the video begins"),
    "end before start": (GOOD + "clips/c05.mp4,2,1,1\n", "row 5", "not after its start"),
    "another label": (GOOD + "clips/c05.mp4,1,2,rage\n", "row 5", "label is 'rage'"),
    "semicolons": ("video;start;end;label\nclips/a.mp4;;;0\n", "row 1", "semicolons instead of commas; save the table"),
    "another header": ("clip,from,to,label\n", "row 1", "the header must be video,start,end,label"),
    "overlap": (GOOD + "clips/c01.mp4,1.5,2.5,1\n", "row 5", "overlaps the label of clips/c01.mp4 in row 2"),
    "past the end": (GOOD + "clips/c05.mp4,1,99,1\n", "row 5", "ends at 99 s, but clips/c05.mp4 ends at"),
    "beyond the end": (GOOD + "clips/c05.mp4,90,,1\n", "row 5", "begins at 90 s, but clips/c05.mp4 ends"),
    "another spelling": (GOOD + "./clips/c05.mp4,1,2,1\n", "row 5", "write it as it is inside the folder"),
    "outside the folder": (GOOD + "../tiny/clips/c05.mp4,1,2,1\n", "row 5", "write it as it is inside the folder"),
    "a quote left open": (GOOD + 'clips/c05.mp4,"1,2,1\n', "labels.csv row"),
    "one class": (HEADER + "clips/c04.mp4,,,0\nclips/c05.mp4,,,0\n", "labels.csv", "no moment has the label 1"),
    "far too many rows": (HEADER + "clips/c01.mp4,0,1,1\n" * 100_001, "labels.csv row 100002", "over 100000 rows"),
    "one clip": (HEADER + "clips/c01.mp4,0.5,2,1\n", "labels.csv", "1 of the clips"),
    "not text": (b"\xff\xfe\x00video".decode("latin-1"), "labels.csv", "UTF-8"),
}


@pytest.fixture(scope="module")
def badly_labelled(built, tmp_path_factory) -> Project:
    """A built project of which each test writes the labels. Tests must change nothing else."""
    return copy_of(built, tmp_path_factory.mktemp("labelled") / "project")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_label_is_named_by_its_row(badly_labelled, monkeypatch, name):
    content, *words = BAD[name]
    monkeypatch.chdir(badly_labelled.folder)
    index = badly_labelled.read("data/dataset/index.csv")
    Path(LABELS).write_bytes(content.encode("latin-1"))
    with pytest.raises(UserError) as error:
        build_dataset.main()
    assert all(word in str(error.value) for word in (LABELS, *words)), error.value
    assert badly_labelled.read("data/dataset/index.csv") == index


@pytest.mark.parametrize(("name", "said"), [("caf\u00e9", True), ("cafe", False), ("away", False)])
def test_a_name_whose_accents_are_encoded_in_another_way_is_explained(bare, name, said):
    # As macOS writes it.
    bare.write("data/tiny/clips/cafe\u0301.mp4", "")
    (bare.folder / "data/tiny/clips/away.mp4").symlink_to("/nowhere/away.mp4")
    bare.write(LABELS, f"{HEADER}clips/{name}.mp4,,,0\n")
    with pytest.raises(UserError, match=f"row 2: there is no video data/tiny/clips/{name}.mp4") as error:
        read_labels(Path(LABELS))
    assert ("; its accents are encoded in another way than those of the file, so copy" in str(error.value)) == said


def test_a_clip_whose_name_begins_with_a_hash_is_learned_from(project):
    first_clip(project).rename(first_clip(project).with_name("#1 win.mp4"))
    project.write(LABELS, project.read(LABELS).replace("clips/c01.mp4", "clips/#1 win.mp4"))
    clips = json.loads(project.read("models/live/details.json"))["clips"]
    project.stages("extract_frames", "build_dataset", "train")
    assert json.loads(project.read("models/live/details.json"))["clips"] == clips


def test_a_pattern_of_groups_that_matches_nothing_is_named(project):
    project.append("data/tiny/groups.csv", "clips/c0[12].mp4,monday\nclip/*,monday\n")
    output = project.stage("build_dataset").stdout
    assert "groups.csv row" in output and "clip/* matches no video; check the spelling" in output
    assert "c0[12]" not in output
