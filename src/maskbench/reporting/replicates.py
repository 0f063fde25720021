"""Bootstrap over pictures (recognition: people) and seeds: the replicates of a claim's difference.

Every evaluation leaves its replicates (``resamples.parquet``: variant, metric, resample, value);
replicate b of two methods is the same resample of the same faces, replicate b of two recognisers
tested on one data set the same resample of its people. Seeds are drawn on top: for each replicate
and method (recognition: recogniser and training set) one training is drawn, the same for every
quantity of it, so that a difference spans what another sample of pictures and another training of
either would have given (a hierarchical bootstrap).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from maskbench.errors import MaskbenchError, from_os_error
from maskbench.measurements import metrics_file, read_metrics, to_frame
from maskbench.reporting.absent import ABSENT
from maskbench.reporting.claims import Quantity, RankCorrelation, Side
from maskbench.reporting.recognition_names import join_variant, split_variant

SEED = 0  # of the draws of trainings
_EVALUATION = ("stage", "dataset", "split", "method", "seed")
_TESTED = (*_EVALUATION, "variant")
_KEY = (*_TESTED, "metric")


class Unmeasured(Exception):
    """A quantity cannot be had; the text says why."""


@dataclass(frozen=True)
class Estimate:
    """A quantity.

    Attributes:
        value: its mean over seeds.
        replicates: (B,).
        networks: what computed it, sorted; none where it is plain arithmetic.
        seeds: trainings behind it, the fewest where it is made of several quantities.
        stage: of the measurement; "" of a plain number.
    """

    value: float
    replicates: np.ndarray
    networks: tuple[str, ...] = ()
    seeds: int = 0
    stage: str = ""


class Evaluations:
    """The numbers and replicates of all evaluations.

    Args:
        folders: evaluations, each with ``metrics.json`` and ``resamples.parquet``.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        rows = []
        self.replicates: dict[tuple[str, ...], np.ndarray] = {}
        self._galleries: dict[tuple[str, ...], int] = {}
        for folder in sorted({Path(path) for path in folders}):
            here = to_frame(read_metrics(metrics_file(folder)))
            rows.append(here)
            self.replicates |= _read_resamples(folder, here)
            people = _gallery_people(folder)
            self._galleries |= {tuple(map(str, of)): people for of in here[[*_TESTED]].to_numpy()}
        self.rows = pd.concat(rows, ignore_index=True) if rows else to_frame([])

    @property
    def methods(self) -> set[str]:
        return set(self.rows["method"])

    @property
    def metrics(self) -> set[str]:
        return set(self.rows["metric"])

    @property
    def variants(self) -> set[str]:
        return set(self.rows["variant"])

    def datasets(self, side: Side) -> set[str]:
        """The data sets that a quantity was measured on."""
        return set(self._wanted(side)["dataset"]) if isinstance(side, Quantity) else set()

    def gallery(self, side: Quantity) -> int:
        """People in the gallery that a quantity was measured with, the fewest of its tests; 0 where
        nobody was identified."""
        tested = self._wanted(side)[[*_TESTED]].to_numpy()
        return min((self._galleries[tuple(map(str, of))] for of in tested), default=0)

    def estimate(self, side: Side) -> Estimate:
        """A side of a claim.

        Raises:
            Unmeasured: no such measurement or no replicates of it.
        """
        if isinstance(side, Quantity):
            return self._quantity(side)
        if isinstance(side, RankCorrelation):
            return self._rank_correlation(side)
        return Estimate(float(side), np.array([float(side)]))

    def _wanted(self, side: Quantity) -> pd.DataFrame:
        rows = self.rows
        wanted = (
            (rows["method"] == side.method)
            & (rows["metric"] == side.metric)
            & (rows["variant"] == side.variant)
        )
        for column in ("stage", "dataset", "backbone"):
            if getattr(side, column) is not None:
                wanted &= rows[column] == getattr(side, column)
        return rows[wanted]

    def _quantity(self, side: Quantity) -> Estimate:
        rows = self._wanted(side)
        found = rows
        name = f"{side.metric} of {side.method}" + (f" ({side.variant})" if side.variant else "")
        if len(found) == 0:
            why = self._absent(side) or self._where(side.dataset)
            raise Unmeasured(f"{name} was not measured{why}")
        for column in ("stage", "dataset", "split", "backbone", "crop"):
            if found[column].nunique() > 1:
                several = ", ".join(sorted(found[column].unique()))
                raise Unmeasured(f"{name} was measured on several: {several}")
        found = found[found["value"].notna()].sort_values("seed", kind="stable")
        if len(found) == 0:
            notes = "; ".join(dict.fromkeys(note for note in rows["note"] if note))
            raise Unmeasured(f"{name} could not be measured" + (f" ({notes})" if notes else ""))
        table = np.stack(common([self._replicates(row, name) for _, row in found.iterrows()]))
        stage = str(found["stage"].iloc[0])
        training = _training(side.method, side.variant, stage)
        drawn = _draw_seeds(training, len(table), table.shape[1])
        replicates = table[drawn, np.arange(table.shape[1])]
        networks = tuple(sorted(set(found["backbone"]) - {"none"}))
        return Estimate(float(found["value"].mean()), replicates, networks, len(found), stage)

    def _absent(self, side: Quantity) -> str:
        """Why a network whose weights are not there has no such quantity; "" for others."""
        rows = self.rows[(self.rows["method"] == side.method) & (self.rows["backbone"] == ABSENT)]
        if side.dataset is not None:
            rows = rows[rows["dataset"] == side.dataset]
        notes = "; ".join(dict.fromkeys(note for note in rows["note"] if note))
        return f" ({notes})" if notes else ""

    def _where(self, dataset: str | None) -> str:
        """Why nothing was found on a data set that a claim names."""
        if dataset is None:
            return ""
        tested = sorted(set(self.rows["dataset"]))
        if dataset in tested:
            return f" on {dataset}"
        return f": {dataset} is not a data set of this run ({', '.join(tested) or 'it has none'})"

    def _replicates(self, row: pd.Series, name: str) -> np.ndarray:
        values = self.replicates.get(tuple(str(row[column]) for column in _KEY))
        if values is None or len(values) < 2:
            raise Unmeasured(f"{name} has no bootstrap replicates")
        return values

    def _rank_correlation(self, side: RankCorrelation) -> Estimate:
        values, replicates = [], []
        parts: list[Estimate] = []
        for metric in side.rank_correlation:
            found = [
                self._quantity(Quantity(method=method, metric=metric, variant=side.variant))
                for method in side.methods
            ]
            values.append(np.array([[estimate.value] for estimate in found]))
            replicates.append(np.stack(common([estimate.replicates for estimate in found])))
            parts += found
        value = spearman(values[0], values[1])[0]
        first, second = common(replicates)
        networks = tuple(sorted({name for part in parts for name in part.networks}))
        seeds = min(part.seeds for part in parts)
        return Estimate(float(value), spearman(first, second), networks, seeds, parts[0].stage)


