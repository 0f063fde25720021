"""The quantities that claims compare: their numbers, replicates and resamples.

A *replicate* is one repetition of an experiment: a training, and its test on the people of its
fold. A *resample* is one draw of the test people (:mod:`maskbench.metrics.bootstrap`), of which
every evaluation leaves its numbers (``resamples.parquet``). Replicate r of anything that is trained
has fold r and seed r; where people are cut once, seed r.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from maskbench.datasets.manifest import read_table
from maskbench.measurements import (
    COSTS,
    NONE,
    STUDY,
    Measurement,
    evaluations_in,
    read_metrics,
    read_resamples,
)
from maskbench.metrics.catalogue import LARGEST_SHARE, SETS
from maskbench.reporting import names
from maskbench.reporting.papers.claims import Quantity, RankCorrelation, Side

_ONE_OF = ("step", "dataset", "split", "training_set", "restorer", "backbone", "crop")


class Unmeasured(Exception):
    """A quantity was not measured; the text says why."""


class NotRun(Unmeasured):
    """What a quantity is of did not run; the text names it."""


class Unclear(Exception):
    """Which measurement a quantity means is not clear; the text says why."""


@dataclass(frozen=True)
class Replicate:
    """A quantity in one replicate.

    Attributes:
        value: the number.
        resamples: (B,) the number of every resample; empty where the quantity has none.
        fold: which people were tested.
        people: how many.
        weight: of the replicate in the mean over replicates.
        count: of pictures, pairs or probes behind the number.
    """

    value: float
    resamples: np.ndarray
    fold: int = 0
    people: int = 0
    weight: float = 1.0
    count: int = 0


@dataclass(frozen=True)
class Estimate:
    """A quantity.

    Attributes:
        replicates: by number; a plain number has none.
        constant: the plain number.
        trained: whether something was trained for it: another training gives another number.
        networks: what computed it, sorted; none where it is plain arithmetic.
        columns: what all of its measurements agree in; nothing of a plain number.
    """

    replicates: Mapping[int, Replicate] = field(default_factory=dict)
    constant: float = np.nan
    trained: bool = False
    networks: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def value(self) -> float:
        """The mean over replicates."""
        return self.over(self.replicates).value

    @property
    def seeds(self) -> int:
        """How many replicates there are; 0 of a plain number."""
        return len(self.replicates)

    @property
    def step(self) -> str:
        """Of its measurements; "" of a plain number."""
        return self.columns.get("step", "")

    @property
    def counted(self) -> bool:
        """Whether it is exact: nothing of it was sampled."""
        return self.step == COSTS

    @property
    def folds(self) -> int:
        """How many folds its people are from."""
        return len({one.fold for one in self.replicates.values()})

    @property
    def people(self) -> int:
        """Who was tested, in all folds together."""
        return sum({one.fold: one.people for one in self.replicates.values()}.values())

    def at(self, number: int) -> Replicate:
        """A replicate; of a plain number, and of what nothing was trained for and was measured
        once, always the same."""
        if not self.replicates:
            return Replicate(self.constant, np.array([self.constant]))
        only = next(iter(self.replicates.values()))
        return only if self.fixed else self.replicates[number]

    @property
    def fixed(self) -> bool:
        """Whether it is the same in every replicate."""
        return not self.trained and len(self.replicates) <= 1

    def over(self, numbers: Iterable[int]) -> Replicate:
        """The mean over some replicates."""
        return pooled([self.at(number) for number in numbers] or [self.at(0)])


def pooled(replicates: Sequence[Replicate]) -> Replicate:
    """The weighted mean of a quantity over replicates, and of its resamples. A replicate in which a
    resample drew nobody with a number (few faces are bowed) is left out of that resample."""
    weights = np.array([one.weight for one in replicates])
    table = np.stack(common([one.resamples for one in replicates]))
    held = np.isfinite(table) * weights[:, None]
    total = held.sum(0)
    nothing = np.full(total.shape, np.nan)
    return Replicate(
        float(np.average([one.value for one in replicates], weights=weights)),
        np.divide((np.nan_to_num(table) * held).sum(0), total, out=nothing, where=total > 0),
        replicates[0].fold,
        min(one.people for one in replicates),
        replicates[0].weight,
        min(one.count for one in replicates),
    )


@dataclass(frozen=True)
class _Evaluation:
    """A folder, of which the tables are read when they are asked for."""

    folder: Path

    @cached_property
    def resamples(self) -> dict[int, np.ndarray]:
        """By row number of ``metrics.json``."""
        return read_resamples(self.folder)

    @cached_property
    def gallery(self) -> int:
        """How many people the gallery has: the last rank of the CMC; 0 without one."""
        path = self.folder / "cmc.parquet"
        return int(max(read_table(path)["rank"], default=0)) if path.exists() else 0


@dataclass(frozen=True)
class _Measured:
    """A row of an evaluation."""

    row: Measurement
    number: int
    evaluation: _Evaluation

    @property
    def resamples(self) -> np.ndarray:
        return self.evaluation.resamples.get(self.number, np.empty(0))


class Evaluations:
    """The numbers and resamples of all evaluations.

    Args:
        folders: of evaluations (``metrics.json``, ``resamples.parquet``), in them or below.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._all = [
            _Measured(row, number, evaluation)
            for evaluation in map(_Evaluation, evaluations_in(folders))
            for number, row in enumerate(read_metrics(evaluation.folder))
        ]
        self._datasets = sorted({one.row.dataset for one in self._all})
        self._training_sets = {one.row.training_set for one in self._all}
        self._by_name: dict[tuple[str, str], list[_Measured]] = {}
        for one in self._all:
            self._by_name.setdefault((one.row.method, one.row.metric), []).append(one)

    def datasets(self, side: Side) -> set[str]:
        """The data sets that a side was measured on."""
        if isinstance(side, RankCorrelation):
            return set.intersection(*map(self.datasets, itertools.chain(*_quantities(side))))
        if not isinstance(side, Quantity):
            return set()
        return {one.row.dataset for one in self._measured(side)}

    def gallery(self, side: Quantity) -> int:
        """People in the gallery that a quantity was measured with, the fewest of its tests; 0
        without identification."""
        return min((one.evaluation.gallery for one in self._measured(side)), default=0)

    def largest_share(self, side: Quantity) -> float:
        """The largest share of one person in the pictures behind a quantity, in all folds together;
        0 where it is not known. Folds have different people."""
        shares = side.model_copy(update={"metric": LARGEST_SHARE})
        rows = {one.row.fold: one.row for one in self._measured(shares)}.values()
        most = max((row.n * (row.value or 0) for row in rows), default=0.0)
        return most / max(1, sum(row.n for row in rows))

    def estimate(self, side: Side) -> Estimate:
        """A side of a claim.

        Raises:
            Unmeasured: it was not measured.
            Unclear: measurements under different conditions fit.
        """
        if isinstance(side, Quantity):
            return self._quantity(side)
        if isinstance(side, RankCorrelation):
            return self._rank_correlation(side)
        return Estimate(constant=float(side))

    def _measured(self, side: Quantity) -> list[_Measured]:
        """The rows that a quantity means, by seed."""
        columns = side.columns().items()
        named = self._by_name.get((side.method, side.metric), [])
        found = [one for one in named if all(getattr(one.row, c) == v for c, v in columns)]
        return sorted(found, key=lambda one: (one.row.fold, one.row.seed))

    def _quantity(self, side: Quantity) -> Estimate:
        measured = self._measured(side)
        found = [one for one in measured if one.row.value is not None]
        if not found:
            raise self._why_not(side, measured)
        for column in _ONE_OF:
            several = sorted({getattr(one.row, column) for one in measured})
            if len(several) > 1:
                what = f"{side.words()} was measured with several values of {column}"
                raise Unclear(f"{what}: {', '.join(several)}")
        folds = len({one.row.fold for one in found}) > 1
        replicates = {
            number: pooled([_replicate(one, folds) for one in of_number])
            for number, of_number in itertools.groupby(
                found, lambda one: one.row.fold if folds else one.row.seed
            )
        }
        first = found[0].row
        return Estimate(
            replicates,
            trained=trained(first),
            networks=tuple(sorted({one.row.backbone for one in found} - {NONE})),
            columns={column: getattr(first, column) for column in _ONE_OF},
        )

    def _why_not(self, side: Quantity, measured: Sequence[_Measured]) -> Unmeasured:
        """Why a quantity, of which these are the rows, has no value."""
        if side.dataset is not None and side.dataset not in self._datasets:
            run = f" ({', '.join(self._datasets)})" if self._datasets else ""
            return Unmeasured(f"{side.dataset} is not a data set of this run{run}")
        if side.step == STUDY and all(one.row.step != STUDY for one in self._all):
            return Unmeasured("no study was run")
        if side.training_set is not None and side.training_set not in self._training_sets:
            return NotRun(side.training_set)
        where = f" on {side.dataset}" if side.dataset else ""
        of_method = [
            one
            for one in self._all
            if one.row.method == side.method and side.dataset in (None, one.row.dataset)
        ]
        if not of_method:
            return NotRun(f"{side.method}{where}")
        if all(one.row.value is None for one in of_method):  # a network without its weights
            return Unmeasured(_notes(of_method) or f"{side.method} could not be measured")
        if measured:
            why = _notes(measured)
            words = f"{side.words()} could not be measured"
            return Unmeasured(f"{words} ({why})" if why else words)
        return Unmeasured(f"{side.words()} was not measured{where}")

    def _rank_correlation(self, side: RankCorrelation) -> Estimate:
        parts = [[self._quantity(one) for one in of_metric] for of_metric in _quantities(side)]
        both = [one for row in parts for one in row]
        replicates = {}
        for number in shared(both):
            at = [[one.at(number) for one in row] for row in parts]
            tables = common([np.stack(common([one.resamples for one in row])) for row in at])
            (value,) = spearman(*(np.array([[one.value] for one in row]) for row in at))
            if np.isnan(value):
                raise Unmeasured("all of its methods have the same number")
            replicates[number] = Replicate(
                float(value),
                spearman(*tables),
                at[0][0].fold,
                min(one.people for row in at for one in row),
            )
        if not replicates:
            raise Unmeasured("its methods have no replicate in common")
        return Estimate(
            replicates,
            trained=any(one.trained for one in both),
            networks=tuple(sorted({name for one in both for name in one.networks})),
            columns=both[0].columns,
        )


