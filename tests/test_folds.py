"""Clips are dealt into folds, and the first few are a fair sample."""

import pytest

from autotosis.model import folds


@pytest.mark.parametrize("seed", range(20))
def test_a_clip_added_moves_no_other_to_another_fold(seed):
    groups = {f"clip {number}": {0, 1} if number % 3 else {0} for number in range(36)}
    before = folds.assign(groups, 6, seed)
    after = folds.assign(groups | {"one more": {0, 1}, "and calm": {0}}, 6, seed)
    assert {group: after[group] for group in groups} == before
    assert len(set(before.values())) > 3


def test_few_groups_are_dealt_so_that_both_labels_are_learned_from():
    groups = {"a": {0, 1}, "b": {0, 1}, "c": {0}}
    for seed in range(20):
        fold_of = folds.assign(groups, 6, seed)
        for fold in set(fold_of.values()):
            assert set().union(*(groups[group] for group in groups if fold_of[group] != fold)) == {0, 1}
    assert folds.assign({"a": {0, 1}, "b": {0}}, 6, 0) is None
    assert folds.assign({"a": {0, 1}}, 6, 0) is None


def test_two_groups_with_highlights_are_enough_for_as_many_folds_as_asked_for():
    groups = {f"clip {number}": {0, 1} if number < 2 else {0} for number in range(36)}
    for seed in range(50):
        fold_of = folds.assign(groups, 6, seed)
        assert fold_of["clip 0"] != fold_of["clip 1"]
        assert len(set(fold_of.values())) <= 6


@pytest.mark.parametrize("seed", range(10))
def test_the_first_few_clips_are_a_fair_sample(seed):
    clips = {f"clip {number}": number % 3 > 0 for number in range(36)}
    order = folds.in_random_order(clips, seed)
    assert sorted(order) == sorted(clips)
    for count in (2, 4, 8, 16, 24):
        assert sum(clips[clip] for clip in order[:count]) == pytest.approx(count * 2 / 3, abs=1)
    assert order != folds.in_random_order(clips, seed + 100)
