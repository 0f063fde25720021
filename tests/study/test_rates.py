"""Numbers of simulated studies: rates that are known, their intervals, agreement, exclusion."""

import numpy as np
import pytest
from scipy.special import expit

from maskbench.config import MetricsConfig
from maskbench.metrics.bootstrap import People, interval
from maskbench.study.plan import Vote, Votes
from maskbench.study.rates import answers_of, numbers_of, rate_of, raters_of

from .studies import METHODS, a_plan, knows, votes_on

CONFIG = MetricsConfig(bootstrap=200)


def by_method(votes, config=CONFIG):
    return {number.other["method"]: number for number in numbers_of(votes, config)}


def test_rates_are_shares_of_votes():
    """Everybody takes one method's pictures for real, a fourth of the raters the other's too."""
    plan = a_plan(groups=8, raters=4, methods=("a", "b"))
    found = by_method(
        votes_on(plan, lambda r, _, one: knows(one) or one.method == "a" or (one.method and r == 0))
    )
    assert (found["a"].value, found["b"].value) == (1.0, 0.25)
    assert (found["a"].n, found["a"].n_people) == (4 * 8, 8)
    assert found["b"].note.startswith("4 raters, Krippendorff's alpha ")


def test_agreement_is_krippendorff_s():
    """His own example of two raters and ten units ("Computing Krippendorff's alpha-reliability",
    2011, section A: binary data, alpha 0.095)."""
    answers = [np.array(list(text)) == "1" for text in ("0100000000", "1110010100")]
    plan = a_plan(groups=5, raters=2, catches=0, methods=("a", "b"))
    votes = [
        Vote(rater=rater, trial=trial, real=tuple(answers[rater][2 * trial : 2 * trial + 2]))
        for rater in (0, 1)
        for trial in range(5)
    ]
    votes = Votes(plan=plan, votes=votes)
    assert by_method(votes)["all"].value == pytest.approx(0.095, abs=5e-4)


def test_agreement_of_raters_who_say_the_same_of_everything_is_none():
    plan = a_plan(groups=4, raters=3, catches=0)
    assert by_method(votes_on(plan, lambda *_: True))["all"].value is None


def test_who_always_says_real_is_caught_and_so_is_who_never_does():
    plan = a_plan(raters=6)
    votes = votes_on(plan, lambda r, n, one: {0: True, 1: False}.get(r, knows(one) or n % 2))
    first, second, *others = raters_of(votes)
    assert first.excluded == "broken pictures called not real: 0%, at least 80% asked"
    assert second.excluded == "photographs called real: 0%, at least 50% asked"
    # An attentive rater calls odd trials real: catch trials of even numbers are the broken ones.
    assert [rater.excluded for rater in others] == [""] * 4
    assert by_method(votes)["gan_stn"].note.startswith("4 raters, 2 excluded")
    kept = Votes(plan=plan, votes=[vote for vote in votes.votes if vote.rater > 1])
    for method in METHODS:
        assert by_method(votes)[method].value == by_method(kept)[method].value


def test_who_stops_early_withdraws_or_never_comes_is_not_counted():
    plan = a_plan(raters=4)
    votes = votes_on(plan, lambda _, n, one: knows(one) or (one.method and n % 2))
    few = [vote for vote in votes.votes if vote.rater < 1 or (vote.rater == 1 and vote.trial < 20)]
    found = Votes(plan=plan, votes=few, withdrawn=[2])
    assert [rater.excluded for rater in raters_of(found)] == [
        "", "judged 83%, at least 90% asked", "withdrew", "did not take part",
    ]  # fmt: skip
    assert by_method(found)["gan_stn"].note.startswith("1 raters, 1 excluded")


def test_before_anybody_is_counted_there_are_no_numbers():
    plan = a_plan(raters=2)
    begun = [Vote(rater=0, trial=0, real=(True, False))]
    for votes in ([], begun):
        found = by_method(Votes(plan=plan, votes=votes))
        assert {one.value for one in found.values()} == {None}
        assert found["all"].note == f"0 raters{', 1 excluded' * len(votes)}"


def simulated(rng, plan, base, raters, people):
    """Answers (raters, trials, 2) by a logistic model: methods have a ``base``, raters and shown
    people deviate from it, and so does each picture."""
    kind = np.array(
        [[METHODS.index(one.method) for one in trial.pictures] for trial in plan.trials]
    )
    identities = sorted({trial.identity for trial in plan.trials})
    who = np.array([identities.index(trial.identity) for trial in plan.trials])
    logit = base[kind] + 0.5 * rng.standard_normal(people)[who][:, None]
    logit = logit + 0.5 * rng.standard_normal(kind.shape)
    logit = logit + 0.8 * rng.standard_normal(raters)[:, None, None]
    return (rng.random(logit.shape) < expit(logit)).astype(float), kind, who


def test_intervals_cover_the_true_rates_in_200_studies():
    """At least 92% (of 95%): 20 raters, 100 groups, 20 people shown, rates from 0.1 to 0.8."""
    raters, people, base = 20, 20, np.array([-2.5, -0.9, 1.0, 1.5])
    plan = a_plan(groups=100, raters=raters, people=people, catches=0)
    normal = np.random.default_rng(1).standard_normal(200_000)
    truth = [expit(mean + np.sqrt(0.5**2 + 0.5**2 + 0.8**2) * normal).mean() for mean in base]
    rng, hits, width = np.random.default_rng(7), [], []
    for _ in range(200):
        real, kind, who = simulated(rng, plan, base, raters, people)
        draws = rng.multinomial(raters, np.full(raters, 1 / raters), size=250).astype(float)
        drawn = People.drawn(range(people), 250, int(rng.integers(2**31)))
        for method, rate in enumerate(truth):
            trials, sides = np.nonzero(kind == method)
            value, _, count, replicates = rate_of(
                real[:, trials, sides], People(who[trials], drawn.draws), draws
            )
            low, high = interval(value, replicates, count)
            hits.append(low <= rate <= high)
            width.append(high - low)
    shares = np.reshape(hits, (200, 4)).mean(0)
    assert shares.min() >= 0.92, shares
    assert np.mean(width) < 0.25  # no interval that covers everything


def test_resamples_are_the_same_however_votes_are_ordered():
    plan = a_plan()
    votes = votes_on(plan, lambda r, n, one: knows(one) or (one.method and (r + n) % 3))
    backwards = votes.model_copy(update={"votes": votes.votes[::-1]})
    assert np.array_equal(answers_of(votes), answers_of(backwards), equal_nan=True)
    one, other = by_method(votes), by_method(backwards)
    assert all(np.array_equal(one[m].replicates, other[m].replicates) for m in METHODS)
