"""Bootstrap over pictures (recognition: people) and seeds: the replicates of a claim's difference.

Every evaluation leaves the replicates of its numbers (``resamples.parquet``). Replicate b of two
methods is the same resample of the same faces; replicate b of two recognisers that were tested on
one data set is the same resample of its people. Seeds are drawn on top: for each replicate and
method (recognition: recogniser and training set) one training is drawn, the same for every quantity
of it. A difference therefore spans what another sample of pictures and another training of either
side would have given (a hierarchical bootstrap).
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from maskbench.datasets.manifest import read_table
from maskbench.measurements import (
    COSTS,
    NONE,
    Measurement,
    evaluations_in,
    read_metrics,
    read_resamples,
)
from maskbench.reporting.papers.claims import Quantity, RankCorrelation, Side

SEED = 0  # of the draws of trainings
LEVEL = 0.95
_ONE_OF = ("step", "dataset", "split", "training_set", "restorer", "backbone", "crop")


class Unmeasured(Exception):
    """A quantity was not measured; the text says why."""


class NotRun(Unmeasured):
    """What a quantity is of did not run; the text names it."""


class Unclear(Exception):
    """Which measurement a quantity means is not clear; the text says why."""


@dataclass(frozen=True)
class Estimate:
    """A quantity.

    Attributes:
        value: its mean over seeds.
        replicates: (B,); empty where one of its measurements has none.
        networks: what computed it, sorted; none where it is plain arithmetic.
        seeds: trainings behind it, the fewest where it is made of several quantities.
        columns: what all of its measurements agree in; nothing of a plain number.
    """

    value: float
    replicates: np.ndarray
    networks: tuple[str, ...] = ()
    seeds: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def step(self) -> str:
        """Of its measurements; "" of a plain number."""
        return self.columns.get("step", "")

    @property
    def counted(self) -> bool:
        """Whether it is exact: nothing of it was sampled."""
        return self.step == COSTS


@dataclass(frozen=True)
class _Evaluation:
    """A folder, of which the tables are read when they are asked for."""

    folder: Path

    @cached_property
    def replicates(self) -> dict[int, np.ndarray]:
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
    def replicates(self) -> np.ndarray:
        return self.evaluation.replicates.get(self.number, np.empty(0))


class Evaluations:
    """The numbers and replicates of all evaluations.

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
        return Estimate(float(side), np.array([float(side)]))

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
        table = np.stack(common([one.replicates for one in found]))
        first = found[0].row
        drawn = _draw_seeds(first.method, first.training_set, *table.shape)
        return Estimate(
            float(np.mean([one.row.value for one in found])),
            table[drawn, np.arange(table.shape[1])],
            tuple(sorted({one.row.backbone for one in found} - {NONE})),
            len(found),
            {column: getattr(first, column) for column in _ONE_OF},
        )

    def _why_not(self, side: Quantity, measured: Sequence[_Measured]) -> Unmeasured:
        """Why a quantity, of which these are the rows, has no value."""
        if side.dataset is not None and side.dataset not in self._datasets:
            run = f" ({', '.join(self._datasets)})" if self._datasets else ""
            return Unmeasured(f"{side.dataset} is not a data set of this run{run}")
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
        values = [np.array([[one.value] for one in row]) for row in parts]
        tables = common([np.stack(common([one.replicates for one in row])) for row in parts])
        both = [one for row in parts for one in row]
        return Estimate(
            float(spearman(*values)[0]),
            spearman(*tables),
            tuple(sorted({name for one in both for name in one.networks})),
            min(one.seeds for one in both),
            both[0].columns,
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


def common(replicates: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Arrays (..., B) cut to the shortest B; a single value is repeated.

    Replicate b of either is the same resample, so that the first ones of both fit together.
    """
    length = min((r.shape[-1] for r in replicates if r.shape[-1] != 1), default=1)
    return [
        r[..., :length] if r.shape[-1] != 1 else np.repeat(r, length, axis=-1) for r in replicates
    ]


def interval(differences: np.ndarray) -> tuple[float, float] | None:
    """The 95% percentile interval of replicates (B,); None where fewer than two are finite."""
    finite = differences[np.isfinite(differences)]
    if len(finite) < 2:
        return None
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _draw_seeds(method: str, training_set: str, seeds: int, replicates: int) -> np.ndarray:
    """Which seed stands in each replicate: (B,) of 0 .. seeds - 1, a training's own draws."""
    training = "/".join(part for part in (method, training_set) if part not in ("", NONE))
    rng = np.random.default_rng([SEED, zlib.crc32(training.encode())])
    return rng.integers(seeds, size=replicates)
