"""The chat of a VOD counts as much as the judged rows about VODs with chat say."""

import json
from pathlib import Path

import numpy as np
import pytest

from autotosis.annotations.chat import read_chat
from autotosis.model import chat_weight, metrics
from autotosis.project.errors import UserError
from autotosis.signals import chat_rate
from benchmarks import ablation
from tests import videos
from tests.helpers import LABELS, Project, assert_user_error, build_once, copy_of, cut

# Something loud happens twice, for four seconds. Which of it is a highlight, only the audience says.
EVENTS, LENGTH, DURATION = (20, 80), 4, 130
DELAY = 15


def loud(time):
    return (time - EVENTS[0]) % (EVENTS[1] - EVENTS[0]) < LENGTH


def comments(highlight: int) -> str:
    """Make a chat of TwitchDownloader: a message a second, and ten a second while the audience reacts."""
    times = [*range(DURATION), *(highlight + DELAY + number / 10 for number in range(10 * LENGTH))]
    messages = [{"content_offset_seconds": time, "message": {"body": "wow ✨"}} for time in times]
    return json.dumps({"comments": messages}, ensure_ascii=False)


@pytest.fixture(scope="session")
def learned(tmp_path_factory, built) -> Project:
    """What `streams` is a copy of. Tests must not change it."""
    return Project(build_once(tmp_path_factory, "streams", lambda folder: learn(copy_of(built, folder))))


@pytest.fixture
def streams(learned, tmp_path) -> Project:
    """A project with two VODs in which the same happens: `other`, which is judged and has a chat, and `own`."""
    return copy_of(learned, tmp_path / "project")


def learn(project: Project) -> None:
    """Add the two VODs, and learn from the judged one."""
    folder, halves = project.folder / "data/tiny/vods", videos.grey(0)
    halves[:, :32] = 255
    videos.write(
        folder / "own.mp4",
        [frame / 4 for frame in range(4 * DURATION)],
        lambda time: np.roll(halves, 8 * (loud(time) and time % 1 < 0.5), axis=1),
        lambda times: 0.3 * np.sin(2 * np.pi * 300 * times) * loud(times),
        DURATION,
    )
    (folder / "other.mp4").write_bytes((folder / "own.mp4").read_bytes())
    project.write("data/tiny/vods/other.chat.json", comments(EVENTS[0]))
    rows = [f"vods/other.mp4,{start},{start + LENGTH},{int(start == EVENTS[0])}\n" for start in EVENTS]
    project.append(LABELS, "".join(rows))
    # The two rows contradict each other for the model without chat, which must not be worse for them.
    project.set_params(vods={"own": "vods/own.mp4"}, train={"review_weight": 0.001}, predict={"scan": "dense"})
    project.stages("extract_excerpts", "build_dataset", "train", "find_facecams own")


def test_the_chat_decides_between_moments_that_look_and_sound_alike(streams):
    learned = json.loads(streams.read("models/live/details.json"))
    assert learned["chat_delay"] == pytest.approx(DELAY, abs=5)
    assert learned["chat_weight"] > 0.2
    for highlight in EVENTS:
        streams.write("data/tiny/vods/own.chat.json", comments(highlight))
        streams.stages("predict own")
        # There is time for one of them.
        (segment,) = cut(streams, threshold=0.05, max_times_prevalence=None, max_duration=LENGTH + 2)
        assert segment["start"] == pytest.approx(highlight, abs=1)
    streams.write("data/tiny/vods/own.chat.json", "[1, 2")
    assert_user_error(streams.stage("predict", "own"), "data/tiny/vods/own.chat.json", "not a chat", "save it again")


def test_rows_without_weight_teach_nothing_about_the_chat(streams):
    assert "chat_weight" in json.loads(streams.read("models/live/details.json"))
    streams.set_params(train={"review_weight": 0})
    streams.stages("train")
    assert "chat_weight" not in json.loads(streams.read("models/live/details.json"))


def test_a_chat_of_which_nothing_is_learned_changes_nothing(project):
    results = ("models", "data/excerpts", "data/timelines")
    before = project.digests(*results)
    project.write("data/tiny/vods/demo.chat.json", comments(2))
    assert set(project.repro("predict@demo")) == {"configure", "extract_excerpts", "predict@demo"}
    assert project.digests(*results) == before
    assert project.repro("predict@demo") == []


def rows(levels: list[float], labels: list[int]) -> chat_weight.Rows:
    every_delay = np.repeat(np.array(levels)[:, None], len(chat_rate.DELAYS), axis=1)
    return chat_weight.Rows(every_delay, np.array(labels), np.zeros(len(labels)))


