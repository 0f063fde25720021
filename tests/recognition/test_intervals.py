"""Weighted metrics against the same metrics on pairs written out as often as they were drawn."""

import numpy as np
import pytest

from maskbench.metrics.bootstrap import People, interval
from maskbench.recognition import intervals
from maskbench.recognition.intervals import pair_replicates
from maskbench.recognition.roc import roc_of
from maskbench.recognition.verification import best_threshold

FARS = (1e-1, 1e-2)


def drawn(people, resamples, seed):
    return People.drawn(np.arange(people), resamples, seed).draws


def collection(seed, people=6, ties=True):
    rng = np.random.default_rng(seed)
    first, second = np.repeat(np.arange(people), people), np.tile(np.arange(people), people)
    same = first == second
    scores = rng.normal(size=len(same)) + same
    return (np.round(scores, 1) if ties else scores), same, first, second


@pytest.mark.parametrize("held", [20_000_000, 100])
@pytest.mark.parametrize("seed", range(4))
def test_equals_the_metrics_of_repeated_pairs(monkeypatch, seed, held):
    monkeypatch.setattr(intervals, "_HELD", held)
    scores, same, first, second = collection(seed)
    draws = drawn(6, 25, seed)
    found = pair_replicates(scores, same, first, second, draws, FARS)
    assert list(found) == [
        "auc",
        "eer",
        "accuracy_best_threshold",
        "tar_at_far_1e-1",
        "tar_at_far_1e-2",
    ]
    for b, draw in enumerate(draws.astype(int)):
        times = np.where(same, draw[first], draw[first] * draw[second])
        written, truth = np.repeat(scores, times), np.repeat(same, times)
        if truth.all():
            assert np.isnan(found["auc"][b])
            continue
        roc = roc_of(written[truth], written[~truth])
        assert found["auc"][b] == pytest.approx(roc.auc())
        assert found["eer"][b] == pytest.approx(roc.eer())
        best = best_threshold(written, truth).accuracy
        assert found["accuracy_best_threshold"][b] == pytest.approx(best)
        for far in FARS:
            value = found[f"tar_at_far_{far:.0e}".replace("e-0", "e-")][b]
            if roc.resolves(far):
                assert value == pytest.approx(roc.tar_at(far))
            else:
                assert np.isnan(value)


def test_everybody_once_is_the_metric_itself():
    scores, same, first, second = collection(9, people=20, ties=False)
    found = pair_replicates(scores, same, first, second, np.ones((1, 20)), FARS)
    roc = roc_of(scores[same], scores[~same])
    assert found["auc"][0] == pytest.approx(roc.auc())
    assert found["tar_at_far_1e-2"][0] == roc.tar_at(1e-2)


def test_the_interval_is_wider_than_one_of_independent_pairs():
    """Scores that depend on the person: the pairs of a person are one observation."""
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(15), 40)
    same = np.tile([True, False], 300)
    scores = rng.normal(size=15)[person] * 2 + rng.normal(size=600) * 0.1 + same
    partner = np.where(same, person, 15 + person)  # partners of their own
    by_person = pair_replicates(scores, same, person, partner, drawn(30, 400, 0))
    row = np.arange(600)
    by_pair = pair_replicates(
        scores, same, row, np.where(same, row, 600), np.c_[drawn(600, 400, 0), np.ones(400)]
    )
    low, high = interval(0.7, by_person["auc"], 30)
    narrow = interval(0.7, by_pair["auc"], 600)
    assert high - low > 2 * (narrow[1] - narrow[0])


def test_no_resamples_give_numbers_without_an_interval():
    scores, same, first, second = collection(0)
    found = pair_replicates(scores, same, first, second, drawn(6, 0, 0), FARS)
    assert set(found) == {
        "auc", "eer", "accuracy_best_threshold", "tar_at_far_1e-1", "tar_at_far_1e-2",
    }  # fmt: skip
    assert all(values.shape == (0,) for values in found.values())
    assert interval(0.5, found["auc"], people=6) is None
