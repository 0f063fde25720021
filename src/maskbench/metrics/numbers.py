"""What every evaluation ends in: numbers with replicates, as rows and as a table of resamples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from maskbench.measurements import Measurement, write_metrics
from maskbench.metrics import bootstrap


@dataclass(frozen=True)
class Number:
    """One number.

    Attributes:
        metric: its plain name.
        value: None where it could not be measured.
        n: pictures or pairs behind it.
        replicates: (R,) bootstrap replicates; may be empty.
        note: a flag for the reader.
        backbone: the network that computed it.
    """

    metric: str
    value: float | None
    n: int
    replicates: np.ndarray = field(default_factory=lambda: np.empty(0))
    note: str = ""
    backbone: str = "none"


def write_numbers(
    folder: Path, numbers: Mapping[str, Sequence[Number]], facts: Mapping[str, Any]
) -> int:
    """Write ``metrics.json`` and ``resamples.parquet`` (variant, metric, resample, value).

    Args:
        folder: an existing folder.
        numbers: by variant.
        facts: the other columns of :class:`maskbench.measurements.Measurement`.

    Returns:
        how many numbers there are.
    """
    rows, resamples = [], []
    for variant, found in numbers.items():
        for number in found:
            low, high = bootstrap.interval(number.replicates)
            rows.append(
                Measurement(
                    variant=variant,
                    metric=number.metric,
                    value=number.value,
                    n=number.n,
                    ci_low=low,
                    ci_high=high,
                    backbone=number.backbone,
                    note=number.note,
                    **facts,
                )
            )
            resamples.append(_frame(variant, number))
    write_metrics(Path(folder) / "metrics.json", rows)
    whole = pd.concat(resamples, ignore_index=True)
    whole.to_parquet(Path(folder) / "resamples.parquet", index=False)
    return len(rows)


def _frame(variant: str, number: Number) -> pd.DataFrame:
    count = len(number.replicates)
    return pd.DataFrame(
        {
            "variant": [variant] * count,
            "metric": [number.metric] * count,
            "resample": np.arange(count, dtype=np.int32),
            "value": number.replicates.astype(np.float64),
        }
    )
