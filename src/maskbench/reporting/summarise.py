"""The run in the form that ``dvc metrics`` and ``dvc plots`` compare: flat numbers, long curves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from maskbench.artifacts import atomic_file, write_json
from maskbench.reporting.collect_measurements import read_measurements

CURVE_COLUMNS = ("method", "seed", "curve", "step", "name", "value")


def summarise(measurements: Path, models: Sequence[Path], summary: Path, curves: Path) -> None:
    """Write means over seeds as JSON and all training curves as CSV.

    Args:
        measurements: ``measurements.csv``.
        models: model folders ``.../{method}/seed{seed}`` with ``curves.parquet``.
        summary: JSON to write, ``{method: {metric: mean over seeds}}``; metrics of another variant
            than the standard one are named ``variant/metric``.
        curves: CSV to write, a row a point; ``curve`` is ``method seed name``.

    Raises:
        MaskbenchError: a file is missing or cannot be written.
    """
    frame = read_measurements(measurements).dropna(subset=["value"])
    numbers: dict[str, dict[str, float]] = {}
    for key, rows in frame.groupby(["method", "variant", "metric"]):
        method, *name = (str(part) for part in key)
        mean = float(f"{rows['value'].mean():.6g}")
        numbers.setdefault(method, {})["/".join(filter(None, name))] = mean
    parts = [_curves(Path(model)) for model in models]
    table = pd.concat([part for part in parts if len(part)] or [pd.DataFrame()])
    table = table.reindex(columns=list(CURVE_COLUMNS))
    with atomic_file(Path(curves)) as tmp:
        table.to_csv(tmp, index=False, float_format="%.6g", lineterminator="\n")
    write_json(Path(summary), numbers)


def _curves(model: Path) -> pd.DataFrame:
    """The curves of one model folder, with its method and seed (from the folder's path)."""
    path = model / "curves.parquet"
    if not path.exists():
        return pd.DataFrame()
    found = pd.read_parquet(path)
    found = found[np.isfinite(found["value"].to_numpy(float))]
    method, seed = model.parent.name, model.name.removeprefix("seed")
    return found.assign(
        method=method, seed=int(seed), curve=method + " " + found["name"] + " seed" + seed
    )
