"""What the first page answers: who places masks best, and whose masks help recognition.

Differences have the intervals of verdicts on claims (:mod:`maskbench.reporting.differences`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from maskbench.measurements import UNSEEN
from maskbench.reporting.aggregate import over_seeds
from maskbench.reporting.differences import difference
from maskbench.reporting.headline import compared, plain
from maskbench.reporting.names import BARE
from maskbench.reporting.papers.claims import Quantity
from maskbench.reporting.replicates import Evaluations, Unclear, Unmeasured, mean_of

PLACEMENT = "placement_iou"
AUC, TAR = "auc", "tar_at_far_1e-2"


@dataclass(frozen=True)
class Value:
    """A number with its 95% interval, which may be absent.

    Attributes:
        seeds: trainings behind it.
        undecided: of a difference, why it decides nothing whatever its interval; "" where it may.
    """

    mean: float
    low: float | None = None
    high: float | None = None
    seeds: int = 0
    undecided: str = ""

    @property
    def decided(self) -> bool:
        """Whether a difference may decide, and its interval excludes zero."""
        if self.undecided or self.low is None or self.high is None:
            return False
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class TrainingSet:
    """Recognition after training on one method's masks, the mean over recognisers.

    Attributes:
        values: by metric.
        gains: difference to training on bare faces alone, by metric.
    """

    name: str
    values: dict[str, Value]
    gains: dict[str, Value]


@dataclass(frozen=True)
class Recognition:
    """What one test data set says of training sets.

    Attributes:
        recognisers: trained on every training set; means are over these.
        sets: best gain first.
        lead: how far the AUC of the first of ``gained`` lies ahead of the second's.
        trained: (recogniser, training set, {metric: value}) of everything that was tested.
    """

    dataset: str
    people: int
    recognisers: list[str]
    sets: list[TrainingSet]
    lead: Value | None
    trained: list[tuple[str, str, dict[str, Value]]]

    @property
    def gained(self) -> list[TrainingSet]:
        """Training sets of masked faces, best gain first."""
        return [one for one in self.sets if AUC in one.gains]

    @property
    def helpful(self) -> list[TrainingSet]:
        """Those whose gain is decided, and above zero."""
        gains = [(one, one.gains[AUC]) for one in self.gained]
        return [one for one, gain in gains if gain.decided and gain.mean > 0]


def table_of(rows: pd.DataFrame, by: Sequence[str]) -> dict[tuple[str, ...], dict[str, Value]]:
    """Every metric of every row of a table, over seeds and folds."""
    found: dict[tuple[str, ...], dict[str, Value]] = {}
    for row in over_seeds(rows).to_dict("records"):
        low, high = (None if pd.isna(row[end]) else row[end] for end in ("ci_low", "ci_high"))
        name = tuple(str(row[column]) for column in by)
        found.setdefault(name, {})[row["metric"]] = Value(row["mean"], low, high, row["seeds"])
    return found


def placement(measurements: pd.DataFrame, dataset: str) -> dict[str, dict[str, Value]]:
    """Metrics by method, the best placement first; ``unseen`` is the placement of mask styles that
    no training saw."""
    synthesis = measurements[measurements["dataset"] == dataset]
    measured = table_of(plain(synthesis, "synthesis"), ["method"])
    found = {name: of for (name,), of in measured.items()}
    unseen = synthesis[(synthesis["styles"] == UNSEEN) & (synthesis["metric"] == PLACEMENT)]
    seen = plain(unseen.assign(styles="seen"), "synthesis")
    for (name,), of in table_of(seen, ["method"]).items():
        found.setdefault(name, {})["unseen"] = of[PLACEMENT]

    return {name: found[name] for name in sorted(found, key=lambda x: place_order(found[x], x))}


def place_order(of: Mapping[str, Value], name: str) -> tuple[float, str]:
    """Where a method stands among others: the best placement first, and before it the reference,
    which has no number."""
    value = of.get(PLACEMENT)
    return -value.mean if value else -np.inf, name


def tested(measurements: pd.DataFrame, dataset: str) -> list[tuple[str, str, dict[str, Value]]]:
    """(recogniser, training set, {metric: value}) of everything that was tested on a data set, the
    best AUC first."""
    rows = plain(measurements, "recognition")
    rows = rows[(rows["dataset"] == dataset) & rows["metric"].isin([AUC, TAR])]
    cells = table_of(rows, ["method", "training_set"])
    found = [(name, training, of) for (name, training), of in cells.items()]
    return sorted(found, key=lambda row: -(row[2][AUC].mean if AUC in row[2] else 0.0))


def lead(evaluations: Evaluations, dataset: str, first: str, second: str) -> Value | None:
    """How far one method's placement lies ahead of another's; None where one was not measured."""
    sides = [
        Quantity(method=name, metric=PLACEMENT, step="synthesis", dataset=dataset)
        for name in (first, second)
    ]
    return _difference(evaluations, [(sides[0], sides[1])])


def recognition(
    measurements: pd.DataFrame, evaluations: Evaluations, dataset: str
) -> Recognition | None:
    """Training sets and recognisers on one data set; None where nothing was recognised."""
    rows = plain(measurements, "recognition")
    rows = rows[(rows["dataset"] == dataset) & rows["metric"].isin([AUC, TAR])]
    if len(rows) == 0:
        return None
    trained = tested(measurements, dataset)
    cells = {(name, training): of for name, training, of in trained}
    recognisers = compared(rows)
    names = sorted({training for name, training in cells if name in recognisers})
    sets = []
    for training_set in names:
        values, gains = {}, {}
        for metric in (AUC, TAR):
            found = [cells[name, training_set].get(metric) for name in recognisers]
            known = [value for value in found if value is not None]
            if len(known) == len(recognisers):
                mean = float(np.mean([value.mean for value in known]))
                values[metric] = Value(mean, seeds=min(value.seeds for value in known))
                pairs = _pairs(recognisers, training_set, BARE, metric, dataset)
                gain = _difference(evaluations, pairs)
                if gain is not None and BARE in names and training_set != BARE:
                    gains[metric] = gain
        sets.append(TrainingSet(training_set, values, gains))
    sets.sort(key=lambda one: (-(one.values[AUC].mean if AUC in one.values else 0.0), one.name))
    masked = [one.name for one in sets if AUC in one.gains]
    ahead = None
    if len(masked) > 1:
        pairs = _pairs(recognisers, masked[0], masked[1], AUC, dataset)
        ahead = _difference(evaluations, pairs)
    people = int(rows.groupby("fold")["n_people"].max().sum())
    return Recognition(dataset, people, recognisers, sets, ahead, trained)


def _pairs(
    recognisers: Sequence[str], left: str, right: str, metric: str, dataset: str
) -> list[tuple[Quantity, Quantity]]:
    def side(name: str, training_set: str) -> Quantity:
        return Quantity(
            method=name, metric=metric, step="recognition", dataset=dataset,
            training_set=training_set,
        )  # fmt: skip

    return [(side(name, left), side(name, right)) for name in recognisers]


def _difference(
    evaluations: Evaluations, pairs: Sequence[tuple[Quantity, Quantity]]
) -> Value | None:
    """The mean of left - right over pairs, with its interval; None where one was not measured."""
    try:
        sides = [[evaluations.estimate(side) for side in pair] for pair in pairs]
    except (Unmeasured, Unclear):
        return None
    if not sides:
        return None
    left, right = (mean_of([pair[side] for pair in sides]) for side in (0, 1))
    found = difference(left, right)
    seeds = min(one.seeds for pair in sides for one in pair)
    return Value(found.value, found.low, found.high, seeds, found.undecided)
