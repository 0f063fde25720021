"""From votes to numbers: who is counted, how often a method's pictures are taken for real, and how
far raters agree.

A rate hangs on who was asked and on whose face was shown. A resample draws raters and shown people,
both with replacement, and each vote counts as often as its rater times its person (Owen 2007, "The
pigeonhole bootstrap"; its variance is never too small by much, and too large by what votes vary
beyond both). Raters are drawn alike for all methods, people as by every other metric, so that
differences of methods are paired in both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from maskbench.config import MetricsConfig
from maskbench.metrics.bootstrap import People, stretch
from maskbench.metrics.numbers import Number
from maskbench.study.plan import Plan, Votes

RATE, ALPHA = "human_real_rate", "krippendorff_alpha"
EVERY_METHOD = "all"
"""The method of numbers over all methods' pictures."""


@dataclass(frozen=True)
class Rater:
    """One person who was asked.

    Attributes:
        number: in the plan.
        answered: share of the groups.
        broken: share of the broken pictures that were called not real; NaN without any.
        photographs: share of the photographs that were called real; NaN without any.
        excluded: why the rater is not counted; "" who is.
    """

    number: int
    answered: float
    broken: float
    photographs: float
    excluded: str


def answers_of(votes: Votes) -> np.ndarray:
    """(raters, trials, 2) float64: 1 real, 0 not real, NaN not answered; in the plan's order."""
    plan = votes.plan
    real = np.full((len(plan.raters), len(plan.trials), 2), np.nan)
    for vote in votes.votes:
        real[vote.rater, vote.trial] = vote.real
    return real


def raters_of(votes: Votes) -> list[Rater]:
    """All raters of the plan; its rule says who is counted."""
    plan, real = votes.plan, answers_of(votes)
    rule = plan.rule
    groups = [not trial.catch for trial in plan.trials]
    kinds = np.array([[one.kind for one in trial.pictures] for trial in plan.trials])
    found = []
    for number, answers in enumerate(real):
        answered = float(np.isfinite(answers[groups, 0]).mean()) if any(groups) else 1.0
        broken = 1 - _mean(answers[kinds == "broken"])
        photographs = _mean(answers[kinds == "photograph"])
        reasons = [
            f"{words} {share:.0%}, at least {least:.0%} asked"
            for words, share, least in (
                ("judged", answered, rule.least_answered),
                ("broken pictures called not real:", broken, rule.least_broken),
                ("photographs called real:", photographs, rule.least_photographs),
            )
            if share < least
        ]
        if number in votes.withdrawn:
            reasons = ["withdrew"]
        elif np.isnan(answers).all():
            reasons = ["did not take part"]
        found.append(Rater(number, answered, broken, photographs, "; ".join(reasons)))
    return found


def _mean(answers: np.ndarray) -> float:
    known = answers[np.isfinite(answers)]
    return float(known.mean()) if len(known) else np.nan


def numbers_of(votes: Votes, config: MetricsConfig) -> list[Number]:
    """The rate of each method's training, on the people of its fold, and the agreement of raters.

    Args:
        votes: with their plan.
        config: section ``metrics``: number and seed of the resamples.
    """
    plan, raters = votes.plan, raters_of(votes)
    counted = [rater.number for rater in raters if not rater.excluded]
    took_part = [r for r in raters if r.excluded not in ("did not take part", "withdrew")]
    real = answers_of(votes)[counted]
    note = f"{len(counted)} raters"
    if out := len(took_part) - len(counted):
        note += f", {out} excluded"
    agreement = alpha(real, plan)
    note += "" if agreement is None else f", Krippendorff's alpha {agreement:.2f}"
    draws = np.random.default_rng([config.bootstrap_seed, 0x5261746572]).multinomial(
        max(1, len(counted)), np.full(max(1, len(counted)), 1 / max(1, len(counted))),
        size=config.bootstrap,
    )[:, : len(counted)].astype(np.float64)  # fmt: skip
    shown: dict[tuple[int, str, int], list[tuple[int, int]]] = {}
    for number, trial in enumerate(plan.trials):
        for place, one in enumerate(trial.pictures):
            if one.kind == "method":
                shown.setdefault((trial.fold, one.method, one.seed), []).append((number, place))
    numbers = []
    for (fold, method, seed), places in sorted(shown.items()):
        trials, sides = np.array(places).T
        people = _people(plan, fold, trials, config)
        rate = rate_of(real[:, trials, sides], people, draws)
        other: dict[str, str | int] = {"method": method, "seed": seed, "fold": fold}
        numbers.append(Number(RATE, *rate, note=note, other=other))
    answered = int(np.isfinite(real[:, _judged(plan)]).sum())
    everyone = len({trial.identity for trial in plan.trials if not trial.catch})
    all_ = {"method": EVERY_METHOD}
    numbers.append(Number(ALPHA, agreement, answered, everyone, note=note, other=all_))
    return numbers


def _people(plan: Plan, fold: int, trials: Iterable[int], config: MetricsConfig) -> People:
    """Who is on the pictures of some trials, drawn with everybody of their fold."""
    of_fold = [trial.identity for trial in plan.trials if trial.fold == fold and not trial.catch]
    everyone = np.unique(of_fold)
    drawn = People.drawn(everyone, config.bootstrap, config.bootstrap_seed)
    person = np.searchsorted(everyone, [plan.trials[number].identity for number in trials])
    return People(person, drawn.draws)


def rate_of(
    real: np.ndarray, people: People, draws: np.ndarray
) -> tuple[float | None, int, int, np.ndarray]:
    """A rate, the votes and people behind it, and its resamples.

    Resamples keep their distance from the rate for the fewer of raters and people, of which the
    interval knows the latter alone.

    Args:
        real: (raters, pictures) 1, 0 or NaN.
        people: of the pictures.
        draws: (R, raters), how often each rater stands in each resample.
    """
    known = np.isfinite(real)
    if not known.any():
        return None, 0, 0, np.empty(0)
    rate, count = float(real[known].mean()), people.of(known.any(0)).count
    person = np.eye(people.draws.shape[1])[people.person]
    votes, said = draws @ (known @ person), draws @ (np.nan_to_num(real) @ person)
    total = (votes * people.draws).sum(1)
    nothing = np.full(len(draws), np.nan)
    drawn = np.divide((said * people.draws).sum(1), total, out=nothing, where=total > 0)
    raters = int(known.any(1).sum())
    if 1 < raters < count:
        drawn = rate + (drawn - rate) * stretch(raters) / stretch(count)
    return rate, int(known.sum()), count, drawn if raters > 1 else np.empty(0)


def alpha(real: np.ndarray, plan: Plan) -> float | None:
    """Krippendorff's alpha (nominal) of the counted raters over all methods' pictures.

    1: they always agree, 0: no more than by chance; None where fewer than two raters judged the
    same picture, or all said the same of everything.

    Args:
        real: (raters, trials, 2), as of :func:`answers_of`.
    """
    import krippendorff

    groups = _judged(plan)
    judged = real[:, groups].reshape(len(real), 2 * len(groups))
    counts = np.stack([(judged == 0).sum(0), (judged == 1).sum(0)], axis=1)
    counts = counts[counts.sum(1) > 1]
    if not counts.any(0).all():
        return None
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))


def _judged(plan: Plan) -> np.ndarray:
    return np.flatnonzero([not trial.catch for trial in plan.trials])
