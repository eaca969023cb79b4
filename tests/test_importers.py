"""Labels that other programs saved become rows of labels.csv, and nothing that is there already is lost."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from autotosis.importers import __main__ as importers
from autotosis.importers import autotosis as eqy
from autotosis.project.errors import UserError
from tests import videos
from tests.helpers import REAL_ENVIRONMENT, ROOT, Project, assert_user_error, limit_file_size

AUDACITY = "1.000000\t2.500000\trage\n\\\t100.0\t200.0\n3.000000\t4.000000\tcalm\n"
LOSSLESSCUT = ',1.5,"first, at 0"\n3,4.25,rage\n'
CHAPTERS = "A stream\n\n0:00 Hello\n0:03 - Rage\n(00:05) Goodbye\n"
ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT FORMAT="3.0" VERSION="3.0"><HEADER TIME_UNITS="milliseconds">
<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/films/an%20a.mp4" MIME_TYPE="video/mp4" TIME_ORIGIN="500"/></HEADER>
<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1000"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="2000"/>
</TIME_ORDER><TIER TIER_ID="rage"><ANNOTATION>
<ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2"><ANNOTATION_VALUE/>
</ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>"""
VIA = {
    "project": {"data_format_version": "3.1.1"},
    "attribute": {"1": {"aname": "mood", "options": {"R": "rage", "C": "calm"}}},
    "file": {"1": {"fid": "1", "fname": "an a.mp4", "loc": 1, "src": ""}},
    "view": {"1": {"fid_list": ["1"]}},
    "metadata": {
        "1_x": {"vid": "1", "flg": 0, "z": [1.5, 2.5], "xy": [], "av": {"1": "R"}},
        "1_y": {"vid": "1", "flg": 0, "z": [3.0, 4.0], "xy": [], "av": {"1": "C"}},
        "1_z": {"vid": "1", "flg": 0, "z": [2.0], "xy": [2, 1, 1, 9, 9], "av": {}},
    },
}
LABEL_STUDIO = [
    {
        "data": {"video": "/data/upload/1/0123abcd-an%20a.mp4"},
        "annotations": [
            {
                "result": [
                    {
                        "type": "timelinelabels",
                        "value": {"ranges": [{"start": 25, "end": 48}], "timelinelabels": ["rage"]},
                    },
                    {"type": "choices", "value": {"choices": ["good"]}},
                ]
            }
        ],
    }
]
# As with the template "Video Timeline Segmentation", beside labels of texts.
ON_THE_SOUND = json.loads(json.dumps(LABEL_STUDIO))
ON_THE_SOUND[0]["annotations"][0]["result"] = [
    {"type": "labels", "value": {"start": 3, "end": 4.5, "channel": 0, "labels": ["rage"]}},
    {"type": "labels", "value": {"start": 0, "end": 2, "text": "no", "labels": ["rage"]}},
    {"type": "labels", "value": {"start": "/p[1]/text()[1]", "end": "/p[1]/text()[1]", "labels": ["rage"]}},
]
BOTH = json.dumps([*LABEL_STUDIO, *ON_THE_SOUND])
# The labelling interface says what the key is called.
OTHER_KEY = json.dumps(LABEL_STUDIO).replace('"video"', '"video_url"')
TWO_VIDEOS = json.dumps([*LABEL_STUDIO, *json.loads(json.dumps(LABEL_STUDIO).replace("an%20a", "other"))])
TWO_NAMELESS = TWO_VIDEOS.replace('"video"', '"video_url"')
RAGE = ("--highlight", "rage")
VIDEO = ("--video", "clips/an a.mp4")


# Regions with several labels.
VIA_TWICE = json.dumps(VIA).replace('"av": {"1": "R"}', '"av": {"1": "R,L", "2": "really, really"}')
VIA_TWICE = VIA_TWICE.replace('"C": "calm"', '"C": "calm", "L": "loud"')
LABEL_STUDIO_TWICE = json.dumps(LABEL_STUDIO).replace('["rage"]', '["rage", "loud"]')


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    """Two clips, of 6 and of 2 s. Tests must not change them."""
    folder = tmp_path_factory.mktemp("clips")
    videos.flash_and_beep(folder / "an a.mp4", 6)
    videos.flash_and_beep(folder / "other.mp4", 2)
    return folder


