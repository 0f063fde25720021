"""What every evaluation ends in: numbers with replicates, as rows and as a table of resamples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from maskbench.faces.faceset import FaceSet
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


def mean_number(
    metric: str, values: np.ndarray, face: np.ndarray, draws: np.ndarray, backbone: str = "none"
) -> Number:
    """A mean over pictures with its bootstrap over faces; undefined pictures are left out.

    Args:
        metric: its plain name.
        values: (N,), NaN where undefined.
        face: (N,) number of each picture's face.
        draws: (R, faces) from :func:`.bootstrap.draw_faces`.
        backbone: the network that computed it.
    """
    known = np.isfinite(values)
    return Number(
        metric,
        float(values[known].mean()) if known.any() else None,
        int(known.sum()),
        bootstrap.replicate_means(values, face, draws),
        "" if known.all() else f"not defined for {int((~known).sum())} pictures",
        backbone,
    )


def facts_of(
    stage: str, pictures: FaceSet, method: str, seed: int, run_id: str
) -> dict[str, str | int]:
    """What every row of one evaluation shares.

    Args:
        stage: ``synthesis`` or ``restoration``.
        pictures: what was measured.
        method: registry name of what made them.
        seed: of its training.
        run_id: tracking run.
    """
    return {
        "stage": stage,
        "dataset": pictures.dataset,
        "split": "+".join(sorted(set(pictures.faces["split"]))),
        "method": method,
        "seed": seed,
        "crop": pictures.crop,
        "mlflow_run_id": run_id,
    }


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
