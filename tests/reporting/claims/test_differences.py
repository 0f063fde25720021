"""How often equal things are called different, and the formula by hand."""

import numpy as np
import pytest

from maskbench.metrics.bootstrap import People
from maskbench.reporting.differences import difference
from maskbench.reporting.judge_claims import decide
from maskbench.reporting.replicates import Estimate, Replicate

RUNS, RESAMPLES = 500, 200


def estimate(values, fold, draws, trained=True):
    """A method of which replicate r has the values (people of its fold, pictures) ``values[r]``."""
    replicates = {}
    for number, of_people in enumerate(values):
        count = len(of_people)
        people = People(np.repeat(np.arange(count), of_people.shape[1]), draws[fold[number]])
        replicates[number] = Replicate(
            of_people.mean(), people.means(of_people.ravel()), fold[number], count
        )
    return Estimate(replicates, trained=trained)


def drawn(folds, people):
    """The draws of each fold's people."""
    names = [[f"{f}/{i}" for i in range(people)] for f in range(folds)]
    return [People.drawn(each, RESAMPLES, 0).draws for each in names]


def decided(rng, replicates, folds, training, person, trained=True, own=0.5):
    """How often two equal methods differ. Both see the same people, whose effect they share; each
    has an effect of its own on a person (own * person), one of every training, and noise."""
    fold = [number % folds for number in range(replicates)]
    count = 40 // folds if folds > 1 else 8
    draws = drawn(folds, count)
    found = 0
    for _ in range(RUNS):
        shared = rng.normal(0, person, (folds, count, 1))
        sides = []
        for _ in range(2):
            mine = shared + rng.normal(0, own * person, (folds, count, 1))
            values = [
                mine[f] + rng.normal(0, training) + rng.normal(0, 0.3, (count, 4)) for f in fold
            ]
            sides.append(estimate(values, fold, draws, trained))
        one = difference(*sides)
        assert (one.low is None) == (one.undecided == "the difference has no interval")
        found += not one.undecided and decide(one.low, one.high, ">") != "undecided"
    return found / RUNS


@pytest.mark.parametrize(("training", "person"), [(0.05, 1.0), (0.3, 1.0), (2.0, 0.1)])
@pytest.mark.parametrize(("replicates", "folds"), [(3, 1), (5, 1), (3, 3), (5, 5)])
def test_equal_methods_are_decided_in_at_most_five_percent(replicates, folds, training, person):
    """Within two standard errors of the count: where one of both spreads is next to nothing the
    interval of the other holds its 95% exactly."""
    rng = np.random.default_rng([replicates, folds])
    rate = decided(rng, replicates, folds, training, person)
    assert rate <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / RUNS)


@pytest.mark.parametrize("replicates", [1, 2])
def test_one_or_two_trainings_decide_nothing(replicates):
    assert decided(np.random.default_rng(0), replicates, 1, 2.0, 0.1) == 0


def test_what_is_not_trained_is_decided_by_people_alone():
    rng = np.random.default_rng(0)
    assert 0.02 < decided(rng, 1, 1, 0.0, 1.0, trained=False) < 0.08


@pytest.mark.parametrize("folds", [1, 5])
def test_a_clear_difference_is_decided(folds):
    rng = np.random.default_rng(0)
    fold, count = [number % folds for number in range(5)], 8
    sides = [
        estimate([rng.normal(mean, 0.1, (count, 4)) for _ in fold], fold, drawn(folds, count))
        for mean in (0.0, 1.0)
    ]
    found = difference(*sides)
    assert found.high < 0 and not found.undecided and found.people == 8 * folds


def replicate(value, fold=0, people=8, spread=0.0):
    return Replicate(value, value + spread * np.linspace(-1, 1, 201), fold, people)


def test_trainings_on_the_same_people_by_hand():
    """Differences .1, .2, .3: sd .1, t(2) = 4.30265, so half of Student's interval is .248414.
    People: half of the percentile interval .095, eight people: times 1.28976, so .122527."""
    left = Estimate(
        {r: replicate(v, spread=0.1) for r, v in enumerate((1.1, 1.2, 1.3))}, trained=True
    )
    right = Estimate({r: replicate(1.0) for r in range(3)}, trained=True)
    found = difference(left, right)
    half = np.hypot(0.248414, 0.122527)
    assert (found.value, found.low, found.high) == pytest.approx(
        (0.2, 0.2 - half, 0.2 + half), abs=1e-5
    )
    assert (found.people, found.resampled) == (8, "people and 3 trainings")


def test_folds_by_hand():
    """The same differences of three folds hold their people: the wider one of .248414 and people's,
    .095 times sqrt(24 / 21) t(21) / z = 1.06904 * 2.07961 / 1.95996."""
    for spread, half in ((0.1, 0.248414), (1.0, 0.95 * 1.06904 * 2.07961 / 1.95996)):
        left = Estimate(
            {r: replicate(v, r, spread=spread) for r, v in enumerate((1.1, 1.2, 1.3))}, trained=True
        )
        right = Estimate({r: replicate(1.0, r) for r in range(3)}, trained=True)
        found = difference(left, right)
        assert found.high - found.value == pytest.approx(half, abs=1e-5)
        assert found.people == 24


def test_folds_weigh_by_their_pictures():
    weights = {0: 10.0, 1: 30.0}
    left = Estimate(
        {f: Replicate(v, np.full(5, v), f, 8, weights[f]) for f, v in enumerate((1.0, 2.0))}
    )
    assert left.value == pytest.approx(1.75)
    np.testing.assert_allclose(left.over([0, 1]).resamples, np.full(5, 1.75))
    assert (left.folds, left.people) == (2, 16)


def test_what_nothing_was_trained_for_stands_in_every_replicate():
    frozen = Estimate({0: replicate(0.5)})
    learnt = Estimate({r: replicate(v) for r, v in enumerate((0.7, 0.8, 0.9))}, trained=True)
    found = difference(learnt, frozen)
    assert found.value == pytest.approx(0.3) and found.resampled == "people and 3 trainings"
    # It was tested on the people of one fold, the others on those of three: one is in common.
    folded = Estimate({r: replicate(0.7, r) for r in range(3)}, trained=True)
    assert difference(folded, frozen).undecided == "one training"


@pytest.mark.parametrize(
    ("value", "reason"), [(1.0, "both at the ceiling"), (0.5, "both are equal in every resample")]
)
def test_a_tie_decides_nothing(value, reason):
    one = Estimate({0: replicate(value)})
    found = difference(one, one, best=1.0)
    assert (found.low, found.high, found.undecided) == (0, 0, reason)


def test_a_metric_of_sets_needs_folds():
    def sets(values, folds):
        return Estimate(
            {r: Replicate(v, np.empty(0), r if folds else 0, 8) for r, v in enumerate(values)},
            trained=True,
        )

    for folds in (True, False):
        found = difference(sets((3.0, 3.1, 3.2), folds), sets((1.0, 1.0, 1.0), folds))
        assert found.undecided == ("" if folds else "the difference has no interval")
    half = 4.30265 * 0.1 / np.sqrt(3)
    found = difference(sets((3.0, 3.1, 3.2), True), sets((1.0, 1.0, 1.0), True))
    assert (found.low, found.high) == pytest.approx((2.1 - half, 2.1 + half), abs=1e-5)
    assert found.resampled == "3 folds"