@pytest.fixture
def streamer(tmp_path, clips) -> Project:
    """A streamer's folder with a clip of 6 s and one of 2 s, which has a label."""
    project = Project(tmp_path)
    shutil.copytree(clips, tmp_path / "you/clips")
    project.write("you/labels.csv", "video,start,end,label\nclips/other.mp4,0.5,1.0,1")
    return project


def add(streamer: Project, monkeypatch, form: str, content: object, *options: str) -> None:
    streamer.write("from.txt", content if isinstance(content, str) else json.dumps(content))
    files = [str(streamer.folder / name) for name in ("from.txt", "you")]
    monkeypatch.setattr(sys, "argv", ["importers", form, *files, *options])
    importers.main()


def rows(streamer: Project) -> list[tuple[str, ...]]:
    """The rows that were added, as numbers of the clip."""
    first, *added = [tuple(row.values()) for row in streamer.table("you/labels.csv")]
    assert first == ("clips/other.mp4", "0.5", "1.0", "1")
    assert {row[0] for row in added} <= {"clips/an a.mp4"}
    return [(float(start), float(end) if end else None, int(label)) for _, start, end, label in added]


@pytest.mark.parametrize(
    ("form", "content", "options", "expected"),
    [
        ("audacity", AUDACITY, [*VIDEO, *RAGE, "--calm", "calm"], [(1.0, 2.5, 1), (3.0, 4.0, 0)]),
        ("losslesscut", LOSSLESSCUT, VIDEO, [(0.0, 1.5, 1), (3.0, 4.25, 1)]),
        ("youtube-chapters", CHAPTERS, [*VIDEO, "--highlight", "Rage"], [(3.0, 5.0, 1)]),
        ("elan", ELAN, [], [(1.5, 2.5, 1)]),
        ("via", VIA, RAGE, [(1.5, 2.5, 1)]),
        ("label-studio", LABEL_STUDIO, ["--fps", "24"], [(1.0, 2.0, 1)]),
        ("label-studio", OTHER_KEY, [*VIDEO, "--fps", "24"], [(1.0, 2.0, 1)]),
        ("label-studio", ON_THE_SOUND, RAGE, [(3.0, 4.5, 1)]),
        ("label-studio", BOTH, ["--fps", "24"], [(1.0, 2.0, 1), (3.0, 4.5, 1)]),
    ],
    ids=[
        *("audacity", "losslesscut", "youtube-chapters", "elan", "via"),
        *("label-studio", "label-studio, other key", "label-studio, sound", "label-studio, both"),
    ],
)
def test_labels_are_added_once(streamer, monkeypatch, form, content, options, expected):
    for _ in range(2):
        add(streamer, monkeypatch, form, content, *options)
        assert rows(streamer) == expected


@pytest.mark.parametrize(
    ("form", "content", "options", "names", "expected"),
    [
        ("via", VIA_TWICE, [], ["rage", "loud", "really, really"], (1.5, 2.5, 1)),
        ("label-studio", LABEL_STUDIO_TWICE, ["--fps", "24"], ["rage", "loud"], (1.0, 2.0, 1)),
    ],
    ids=["via", "label-studio"],
)
def test_a_region_with_several_labels_has_each_of_them(
    streamer, monkeypatch, capsys, form, content, options, names, expected
):
    for name in names:
        add(streamer, monkeypatch, form, content, *options, "--highlight", name)
        assert rows(streamer) == [expected]
        # Another region is called something else.
        assert ("neither in --highlight nor in --calm: 1\n" in capsys.readouterr().out) == (form == "via")
    with pytest.raises(UserError, match="only one of the two is a highlight"):
        add(streamer, monkeypatch, form, content, *options, "--highlight", "rage", "--calm", "loud")