@pytest.mark.parametrize(
    ("levels", "labels"),
    [([], []), ([1.0, 2.0], [1, 1]), ([0.0, 0.0], [0, 1]), ([1.0, 0.0, 1.0], [0, 1, 0])],
    ids=["no rows", "one label", "nothing written", "silence at highlights"],
)
def test_without_evidence_the_chat_weighs_nothing(levels, labels):
    assert chat_weight.learn(rows(levels, labels)) == chat_weight.NONE
    assert not chat_weight.NONE.logits(np.arange(60.0), np.arange(60.0)).any()


def test_the_delay_is_learned():
    labels = np.arange(40) % 2
    levels = np.outer(labels, np.exp(-(((np.array(chat_rate.DELAYS) - 35) / 10) ** 2)))
    judged = chat_weight.Rows(levels, labels, np.zeros(40))
    assert chat_weight.learn(judged).delay == 35
    scored = ablation.score_chat(judged, np.array(["a", "b", "b", "a"] * 10))
    assert metrics.average_precision(labels, scored) == 1


def test_more_rows_weigh_more():
    few, many = (chat_weight.learn(rows([1.0, 0.0, 0.0, 1.0, 0.0] * n, [1, 0, 0, 1, 1] * n)) for n in (1, 20))
    assert 0 < few.weight < many.weight < 5


def test_the_level_is_relative_to_what_is_usual_and_zero_where_nothing_is_known():
    messages = np.sort(np.concatenate([np.arange(100.0, 1000.0, 0.1), np.arange(500.0, 600.0, 0.1)]))
    levels = chat_rate.levels(messages, np.array([0.0, 300.0, 550.0, 995.0, 2000.0]))
    assert levels == pytest.approx([0, 0, np.log(2), 0, 0], abs=0.03)
    assert not chat_rate.levels(np.zeros(0), np.arange(3.0)).any()
    assert np.isfinite(chat_rate.levels(np.array([5.0]), np.arange(10.0))).all()


def action(seconds: float, live: bool = False, kind: str = "addChatItemAction") -> str:
    """Make a line of what yt-dlp saves of YouTube."""
    time = {"videoOffsetTimeMsec": str(round(seconds * 1000))}
    actions = {"actions": [{kind: {"item": {"liveChatTextMessageRenderer": {"message": "\x85ö"}}}}]}
    line = {"replayChatItemAction": actions} | time if live else {"replayChatItemAction": actions | time}
    return json.dumps(line, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("live", [False, True])
def test_the_chat_that_yt_dlp_saves(tmp_path, live):
    path = tmp_path / "a.live_chat.json"
    others = action(3, live, "markChatItemAsDeletedAction") + '{"clickTrackingParams": "x"}\n'
    path.write_text(action(-5, live) + action(0, live) + action(62.5, live) + others + action(2, live), "utf-8")
    assert read_chat(path).tolist() == [2, 62.5]


def test_the_chat_that_twitchdownloader_saves(tmp_path):
    path = tmp_path / "a.chat.json"
    path.write_text("\ufeff" + json.dumps(json.loads(comments(10)), indent=2), "utf-8")
    assert len(read_chat(path)) == DURATION - 1 + 10 * LENGTH
    path.write_text('{"comments": []}')
    assert read_chat(path).tolist() == read_chat(None).tolist() == []


MALFORMED = {
    "empty": "",
    "a list": "[]",
    "no comments": "{}",
    "comments that are none": '{"comments": [1]}',
    "no time": '{"comments": [{"message": {}}]}',
    "no number": '{"comments": [{"content_offset_seconds": "soon"}]}',
    "infinite": '{"comments": [{"content_offset_seconds": Infinity}]}',
    "no recording is so long": '{"comments": [{"content_offset_seconds": 1e12}]}',
    "an integer that is too large": f'{{"comments": [{{"content_offset_seconds": 1{"0" * 400}}}]}}',
    "deep": "[" * 100_000,
    "half a line": action(1) + action(2)[:40],
    "no time of an action": action(1).replace("videoOffsetTimeMsec", "x"),
    "an action that is none": '{"replayChatItemAction": 5}',
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_chat_is_refused_by_a_sentence(tmp_path, name):
    path = tmp_path / "a.chat.json"
    path.write_text(MALFORMED[name])
    with pytest.raises(UserError, match=r"a\.chat\.json: not a chat .* save it again or remove it"):
        read_chat(path)


def test_a_chat_is_a_regular_file_and_not_too_large(tmp_path):
    path = tmp_path / "a.chat.json"
    with path.open("wb") as file:
        file.truncate(600_000_000)
    with pytest.raises(UserError, match="larger than 500 MB"):
        read_chat(path)
    with pytest.raises(UserError, match="not a regular file"):
        read_chat(Path("/dev/zero"))
