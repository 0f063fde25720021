"""Thresholds and folds against brute force; leaks would be seen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.recognition.verification import (
    best_threshold,
    fold_decisions,
    folds_within,
    identity_folds,
)

pairs = st.lists(st.tuples(st.integers(-3, 5), st.booleans()), min_size=1, max_size=30)


def accuracy_at(scores, same, threshold):
    return ((scores >= threshold) == same).mean()


@settings(max_examples=200, deadline=None)
@given(pairs=pairs)
def test_no_threshold_is_better(pairs):
    scores, same = (np.array(column) for column in zip(*pairs, strict=True))
    found = best_threshold(scores / 4, same)
    every = [-np.inf, *(np.unique(scores) / 4), np.inf]
    assert found.accuracy == max(accuracy_at(scores / 4, same, t) for t in every)
    assert accuracy_at(scores / 4, same, found.value) == found.accuracy


def test_the_threshold_lies_half_way_and_neighbouring_floats_are_told_apart():
    assert best_threshold(np.array([0.2, 0.6]), np.array([False, True])).value == pytest.approx(0.4)
    close = np.array([1.0, np.nextafter(1.0, 2)])
    found = best_threshold(close, np.array([False, True]))
    assert accuracy_at(close, np.array([False, True]), found.value) == 1


@pytest.mark.parametrize("scores", [[], [np.nan], [np.inf]])
def test_scores_that_are_none_are_refused(scores):
    with pytest.raises(ValueError):
        best_threshold(np.array(scores), np.zeros(len(scores), bool))


@settings(max_examples=50, deadline=None)
@given(
    ties=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=40, max_size=120),
    seed=st.integers(0, 99),
)
def test_no_person_of_a_fold_chooses_its_threshold(ties, seed):
    first, second = np.array(ties).T
    if len(np.unique(first)) < 10:
        return
    folds = identity_folds(first, second, 10, seed)
    assert set(folds.fold) == set(range(10))
    for fold, apart in enumerate(folds.apart):
        people = set(first[folds.fold == fold])
        assert not people & (set(first[apart]) | set(second[apart]))
        # and every other pair does
        rest = [a not in people and b not in people for a, b in ties]
        assert apart.tolist() == rest


def test_a_leak_between_folds_would_be_seen():
    """Scores that know their own fold's pairs: the best threshold on all pairs is right everywhere,
    one chosen on other people is right for half."""
    people = np.repeat(np.arange(20), 10)
    same = np.tile([True, False], 100)
    partner = np.where(same, people, people + 100)
    # Odd people: genuine 1, impostors 0. Even: genuine 3, impostors 2 - 0.5 would accept them.
    scores = same + 2.0 * (people % 2 == 0)
    folds = identity_folds(people, partner, 10, 0)
    expected = []
    for fold in range(10):
        own, rest = folds.fold == fold, folds.apart[fold]
        expected.append(
            accuracy_at(scores[own], same[own], best_threshold(scores[rest], same[rest]).value)
        )
    right = fold_decisions(scores, same, folds)
    assert [right[folds.fold == fold].mean() for fold in range(10)] == expected
    assert np.mean(expected) < 0.8


def test_shuffled_labels_give_chance():
    rng = np.random.default_rng(0)
    people = rng.integers(0, 40, 4000)
    same = rng.random(4000) < 0.5
    partner = np.where(same, people, (people + 1) % 40)
    found = fold_decisions(rng.normal(size=4000), same, identity_folds(people, partner, 10, 0))
    assert abs(found.mean() - 0.5) < 0.03


def test_people_of_two_folds_never_meet_and_kinds_are_balanced():
    people = np.repeat(np.arange(12), 4)
    a, b = np.triu_indices(len(people), 1)
    first, second = people[a], people[b]
    same = first == second
    folds = folds_within(first, second, same, 3, 5)
    members = [
        set(first[folds.fold == fold]) | set(second[folds.fold == fold]) for fold in range(3)
    ]
    assert [len(group) for group in members] == [4, 4, 4]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not members[one] & members[other]
    for fold, apart in enumerate(folds.apart):
        own = folds.fold == fold
        assert (same & own).sum() == (~same & own).sum() == 4 * 6
        assert not (set(first[apart]) | set(second[apart])) & members[fold]
        assert apart.sum() == 2 * 48
    assert (folds.fold[same] >= 0).all()  # no genuine pair is left out
    again = folds_within(first, second, same, 3, 5)
    assert np.array_equal(again.fold, folds.fold)
    with pytest.raises(ValueError, match="two a fold"):
        folds_within(first, second, same, 7, 5)


def test_folds_stay_balanced_where_impostors_are_few():
    """As after drawing from too many pairs: chance must stay chance."""
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(20), 30)
    a, b = np.triu_indices(len(people), 1)
    same = people[a] == people[b]
    kept = same | (rng.random(len(a)) < 0.01)
    first, second, same = people[a][kept], people[b][kept], same[kept]
    folds = folds_within(first, second, same, 10, 0)
    tested = folds.fold >= 0
    assert same[tested].mean() == 0.5
    right = fold_decisions(rng.normal(size=len(first)), same, folds)[tested]
    assert abs(right.mean() - 0.5) < 0.15


def test_too_few_people_are_named():
    with pytest.raises(ValueError, match="3 people do not fill 10 folds"):
        identity_folds(np.array([1, 2, 3]), np.array([1, 2, 3]), 10, 0)