def test_lines_that_are_there_stay_to_the_byte(streamer, monkeypatch):
    table = streamer.folder / "you/labels.csv"
    before = "\ufeff# mine, \u2028\r\nvideo,start,end,label\r\n\r\nclips/other.mp4, 0.5,1,1".encode()
    table.write_bytes(before)
    add(streamer, monkeypatch, "audacity", AUDACITY, *VIDEO, *RAGE)
    assert table.read_bytes() == before + b"\r\nclips/an a.mp4,1.000,2.500,1\r\n"

    table.write_bytes(before.replace(b"mine", b"caf\xe9"))
    with pytest.raises(UserError, match=r"labels.csv: not text in UTF-8"):
        add(streamer, monkeypatch, "audacity", AUDACITY, *VIDEO, *RAGE)


@pytest.mark.parametrize(
    ("form", "content", "options", "words"),
    [
        ("audacity", "1.0\t1.0\tpoint\n", VIDEO, ["line 1", "a point at 1 s"]),
        ("audacity", "1,0\t2,0\trage\n", VIDEO, ["line 1", "'1,0' is not a number"]),
        ("audacity", "1.0\t9.0\trage\n", VIDEO, ["ends at 9 s", "6.00 s"]),
        ("audacity", "2.0\t1.0\trage\n", VIDEO, ["line 1", "ends at 1 s, before it starts at 2 s"]),
        ("audacity", AUDACITY, [], ["--video"]),
        ("audacity", AUDACITY, ["--video", "/etc/passwd"], ["there is no /etc/passwd in"]),
        ("audacity", AUDACITY, ["--video", "clips/../labels.csv"], ["there is no clips/../labels.csv in"]),
        ("audacity", "", VIDEO, ["from.txt: there are no labels in it"]),
        ("losslesscut", "\n", VIDEO, ["from.txt: there are no labels in it"]),
        ("audacity", "0.6\t0.9\trage\n", ["--video", "clips/other.mp4"], ["labels.csv: left unchanged", "overlaps"]),
        ("audacity", "1\t3\trage\n2\t4\tcalm\n", [*VIDEO, *RAGE, "--calm", "calm"], ["line 2", "overlaps", "line 1"]),
        ("losslesscut", "1,2,rage\n5,,here\n", VIDEO, ["line 2", "a point at 5 s, not a stretch"]),
        ("losslesscut", "1;2;rage\n", VIDEO, ["line 1", "1 fields"]),
        ("youtube-chapters", CHAPTERS, VIDEO, ["--highlight"]),
        ("youtube-chapters", CHAPTERS, [*VIDEO, *RAGE], ["from.txt", "there are 'Goodbye', 'Hello', 'Rage'"]),
        ("elan", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', [], ["not a file of ELAN"]),
        ("via", "[]", [], ["not a project of VIA 3"]),
        ("label-studio", LABEL_STUDIO, [], ["--fps"]),
        ("label-studio", LABEL_STUDIO, ["--fps", "0"], ["--fps"]),
        ("label-studio", OTHER_KEY, ["--fps", "24"], ["from.txt task 1", "--video"]),
        ("label-studio", TWO_VIDEOS, [*VIDEO, "--fps", "24"], ["labels 2 videos ('an a.mp4', 'other.mp4')"]),
        ("label-studio", TWO_NAMELESS, [*VIDEO, "--fps", "24"], ["from.txt: labels 2 videos ("]),
        ("label-studio", "{", [], ["not JSON"]),
        ("label-studio", "9" * 5000, ["--fps", "24"], ["not JSON"]),
        ("label-studio", json.dumps(LABEL_STUDIO).replace("48", "9" * 400), ["--fps", "24"], ["0.end"]),
        ("label-studio", json.dumps(LABEL_STUDIO).replace("/data", "http://[::1"), ["--fps", "24"], ["task 1", "[::1"]),
        ("elan", ELAN.replace("file:///C:", "http://[::1"), [], ["from.txt", "'http://[::1"]),
        ("via", json.dumps(VIA).replace("1.5", "NaN"), [], ["finite"]),
    ],
)
def test_what_is_wrong_is_said_and_costs_nothing(streamer, monkeypatch, form, content, options, words):
    before = streamer.read("you/labels.csv")
    with pytest.raises(UserError) as error:
        add(streamer, monkeypatch, form, content, *options)
    assert all(word in str(error.value) for word in words), error.value
    assert streamer.read("you/labels.csv") == before
    assert sorted(path.name for path in (streamer.folder / "you").iterdir()) == ["clips", "labels.csv"]


def test_a_table_of_eqy_becomes_clips_boxes_and_labels(tmp_path, monkeypatch):
    project = Project(tmp_path)
    for name in ("a", "calm"):
        videos.flash_and_beep(tmp_path / f"raw/{name}.mp4", 4 if name == "a" else 2)
    table = 'raw/a.mp4 "[0.5, 0.25, 1.0, 0.75]" "(0.0, 1.5)" "(2.5, 4.2)"\nraw/calm.mp4 "[0.5, 0.25, 1.0, 0.75]"\n'
    command = [sys.executable, "-m", "autotosis.importers.autotosis", tmp_path / "data.csv", tmp_path / "you"]
    for _ in range(2):
        project.write("data.csv", table)
        project.succeed(*command, env={"PYTHONPATH": str(ROOT)})
        assert project.read("you/labels.csv").splitlines()[1:] == [
            "clips/a.mp4,0.000,1.500,1",
            "clips/a.mp4,2.500,,1",
            "clips/calm.mp4,0.000,,0",
        ]
        assert project.read("you/facecams.csv").splitlines()[1:] == [
            "clips/a.mp4,0.5,0.25,1,0.75",
            "clips/calm.mp4,0.5,0.25,1,0.75",
        ]
    corrected = project.read("you/facecams.csv").replace("0.5,0.25,1,0.75", "0.4,0.25,1,0.75", 1)
    project.write("you/facecams.csv", corrected)
    project.succeed(*command, env={"PYTHONPATH": str(ROOT)})
    assert project.read("you/facecams.csv") == corrected
    assert (tmp_path / "you/clips/a.mp4").read_bytes() == (tmp_path / "raw/a.mp4").read_bytes()

    (tmp_path / "raw/a.mp4").rename(tmp_path / "raw/new.mp4")
    table = table.replace("raw/a.mp4", "raw/new.mp4")
    before = project.digests("you")
    for good, bad, words in (
        ("(0.0, 1.5)", "__import__('os')", "not 2 numbers in brackets"),
        ("(0.0, 1.5)", "(1.5, 0.0)", "ends at 0 s, before it starts"),
        ("(2.5, 4.2)", "(2.5, 9)", "ends at 9 s, but the video lasts 4.00 s"),
        ("0.75]", "1.75]", "the box must be inside the frame"),
        (table, "x" * 200_000, "field larger than field limit"),
        (table, "\n", "there are no labels"),
        ("raw/new.mp4", f"{tmp_path}/raw/new.mp4", "is not a path inside the table's folder"),
        ("raw/new.mp4", f"../{tmp_path.name}/raw/new.mp4", "is not a path inside the table's folder"),
    ):
        project.write("data.csv", table.replace(good, bad))
        with monkeypatch.context() as place, pytest.raises(UserError, match=r"data.csv( line 1| row 1)?:") as error:
            place.chdir(tmp_path)
            eqy.main("data.csv", "you")
        assert words in str(error.value)
        assert project.digests("you") == before


def test_a_full_disk_is_not_blamed_on_the_file_that_is_copied(tmp_path):
    project = Project(tmp_path)
    videos.flash_and_beep(tmp_path / "raw/a.mp4", 2)
    project.write("data.csv", 'raw/a.mp4 "[0.5, 0.25, 1.0, 0.75]"\n')
    command = (sys.executable, "-m", "autotosis.importers.autotosis", "data.csv", "you")
    done = project.run(*command, env=REAL_ENVIRONMENT | {"PYTHONPATH": str(ROOT)}, preexec_fn=limit_file_size(1000))
    assert_user_error(done, "error: you/clips/a.mp4: file too large")