def spearman(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of each column of (M, B); NaN where one side is all ties."""
    ranks = [rankdata(x, axis=0) for x in (a, b)]
    x, y = (r - r.mean(0) for r in ranks)
    scale = np.sqrt((x**2).sum(0) * (y**2).sum(0))
    return np.divide((x * y).sum(0), scale, out=np.full(x.shape[1], np.nan), where=scale > 0)


def common(replicates: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Arrays (..., B) cut to the shortest B; a single value is repeated.

    Replicate b of either is the same resample, so that the first ones of both fit together.
    """
    length = min((r.shape[-1] for r in replicates if r.shape[-1] > 1), default=1)
    return [
        r[..., :length] if r.shape[-1] > 1 else np.repeat(r, length, axis=-1) for r in replicates
    ]


def _training(method: str, variant: str, stage: str) -> str:
    """What is trained once a seed: a method, or a recogniser with its training set."""
    training_set = split_variant(variant)[0] if stage == "recognition" else ""
    return join_variant(method, training_set)


def _draw_seeds(training: str, seeds: int, replicates: int) -> np.ndarray:
    """Which seed stands in each replicate: (B,) of 0 .. seeds - 1, a training's own draws."""
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


def _read_resamples(folder: Path, rows: pd.DataFrame) -> dict[tuple[str, ...], np.ndarray]:
    """The replicates of one evaluation by the columns ``_KEY``, in the order of the resamples."""
    path = metrics_file(folder).parent / "resamples.parquet"
    if not path.exists() or len(rows) == 0:
        return {}
    try:
        frame = pd.read_parquet(path)
    except OSError as error:
        raise from_os_error(error, path) from error
    frame = frame.sort_values("resample", kind="stable")
    found = {}
    for (variant, name), values in frame.groupby(["variant", "metric"], sort=True):
        of = rows[(rows["variant"] == variant) & (rows["metric"] == name)]
        for column in _EVALUATION:
            if of[column].nunique() > 1:
                what = f"holds {name} of several values of {column}"
                raise MaskbenchError(folder, what, "evaluate each alone")
        if len(of):
            key = tuple(str(of[column].iloc[0]) for column in _EVALUATION)
            found[*key, str(variant), str(name)] = values["value"].to_numpy(float)
    return found
