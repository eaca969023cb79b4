"""A model that is fitted to one VOD: what is usual in it counts as calm."""

import numpy as np
import pytest

from autotosis.cuts import selection
from autotosis.model import examples, labelled_moments, linear, vod_model
from autotosis.model.cross_validation import OutOfFold
from autotosis.model.examples import Clip
from autotosis.model.labelled_moments import Labelled
from autotosis.model.model_file import Card
from autotosis.scan import two_pass
from autotosis.signals import context, features
from autotosis.signals.face import FACE
from tests.helpers import ROOT, Project, load_params

CARD = Card(
    architecture=None,
    extract={},
    code=context.VERSION,
    l2=100.0,
    prevalence=0.05,
    own_vods=[],
)
# The first column of the sound, which tells how loud it is.
LOUDNESS = features.AUDIO_COLUMNS.start
FACE_COLUMNS = features.columns(FACE)
# Which of the 3000 moments of a VOD are in its five highlights.
HIGHLIGHTS = np.arange(3000) % 600 // 20 == 15


def known(chance: np.random.Generator, count: int) -> Labelled:
    """Make labelled moments of which the loud ones are highlights."""
    values = chance.normal(size=(count, len(context.WINDOWS), features.COLUMNS)).astype(np.float32)
    labels = np.arange(count) % 2
    values[labels == 1, :, LOUDNESS] += 2
    ones = np.ones(count)
    baselines = np.zeros((count, features.COLUMNS - features.AUDIO_COLUMNS.start))
    return Labelled(values, baselines, labels, ones, np.arange(count) // 2 % 4, ones > 0, 0 * ones, 0 * ones - 1)


def clip(name: str, labels: np.ndarray) -> Clip:
    """Make a clip, or an excerpt of a VOD, in which each moment is labelled."""
    values = np.zeros((len(labels), features.COLUMNS), np.float32)
    return Clip(name, name, None, values, values[:, features.AUDIO_COLUMNS], np.arange(len(labels)), labels)


def clips_and_vod(clips: float, vod: float | np.ndarray) -> tuple[Labelled, np.ndarray]:
    """Make labelled moments, and the signals of a VOD, with highlights that stand out by this much in all signals."""
    chance = np.random.default_rng(7)
    labelled = known(chance, 400)
    labelled.contexts[labelled.labels == 1] += clips
    values = chance.normal(size=(3000, features.COLUMNS)).astype(np.float32) * 0.3
    values[HIGHLIGHTS] += vod
    return labelled, values


def find(labelled: Labelled, values: np.ndarray) -> np.ndarray:
    """Return which moments of a VOD reach the decision threshold: bool of shape (moments,)."""
    everywhere, nothing = np.full(len(values), True), np.zeros(len(values))
    return vod_model.score(labelled, values, everywhere, nothing, nothing, 10.0, CARD) >= selection.THRESHOLD


def check_found(labelled: Labelled, values: np.ndarray) -> None:
    """Assert that a part of each of HIGHLIGHTS is found, and nothing else."""
    found = find(labelled, values)
    assert found[HIGHLIGHTS].reshape(5, 20).any(axis=1).all()
    assert not found[~HIGHLIGHTS].any()


def test_what_is_usual_in_a_vod_is_calm_there():
    """A streamer is always as loud as the highlights of others, so only the other signal of highlights may count."""
    chance = np.random.default_rng(7)
    others = known(chance, 400)
    others.contexts[others.labels == 1, :, 2] += 1
    usual = chance.normal(size=(2000, len(context.WINDOWS), features.COLUMNS)).astype(np.float32)
    usual[:, :, LOUDNESS] += 2
    highlight = usual.copy()
    highlight[:, :, 2] += 1
    alone = linear.fit(others.contexts, others.labels, 1)
    beside = vod_model.learn(others, usual, 0.05, 1)
    false = [(fitted.logits_of(usual) > np.median(fitted.logits_of(highlight))).mean() for fitted in (alone, beside)]
    assert false[1] < false[0] / 2
    assert vod_model.score_out_of_fold(others, usual, 0.05, 1).shape == (200,)


def test_highlights_that_differ_from_those_of_the_clips_are_found_if_they_stand_out():
    """They are nearer to calm than those of the clips, but nothing else in the VOD is like them."""
    check_found(*clips_and_vod(2, 1.2))


def test_clear_highlights_of_a_vod_help_to_find_a_faint_one():
    check_found(*clips_and_vod(1, np.repeat([1, 1, 1, 1, 0.4], 20)[:, None]))


def test_a_vod_that_is_too_short_to_show_what_is_calm_is_judged_by_the_clips():
    others = known(np.random.default_rng(7), 400)
    highlight = others.contexts[1:2]
    assert vod_model.learn_kernel(others, highlight, 0.05).logits_of(highlight) > 0


def test_where_nothing_is_like_a_highlight_nothing_is_found():
    """Highlights of the clips may be faint, and then a few moments of any VOD resemble the faintest of them."""
    chance = np.random.default_rng(7)
    others = known(chance, 400)
    others.contexts[others.labels == 1, :, LOUDNESS] -= chance.uniform(1, 2, size=(200, 1))
    values = chance.normal(size=(3000, features.COLUMNS)).astype(np.float32) * 0.6
    assert not find(others, values).any()


def test_where_highlights_look_like_all_else_hardly_anything_is_found():
    chance = np.random.default_rng(7)
    others = known(chance, 400)
    others.contexts[:] = chance.normal(size=others.contexts.shape)
    assert find(others, chance.normal(size=(3000, features.COLUMNS)).astype(np.float32)).mean() < 0.02


def test_what_is_less_like_a_highlight_than_most_of_the_clips_is_not_found():
    """Nothing else in the VOD stands out as much."""
    others, values = clips_and_vod(1, 1)
    values[np.roll(HIGHLIGHTS, 200)] += 0.3
    check_found(others, values)


@pytest.mark.parametrize("lacking", ["the VOD", "half of the VOD", "the clips", "most of the clips"])
def test_where_a_signal_is_missing_the_others_tell_highlights(lacking):
    """Otherwise the model learns that moments without the signal are calm, or that those with it are."""
    others, values = clips_and_vod(1, 1)
    gaps = {"the VOD": values, "half of the VOD": values[:1500], "the clips": others.contexts}
    gap = (gaps | {"most of the clips": others.contexts[:390]})[lacking]
    gap[..., features.AUDIO_COLUMNS] = np.nan
    check_found(others, values)


def test_where_hardly_any_face_is_seen_only_the_sound_counts(capsys):
    labelled, values = clips_and_vod(1.0, 2.0)
    picture = values[:, features.VISUAL_COLUMNS]
    assert (two_pass.visible(picture, labelled, 10.0, "demo") == picture).all()
    assert not capsys.readouterr().out
    picture[np.arange(3000) % 20 > 0, FACE_COLUMNS] = np.nan
    # For the first minute, a face is seen.
    partly = picture.copy()
    partly[:600] = 0
    left = two_pass.visible(partly, labelled, 10.0, "demo")
    assert (left[:300] == 0).all() and np.isnan(left[900:]).all()
    assert not capsys.readouterr().out
    assert np.isnan(two_pass.visible(picture, labelled, 10.0, "demo")).all()
    assert "demo: hardly any face is found" in capsys.readouterr().out
    # For some streamers, faces are not found in the clips either.
    labelled.contexts[:, :, FACE_COLUMNS] = np.nan
    assert two_pass.visible(picture, labelled, 10.0, "demo") is picture


def test_sound_is_hidden_as_often_as_the_vod_lacks_it_and_the_picture_as_often_as_where_it_was_looked_at():
    """A scan looks at all of the time that is muted, and elsewhere at little, so there sound is missing more often."""
    others = known(np.random.default_rng(7), 2000)
    unlabelled = np.zeros((1000, *others.contexts.shape[1:]), np.float32)
    unlabelled[:100, :, features.AUDIO_COLUMNS] = np.nan
    unlabelled[200:, :, features.VISUAL_COLUMNS] = np.nan
    looked_at = unlabelled[:200].copy()
    looked_at[:60, :, features.VISUAL_COLUMNS] = np.nan
    hidden = np.isnan(vod_model.with_gaps(others, looked_at, unlabelled).contexts).mean(axis=(0, 1))
    assert hidden[features.AUDIO_COLUMNS] == pytest.approx(0.1, abs=0.03)
    assert hidden[features.VISUAL_COLUMNS] == pytest.approx(0.3, abs=0.03)


def test_rows_that_only_their_own_vod_learns_from_do_not_share_their_weight_with_other_vods():
    clips = [clip(f"{number}.mp4", np.arange(50) % 2) for number in range(4)]
    rows = [clip(f"vods/{vod}.mp4@{start}.000-{start + 5}.000", np.ones(50, int)) for start in (0, 9) for vod in "ab"]
    settings, nothing = load_params(Project(ROOT)), np.zeros(200)
    out_of_fold = OutOfFold(nothing, np.tile(np.arange(50) % 2, 4), np.repeat(np.arange(4), 50), nothing > 0)
    learned, vods = labelled_moments.collect(clips, rows, settings, out_of_fold, nothing)
    assert vods == ["vods/a.mp4", "vods/b.mp4"]
    for vod in vods:
        own = learned.for_vod(vods, f"data/tiny/{vod}")
        assert own.weights[own.vod == labelled_moments.EVERY].tolist() == [1] * 200
        # The highlights of the clips weigh 100.
        assert own.weights[own.vod != labelled_moments.EVERY].sum() == pytest.approx(settings.train.review_weight * 100)


@pytest.mark.parametrize(
    ("highlights", "calm", "weight_of_calm"), [(0, 5, 5), (0, 200, 10), (20, 200, 20), (200, 200, 30), (200, 20, 20)]
)
def test_judgements_that_call_nearly_all_calm_weigh_less(highlights, calm, weight_of_calm):
    # The calm moments of the clips weigh 100, and so do their highlights.
    clips = [clip("a.mp4", np.repeat([0, 1], 100))]
    judged = [
        clip("vods/a.mp4@0.000-9.000", np.zeros(calm, int)),
        clip("vods/a.mp4@9.000-20.000", np.ones(highlights, int)),
    ]
    weights = examples.weights(clips + judged, 0.3)
    assert (weights[:200] == 1).all()
    assert weights[200:][:calm].sum() == pytest.approx(weight_of_calm)
    assert weights[200 + calm :].sum() == pytest.approx(min(highlights, 30))


def test_where_much_is_written_moments_that_sound_calm_are_looked_at_too():
    chance = np.random.default_rng(7)
    others = known(chance, 400)
    values, chat = chance.normal(size=(3000, features.COLUMNS)).astype(np.float32), np.zeros(3000)
    calm = np.flatnonzero(~two_pass.in_doubt(others, values, chat, 10.0, CARD))[::100]
    assert len(calm) > 10
    chat[calm] = 20
    assert two_pass.in_doubt(others, values, chat, 10.0, CARD)[calm].all()
