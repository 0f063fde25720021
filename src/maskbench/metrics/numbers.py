"""What every evaluation ends in: numbers with replicates, as rows and as a table of resamples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from maskbench.config import MetricsConfig
from maskbench.faces.faceset import FaceSet
from maskbench.measurements import ALL, FINAL, NONE, SEEN, STANDARD, Measurement, write_metrics
from maskbench.metrics.bootstrap import People, interval
from maskbench.metrics.catalogue import bounds


@dataclass(frozen=True)
class Number:
    """One number.

    Attributes:
        metric: its plain name.
        value: None where it could not be measured.
        n: pictures or pairs behind it.
        n_people: people behind it.
        replicates: (R,) bootstrap replicates; may be empty.
        note: a remark for the reader.
        backbone: the network that computed it.
        protocol, subset, styles, checkpoint: see :class:`maskbench.measurements.Measurement`.
        other: columns in which its row differs from the others of its evaluation.
    """

    metric: str
    value: float | None
    n: int
    n_people: int = 0
    replicates: np.ndarray = field(default_factory=lambda: np.empty(0))
    note: str = ""
    backbone: str = NONE
    protocol: str = STANDARD
    subset: str = ALL
    styles: str = SEEN
    checkpoint: str = FINAL
    other: Mapping[str, str | int] = field(default_factory=dict)


def noted(number: Number, remark: str) -> Number:
    """The number with one more remark."""
    return replace(number, note="; ".join(filter(None, (number.note, remark))))


def mean_number(
    metric: str,
    values: np.ndarray,
    people: People,
    **labels: Any,
) -> Number:
    """A mean over pictures with its bootstrap over people; undefined pictures are left out.

    Args:
        metric: its plain name.
        values: (N,), NaN where undefined.
        people: of the N pictures.
        labels: further attributes of :class:`Number`: ``backbone``, ``styles``, ...
    """
    known = np.isfinite(values)
    return Number(
        metric,
        float(values[known].mean()) if known.any() else None,
        int(known.sum()),
        people.of(known).count,
        people.means(values),
        "" if known.all() else f"not defined for {int((~known).sum())} pictures",
        **labels,
    )


def interval_of(number: Number) -> tuple[float | None, float | None]:
    """Its 95% interval, within the values that its metric can have."""
    if number.value is None:
        return None, None
    found = interval(number.value, number.replicates, number.n_people)
    if found is None:
        return None, None
    low, high = np.clip(found, *bounds(number.metric))
    return float(low), float(high)


def people_of(pictures: FaceSet, config: MetricsConfig) -> People:
    """The people on pictures; where one is unknown, each bare face counts as a person."""
    names = pictures.persons.to_numpy().astype(str)
    return People.drawn(names, config.bootstrap, config.bootstrap_seed)


def facts_of(
    step: str, pictures: FaceSet, method: str, seed: int, run_id: str, restorer: str = ""
) -> dict[str, str | int]:
    """What every row of one evaluation of pictures shares.

    Args:
        step: ``synthesis``, ``guides`` or ``restoration``.
        pictures: what was measured.
        method: name of what made them.
        seed: of its training.
        run_id: tracking run.
        restorer: what took the masks off, if anything.
    """
    return {
        "step": step,
        "dataset": pictures.dataset,
        "fold": pictures.fold,
        "split": "+".join(sorted(set(pictures.faces["split"]))),
        "method": method,
        "restorer": restorer,
        "seed": seed,
        "crop": pictures.crop,
        "mlflow_run_id": run_id,
    }


def write_numbers(folder: Path, numbers: Sequence[Number], facts: Mapping[str, Any]) -> int:
    """Write ``metrics.json`` and ``resamples.parquet``.

    The latter has the columns row (number of the row in ``metrics.json``), resample and value.

    Args:
        folder: an existing folder.
        numbers: in the order of the rows.
        facts: the other columns of :class:`maskbench.measurements.Measurement`.

    Returns:
        how many numbers there are.
    """
    rows = []
    for number in numbers:
        low, high = interval_of(number)
        own = {
            name: getattr(number, name)
            for name in (
                "metric", "value", "n", "n_people", "note", "backbone",
                "protocol", "subset", "styles", "checkpoint",
            )
        }  # fmt: skip
        rows.append(Measurement(**{**facts, **own, **number.other}, ci_low=low, ci_high=high))
    counts = [len(number.replicates) for number in numbers]
    resamples = pd.DataFrame(
        {
            "row": np.repeat(np.arange(len(counts), dtype=np.int32), counts),
            "resample": np.concatenate([np.arange(n, dtype=np.int32) for n in (0, *counts)]),
            "value": np.concatenate([np.empty(0), *(n.replicates.astype(float) for n in numbers)]),
        }
    )
    write_metrics(Path(folder) / "metrics.json", rows)
    resamples.to_parquet(Path(folder) / "resamples.parquet", index=False)
    return len(rows)