def _replicate(one: _Measured, folds: bool) -> Replicate:
    """A row; with folds, means over pictures weigh by their pictures."""
    row = one.row
    over_pictures = row.step != "recognition" and row.metric not in SETS
    weight = float(row.n) if folds and over_pictures else 1.0
    value = np.nan if row.value is None else row.value
    return Replicate(value, one.resamples, row.fold, row.n_people, weight, row.n)


def trained(row: Measurement) -> bool:
    """Whether something was trained for a number: a frozen network on pictures as they are, and a
    method that learns nothing, would give the same once more, as do counted numbers."""
    if row.step == COSTS:
        return False
    if row.step == "recognition":
        return row.training_set != NONE or row.restorer != ""
    return row.step not in ("synthesis", STUDY) or names.trained(row.method)


def shared(estimates: Sequence[Estimate]) -> list[int]:
    """The numbers of the replicates that quantities have in common; what is fixed is in each, but
    not in those of other people of its data set."""
    folded = {one.columns.get("dataset") for one in estimates if one.folds > 1}
    own = [
        one for one in estimates if not one.fixed or one.columns.get("dataset") in folded
    ] or list(estimates)
    return sorted(set.intersection(*(set(one.replicates) for one in own if one.replicates)))


def mean_of(estimates: Sequence[Estimate]) -> Estimate:
    """The mean of several quantities, in the replicates that they have in common."""
    return Estimate(
        {number: pooled([one.at(number) for one in estimates]) for number in shared(estimates)},
        trained=any(one.trained for one in estimates),
        networks=tuple(sorted({name for one in estimates for name in one.networks})),
        columns=estimates[0].columns,
    )


def _notes(measured: Sequence[_Measured]) -> str:
    """The remarks of rows. That of a network names the file of weights that is absent."""
    return "; ".join(dict.fromkeys(one.row.note for one in measured if one.row.note))


def _quantities(side: RankCorrelation) -> list[list[Quantity]]:
    """For each of its metrics the quantity of every method."""
    return [
        [Quantity(method=method, metric=metric, dataset=side.dataset) for method in side.methods]
        for metric in side.rank_correlation
    ]


def spearman(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of each column of (M, B); NaN where one side is all ties."""
    ranks = [pd.DataFrame(x).rank().to_numpy() for x in (a, b)]
    x, y = (r - r.mean(0) for r in ranks)
    scale = np.sqrt((x**2).sum(0) * (y**2).sum(0))
    return np.divide((x * y).sum(0), scale, out=np.full(x.shape[1], np.nan), where=scale > 0)


def common(resamples: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Arrays (..., B) cut to the shortest B; a single value is repeated.

    Number b of either is the same resample, so that the first ones of both fit together.
    """
    length = min((r.shape[-1] for r in resamples if r.shape[-1] != 1), default=1)
    return [
        r[..., :length] if r.shape[-1] != 1 else np.repeat(r, length, axis=-1) for r in resamples
    ]
