"""Bootstrap over people: one draw for all, plain loops, how often its intervals hold the truth."""

import numpy as np
import pytest
from scipy.stats import norm

from maskbench.metrics import bootstrap
from maskbench.metrics.bootstrap import People, interval
from maskbench.recognition.intervals import pair_replicates


def test_draws_depend_on_the_seed_and_the_people_alone():
    names = np.array(["ben", "ann", "carl"] * 4)
    one, other = People.drawn(names, 50, seed=7), People.drawn(sorted(names), 50, seed=7)
    assert (one.draws == other.draws).all() and one.draws.shape == (50, 3)
    assert (one.draws.sum(1) == 3).all()
    assert list(one.person[:3]) == [1, 0, 2] and one.count == 3
    assert (People.drawn(names, 50, seed=8).draws != one.draws).any()


def test_other_people_are_drawn_independently():
    one, other = (People.drawn([f"{f}{i}" for i in range(8)], 4000, 0).draws for f in "ab")
    assert abs(np.corrcoef(one[:, 0], other[:, 0])[0, 1]) < 0.06
    assert one[:, 0].mean() == pytest.approx(1, abs=0.06)


def test_equals_plain_loops_over_people_who_were_drawn():
    """Every drawn person's pictures, in all styles, are written out as often as they were drawn."""
    rng = np.random.default_rng(0)
    names = rng.choice(["ann", "ben", "carl", "dora", "emil"], 60)
    values = np.where(rng.random(60) < 0.1, np.nan, rng.normal(size=60))
    people = People.drawn(names, 200, seed=3)
    different = sorted(set(names))
    for draw, found in zip(people.draws, people.means(values), strict=True):
        written = []
        for name, times in zip(different, draw, strict=True):
            for _ in range(int(times)):
                for value, who in zip(values, names, strict=True):
                    if who == name and not np.isnan(value):
                        written.append(value)
        assert found == pytest.approx(sum(written) / len(written))


def test_resamples_a_few_at_a_time_are_the_same_ones(monkeypatch):
    names, values = np.repeat(np.arange(40), 3), np.random.default_rng(0).normal(size=120)
    whole = People.drawn(names, 50, 1)
    means = whole.means(values)
    monkeypatch.setattr(bootstrap, "_HELD", 280)  # seven resamples of 40 people
    parts = People.drawn(names, 50, 1)
    assert (parts.draws == whole.draws).all()
    np.testing.assert_allclose(parts.means(values), means, rtol=1e-13)


def test_some_pictures_by_the_same_draw():
    names, values = np.repeat(list("abcd"), 5), np.arange(20.0)
    people, rows = People.drawn(names, 300, 0), np.arange(0, 10)
    some = people.of(rows)
    assert some.count == 2
    alone = np.where(np.isin(np.arange(20), rows), values, np.nan)
    np.testing.assert_array_equal(some.means(values[rows]), people.means(alone))
    assert np.isnan(some.means(values[rows])).any()  # neither of both was drawn


def test_the_interval_by_hand():
    """Eight people: t(7) = 2.36462, so the ends of the percentile interval, 0.125 and 4.875 of
    0 .. 5, move to sqrt(8 / 7) * 2.36462 / 1.95996 = 1.28976 times their distance from 2."""
    found = interval(2.0, np.linspace(0, 5, 201), 8)
    assert found == pytest.approx((2 - 1.875 * 1.28976, 2 + 2.875 * 1.28976), abs=1e-4)
    # Forty people in five folds: t(35) = 2.03011, sqrt(40 / 35).
    found = interval(2.0, np.linspace(0, 5, 201), 40, folds=5)
    assert found == pytest.approx((2 - 1.875 * 1.10729, 2 + 2.875 * 1.10729), abs=1e-4)


def test_no_interval_without_replicates_or_people():
    assert interval(1.0, np.empty(0), 8) is None
    assert interval(1.0, np.array([np.nan, 1.0]), 8) is None
    assert interval(1.0, np.arange(9.0), 1) is None
    assert interval(1.0, np.arange(9.0), 5, folds=5) is None


@pytest.mark.parametrize(("people", "folds"), [(40, 1), (40, 5), (8, 1)])
def test_intervals_hold_the_truth_as_often_as_they_say(people, folds):
    """People differ as much as their ten pictures do. Pictures for people would hold it in 66%."""
    rng = np.random.default_rng(people + folds)
    fold = np.repeat(np.arange(folds), people // folds)
    drawn = [People.drawn(np.repeat(np.flatnonzero(fold == f), 10), 500, 0) for f in range(folds)]
    inside = 0
    for _ in range(1000):
        values = rng.normal(0, 1, (people, 1)) + rng.normal(0, 1, (people, 10))
        means = [one.means(values[fold == f].ravel()) for f, one in enumerate(drawn)]
        low, high = interval(values.mean(), np.mean(means, 0), people, folds)
        inside += low <= 0 <= high
    assert 0.93 <= inside / 1000 <= 0.97


def test_pictures_in_place_of_people_would_not():
    rng = np.random.default_rng(0)
    drawn, inside = People.drawn(np.arange(400), 200, 0), 0
    for _ in range(500):
        values = (rng.normal(0, 1, (40, 1)) + rng.normal(0, 1, (40, 10))).ravel()
        low, high = interval(values.mean(), drawn.means(values), 400)
        inside += low <= 0 <= high
    assert inside / 500 < 0.75


def test_intervals_of_an_auc_hold_the_truth():
    """Forty people. A genuine score has its person's effect, an impostor score that of both: AUC =
    P(genuine > impostor) = Phi(1.5 / sqrt(1 + 0.25 + 2 * 0.25 + 0.25))."""
    rng = np.random.default_rng(1)
    truth = norm.cdf(1.5 / np.sqrt(1 + 0.25 + 2 * 0.25 + 0.25))
    a, b = np.triu_indices(40, 1)
    first = np.concatenate([np.repeat(np.arange(40), 3), a])
    second = np.concatenate([np.repeat(np.arange(40), 3), b])
    same = first == second
    draws, inside = People.drawn(np.arange(40), 150, 0).draws, 0
    for _ in range(250):
        own, other = rng.normal(1.5, 1, 40), rng.normal(0, 0.5, 40)
        scores = np.where(same, own[first], other[first] + other[second])
        scores = scores + rng.normal(0, 0.5, len(scores))
        genuine, impostor = scores[same], np.sort(scores[~same])
        auc = np.searchsorted(impostor, genuine).mean() / len(impostor)
        found = pair_replicates(scores, same, first, second, draws)["auc"]
        low, high = interval(auc, found, 40)
        inside += low <= truth <= high
    assert 0.92 <= inside / 250 <= 0.98
