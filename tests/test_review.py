"""Judgements about one VOD teach the model, and no judgement spoils the reel of another VOD."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from autotosis.model import cross_validation, examples, judgements, metrics
from autotosis.project import params
from tests import videos
from tests.helpers import Project, build_once, copy_of
from tests.review_page import served

LABELS = "data/tiny/labels.csv"
REFUSED = "data/tiny/labels.csv: rows about VODs train only the models of these VODs"
SECONDS = 24

# Start and end, seconds.
Stretch = tuple[float, float]


@pytest.fixture(scope="module")
def read(built, tmp_path_factory) -> Project:
    """A project with a second VOD, whose `stretches` and `thirds` are read. Tests must not change it."""

    def make(folder: Path) -> None:
        project = copy_of(built, folder)
        shutil.copy(project.folder / "data/tiny/vods/demo.mp4", project.folder / "data/tiny/vods/other.mp4")
        exact = {"pre_roll": 0, "post_roll": 0, "snap": 0, "min_length": 0.2, "smooth": 0}
        project.set_params(select={"threshold": None, **exact})
        labels, excerpts = project.read(LABELS), project.folder / "data/excerpts"
        highlights, others = stretches(project)
        # What a row asks for is removed with the row, so it is kept meanwhile.
        kept = folder.with_suffix(".kept")
        for pieces in ([*highlights, *others], thirds()):
            judge(project, dict.fromkeys(pieces, 0))
            shutil.copytree(excerpts, kept, dirs_exist_ok=True)
            project.write(LABELS, labels)
        shutil.copytree(kept, excerpts, dirs_exist_ok=True)

    return Project(build_once(tmp_path_factory, "read", make))


@pytest.fixture
def two(read, tmp_path) -> Project:
    """A project with a second VOD to judge, which is a copy of the first one, whose cut list is then examined."""
    return copy_of(read, tmp_path / "project")


def stretches(project: Project) -> tuple[list[Stretch], list[Stretch]]:
    """Divide the VOD into its highlights, and into pieces of 2 s without any; each is a start and an end, seconds."""
    highlights = [(float(row["start"]), float(row["end"])) for row in table(project, "data/tiny/holdout.csv")]
    pieces = [(float(time), time + 2.0) for time in range(0, SECONDS, 2)]
    return highlights, [
        piece for piece in pieces if all(piece[1] < start or end < piece[0] for start, end in highlights)
    ]


def thirds() -> list[Stretch]:
    """Divide the VOD into pieces of 3 s, whatever they show."""
    return [(float(time), time + 3.0) for time in range(0, SECONDS, 3)]


def judge(project: Project, labels: dict[Stretch, int]) -> None:
    """Label stretches of the other VOD, and read them."""
    rows = (f"vods/other.mp4,{start},{end},{label}\n" for (start, end), label in labels.items())
    project.append(LABELS, "".join(rows))
    project.stages("extract_excerpts")


def learn(project: Project) -> dict[str, float]:
    """Train, cut the first VOD again, and return the metrics of the model, with its `precision` as `demo`."""
    project.stages("build_dataset", "train", "predict demo", "select demo")
    return json.loads(project.read("models/metrics.json")) | {"demo": precision(project)}


def precision(project: Project) -> float:
    """Return the average precision of the timeline of the first VOD."""
    truth = [(float(row["start"]), float(row["end"])) for row in table(project, "data/tiny/holdout.csv")]
    moments = [(float(row["time"]), float(row["probability"])) for row in table(project, "data/timelines/demo.csv")]
    inside = [int(any(start <= time < end for start, end in truth)) for time, _ in moments]
    return metrics.average_precision(inside, [probability for _, probability in moments])


def refusal(project: Project, monkeypatch) -> str | None:
    """Return what `train` would say if it set the judgements apart."""
    monkeypatch.chdir(project.folder)
    settings = params.load()
    clips = list(examples.read_clips(settings.extract.fps))
    return judgements.agreeing(cross_validation.in_random_order(clips, settings.train.seed), settings)[2]


def table(project: Project, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(project.read(path).splitlines()))


@pytest.mark.parametrize("label", [lambda start: 1, lambda start: int(start % 2)], ids=["all 1", "both"])
def test_whatever_is_judged_of_one_vod_another_is_cut_as_well_as_before(two, label):
    before = precision(two)
    figures = json.loads(two.read("models/metrics.json"))
    judge(two, {piece: label(piece[0]) for piece in thirds()})
    after = learn(two)
    assert after["demo"] > before - 0.1
    shown = sum(float(row["end"]) - float(row["start"]) for row in table(two, "data/cuts/demo.csv"))
    assert 0 < shown <= 3 * 0.05 * SECONDS + 1e-6
    # The metrics are those of the clips, about which the model has learned nothing new.
    assert after["ap"] == pytest.approx(figures["ap"], abs=0.1)


@pytest.mark.parametrize(
    ("highlight", "calm", "others_as_calm", "learned"),
    [(1, 0, 0, True), (0, 0, 0, True), (0, 1, 0, False), (1, 1, 0, False), (None, 1, 5, False)],
    ids=["right", "all calm", "wrong", "all highlights", "wrong among many calm"],
)
def test_judgements_are_learned_from_if_their_highlights_are_as_clear_as_those_of_the_clips(
    two, monkeypatch, highlight, calm, others_as_calm, learned
):
    highlights, others = stretches(two)
    labels = {} if highlight is None else dict.fromkeys(highlights, highlight)
    judge(two, labels | {piece: 0 if number < others_as_calm else calm for number, piece in enumerate(others)})
    two.stages("build_dataset")
    remark = refusal(two, monkeypatch)
    assert remark is None if learned else remark.startswith(REFUSED)


def test_a_single_wrong_highlight_is_refused_if_there_are_clips_enough(two, monkeypatch):
    rows = [row for row in table(two, LABELS) if row["label"] == "1"]
    for number in range(14 - len({row["video"] for row in rows})):
        row, copied = rows[number % len(rows)], f"clips/copy{number}.mp4"
        shutil.copy(two.folder / "data/tiny" / row["video"], two.folder / "data/tiny" / copied)
        two.append(LABELS, f"{copied},{row['start']},{row['end']},1\n")
    two.stages("extract_frames")
    labels = two.read(LABELS)
    highlights, others = stretches(two)
    for piece, learned in ((highlights[0], True), (others[0], False)):
        two.write(LABELS, labels)
        judge(two, {piece: 1})
        two.stages("build_dataset")
        remark = refusal(two, monkeypatch)
        assert remark is None if learned else remark.startswith(REFUSED)


def test_judgements_that_are_refused_are_named_and_the_model_is_trained(two):
    highlights, others = stretches(two)
    judge(two, dict.fromkeys(highlights, 0) | dict.fromkeys(others, 1))
    two.stages("build_dataset")
    assert REFUSED in two.succeed("python", "-m", "stages.train")


@pytest.mark.parametrize("silent", ["vods/other.mp4", "clips/*"])
def test_right_judgements_are_learned_from_if_the_vod_or_the_clips_have_no_sound(two, monkeypatch, silent):
    folder = two.folder / "data/tiny"
    for video in folder.glob(silent):
        videos.ffmpeg("-i", video, "-an", "-c", "copy", folder / "silent.mp4")
        (folder / "silent.mp4").replace(video)
    two.stages("extract_frames")
    judge(two, dict.fromkeys(stretches(two)[0], 1))
    two.stages("build_dataset")
    assert refusal(two, monkeypatch) is None


def test_rows_that_weigh_nothing_teach_nothing(two):
    before = precision(two)
    two.set_params(train={"review_weight": 0})
    judge(two, {piece: int(piece[0] % 2) for piece in thirds()})
    assert learn(two)["demo"] == pytest.approx(before, abs=0.001)


def test_rows_that_weigh_nothing_are_measured_and_not_refused(two):
    two.set_params(train={"review_weight": 0})
    highlights, others = stretches(two)
    judge(two, dict.fromkeys(highlights, 0) | dict.fromkeys(others, 1))
    two.stages("build_dataset")
    assert REFUSED not in two.succeed("python", "-m", "stages.train")
    assert "review_ap" in json.loads(two.read("models/live/details.json"))


def test_stretches_of_a_vod_are_measured_by_what_others_taught(two):
    rows = ["vods/other.mp4,1,2,0\n", "vods/other.mp4,3,4,1\n"]
    two.write(LABELS, two.read(LABELS) + "".join(rows))
    groups = {"": {"vods/other.mp4@0"}, "vods/*,monday\n": {"monday"}}
    for content, expected in groups.items():
        two.write("data/tiny/groups.csv", "video,group\n" + content)
        for stage in ("extract_excerpts", "build_dataset"):
            assert two.stage(stage).returncode == 0
        of_vod = [row["group"] for row in table(two, "data/dataset/index.csv") if "@" in row["clip"]]
        assert set(of_vod) == expected


def test_a_person_may_ask_for_more_than_three_times_the_expected_share(two):
    def seconds(**select) -> float:
        two.set_params(select=select)
        assert two.stage("select", "demo").returncode == 0
        return sum(float(row["end"]) - float(row["start"]) for row in table(two, "data/cuts/demo.csv"))

    two.write(
        "data/timelines/demo.csv", "time,probability\n" + "".join(f"{n / 4},{0.9 - n / 200}\n" for n in range(96))
    )
    assert seconds(max_times_prevalence=3) <= 3 * 0.05 * SECONDS
    assert seconds(max_times_prevalence=None) > 10
    assert seconds(max_times_prevalence=3, threshold=0.5) > 10


def test_a_threshold_that_was_raised_is_drawn(two):
    two.write(
        "data/timelines/demo.csv", "time,probability\n" + "".join(f"{n / 4},{0.9 - n / 200}\n" for n in range(96))
    )

    def drawn() -> bytes:
        assert two.stage("evaluate").returncode == 0
        return (two.folder / "reels/timelines/demo.png").read_bytes()

    with served(two) as server:
        threshold = server.get("/api/vods/demo")["threshold"]
    assert f"to {threshold:.2f}, because" in two.stage("select", "demo").stdout
    raised = drawn()
    two.set_params(select={"threshold": threshold})
    assert drawn() == raised
    two.set_params(select={"threshold": threshold - 0.1})
    assert drawn() != raised
