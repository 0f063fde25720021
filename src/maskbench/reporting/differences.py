"""The difference of two quantities, its interval, and whether it may decide anything.

An interval spans what other people and what other trainings would have given. Resamples of the
people are paired between both sides (:func:`maskbench.metrics.bootstrap.interval`). Trainings are
repeated: the k replicates of the difference, d_1 .. d_k, have the half-width
t(k - 1) sd(d) / sqrt(k) of Student's interval. With d the difference, p a half-width over people
and t that over trainings,

- replicates tested on the same people: d ± sqrt(p² + t²), as both are independent (the limits are
  recovered from those of the parts: Zou and Donner 2008, equation 2);
- replicates tested each on the people of its own fold: d ± max(p, t), as the d_r hold both.

Three replicates are the least of what is trained. What nothing is trained for has p alone. Counted
numbers are exact, and so is their difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from maskbench.metrics import bootstrap
from maskbench.reporting.replicates import Estimate, common, shared

LEAST = 3
FEW = {0: "no training of both sides", 1: "one training", 2: "two trainings"}
CEILING, EQUAL = "both at the ceiling", "both are equal in every resample"
NO_INTERVAL = "the difference has no interval"
_NOTHING = 1e-9


@dataclass(frozen=True)
class Difference:
    """left - right.

    Attributes:
        value: over the replicates that both sides have.
        low, high: its 95% interval; None without one.
        undecided: why it decides nothing, whatever the interval; "" where it may.
        resampled: what the interval knows the sampling of.
        people: tested on the side with fewer.
    """

    value: float
    low: float | None = None
    high: float | None = None
    undecided: str = ""
    resampled: str = ""
    people: int = 0


def difference(left: Estimate, right: Estimate, best: float = np.nan) -> Difference:
    """The difference of two quantities, paired in their people and replicates.

    Args:
        left, right: the quantities.
        best: the value that neither can pass.
    """
    if left.counted:
        value = left.value - right.value
        return Difference(value, value, value)
    numbers, measured = shared([left, right]), [one for one in (left, right) if one.replicates]
    if not numbers:
        return Difference(left.value - right.value, undecided=FEW[0])
    here, there = left.over(numbers), right.over(numbers)
    value, count = here.value - there.value, len(numbers)
    tested = [{one.at(n).fold: one.at(n).people for n in numbers} for one in measured]
    people, folds = min(sum(each.values()) for each in tested), [len(each) for each in tested]
    first, second = common([here.resamples, there.resamples])
    over_people = bootstrap.interval(value, first - second, people, max(folds))
    trainings = _half([left.at(n).value - right.at(n).value for n in numbers])
    trained, own_people = any(one.trained for one in measured), min(folds) == count >= LEAST
    reason = FEW.get(count, "") if trained else ""
    if over_people is None and not own_people:
        return Difference(value, undecided=reason or NO_INTERVAL, people=people)
    if over_people is None:
        below, above, resampled = trainings, trainings, f"{count} folds"
    else:
        below, above = (max(end, 0.0) for end in (value - over_people[0], over_people[1] - value))
        resampled = "people" if not trained else "people only"
        if trained and not reason:
            combined = max if own_people else np.hypot
            below, above = (float(combined(end, trainings)) for end in (below, above))
            resampled = f"people and {count} trainings"
    if max(below, above, abs(value)) < _NOTHING:
        reason = CEILING if abs(here.value - best) < _NOTHING else EQUAL
    return Difference(value, value - below, value + above, reason, resampled, people)


def _half(differences: Sequence[float]) -> float:
    """Half of Student's 95% interval of the mean of independent differences; 0 of one alone."""
    count = len(differences)
    if count < 2:
        return 0.0
    return bootstrap.student(count - 1) * float(np.std(differences, ddof=1)) / np.sqrt(count)
