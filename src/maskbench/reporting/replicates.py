"""Bootstrap over pictures (recognition: people) and seeds: the replicates of a claim's difference.

Every evaluation leaves the replicates of its numbers (``resamples.parquet``). Replicate b of two
methods is the same resample of the same faces; replicate b of two recognisers that were tested on
one data set is the same resample of its people. Seeds are drawn on top: for each replicate and
method (recognition: recogniser and training set) one training is drawn, the same for every quantity
of it. A difference therefore spans what another sample of pictures and another training of either
side would have given (a hierarchical bootstrap).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from maskbench.errors import from_os_error
from maskbench.measurements import (
    COLUMNS,
    NONE,
    Measurement,
    metrics_file,
    read_metrics,
    read_resamples,
)
from maskbench.reporting.papers.claims import Quantity, RankCorrelation, Side

SEED = 0  # of the draws of trainings
_ONE_OF = ("step", "dataset", "split", "training_set", "restorer", "backbone", "crop")


class Unmeasured(Exception):
    """A quantity was not measured; the text says why."""


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


class Evaluations:
    """The numbers and replicates of all evaluations.

    Args:
        folders: evaluations, each with ``metrics.json`` and ``resamples.parquet``.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        rows: list[Measurement] = []
        self._replicates: list[np.ndarray] = []
        gallery: list[int] = []
        for folder in sorted({Path(path) for path in folders}):
            found, resamples = read_metrics(folder), read_resamples(folder)
            rows += found
            self._replicates += [resamples.get(row, np.empty(0)) for row in range(len(found))]
            gallery += [_gallery_people(folder)] * len(found)
        self.rows = pd.DataFrame([asdict(row) for row in rows], columns=list(COLUMNS))
        self.rows["value"] = self.rows["value"].astype(float)
        self.rows["gallery"] = gallery

    def datasets(self, side: Side) -> set[str]:
        """The data sets that a side was measured on."""
        if isinstance(side, RankCorrelation):
            each = [self.datasets(q) for qs in _quantities(side) for q in qs]
            return set.intersection(*each)
        return set(self._wanted(side)["dataset"]) if isinstance(side, Quantity) else set()

    def gallery(self, side: Quantity) -> int:
        """People in the gallery that a quantity was measured with, the fewest of its tests; 0 where
        nobody was identified."""
        return int(self._wanted(side)["gallery"].min())

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

    def _wanted(self, side: Quantity) -> pd.DataFrame:
        wanted = np.ones(len(self.rows), bool)
        for column, value in side.columns().items():
            wanted &= (self.rows[column] == value).to_numpy()
        return self.rows[wanted]

    def _quantity(self, side: Quantity) -> Estimate:
        rows = self._wanted(side)
        found = rows[rows["value"].notna()].sort_values(["fold", "seed"], kind="stable")
        if len(found) == 0:
            raise Unmeasured(self._why_not(side, rows))
        for column in _ONE_OF:
            if rows[column].nunique() > 1:
                several = ", ".join(sorted(rows[column].unique()))
                raise Unclear(f"{side.words()} was measured with several values of {column}: "
                              f"{several}")  # fmt: skip
        table = np.stack(common([self._replicates[row] for row in found.index]))
        first = found.iloc[0]
        drawn = _draw_seeds(first["method"], first["training_set"], *table.shape)
        replicates = table[drawn, np.arange(table.shape[1])]
        networks = tuple(sorted(set(found["backbone"]) - {NONE}))
        value = float(found["value"].mean())
        columns = {column: str(first[column]) for column in _ONE_OF}
        return Estimate(value, replicates, networks, len(found), columns)

    def _why_not(self, side: Quantity, rows: pd.DataFrame) -> str:
        """Why a quantity has no value; ``rows`` are those of the quantity."""
        everything = self.rows
        notes = "; ".join(dict.fromkeys(note for note in rows["note"] if note))
        if len(rows):
            return f"{side.words()} could not be measured" + (f" ({notes})" if notes else "")
        if side.dataset is not None and side.dataset not in set(everything["dataset"]):
            run = ", ".join(sorted(set(everything["dataset"])))
            return f"{side.dataset} is not a data set of this run" + (f" ({run})" if run else "")
        learnt = set(everything["training_set"])
        if side.training_set is not None and side.training_set not in learnt:
            return f"nothing learnt from {side.training_set}"
        of_method = everything[everything["method"] == side.method]
        if side.dataset is not None:
            of_method = of_method[of_method["dataset"] == side.dataset]
        where = f" on {side.dataset}" if side.dataset else ""
        if len(of_method) == 0:
            return f"{side.method} did not run{where}"
        if of_method["value"].isna().all():
            notes = "; ".join(dict.fromkeys(note for note in of_method["note"] if note))
            return f"{side.method} could not be measured" + (f" ({notes})" if notes else "")
        return f"{side.words()} was not measured{where}"

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


def _draw_seeds(method: str, training_set: str, seeds: int, replicates: int) -> np.ndarray:
    """Which seed stands in each replicate: (B,) of 0 .. seeds - 1, a training's own draws."""
    training = "/".join(part for part in (method, training_set) if part not in ("", NONE))
    rng = np.random.default_rng([SEED, zlib.crc32(training.encode())])
    return rng.integers(seeds, size=replicates)


def _gallery_people(folder: Path) -> int:
    """How many people an evaluation's gallery has: the last rank of its CMC; 0 without one."""
    path = metrics_file(folder).parent / "cmc.parquet"
    if not path.exists():
        return 0
    try:
        ranks = pd.read_parquet(path, columns=["rank"])["rank"]
    except OSError as error:
        raise from_os_error(error, path) from error
    return int(ranks.max()) if len(ranks) else 0
