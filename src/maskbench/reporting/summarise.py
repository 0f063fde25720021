"""The run in the form that ``dvc metrics`` and ``dvc plots`` compare: flat numbers, long curves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from maskbench.artifacts import atomic_file, write_json
from maskbench.errors import MaskbenchError
from maskbench.measurements import read_measurements

CURVE_COLUMNS = ("method", "seed", "curve", "step", "name", "value")


def summarise(
    measurements: Path,
    models: Sequence[Path],
    summary: Path,
    curves: Path,
    recognisers: Sequence[Path] = (),
) -> None:
    """Write means over seeds as JSON and all training curves as CSV.

    Args:
        measurements: ``measurements.csv``.
        models: model folders ``.../{method}/seed{seed}`` with ``curves.parquet``.
        summary: JSON to write, ``{method: {metric: mean over seeds}}``; metrics of another variant
            than the standard one are named ``variant/metric``, those of other stages than mask
            synthesis ``dataset/variant/metric``: they may be tested on several data sets.
        curves: CSV to write, a row a point; ``curve`` is ``method name seed``.
        recognisers: folders of recognisers ``.../{recogniser}/{training set}/seed{seed}``, those
            without ``curves.parquet`` learn nothing; ``method`` is ``recogniser/training set``.

    Raises:
        MaskbenchError: a file is missing or cannot be written.
    """
    frame = read_measurements(measurements).dropna(subset=["value"])
    numbers: dict[str, dict[str, float]] = {}
    frame["where"] = frame["dataset"].where(frame["stage"] != "synthesis", "")
    for key, rows in frame.groupby(["method", "where", "variant", "metric"]):
        method, *name = (str(part) for part in key)
        mean = float(f"{rows['value'].mean():.6g}")
        numbers.setdefault(method, {})["/".join(filter(None, name))] = mean
    parts = [_curves(Path(model), Path(model).parent.name) for model in models]
    for folder in recognisers:
        recogniser, training_set, _ = recogniser_of(folder)
        parts.append(_curves(Path(folder), "/".join(filter(None, (recogniser, training_set)))))
    table = pd.concat([part for part in parts if len(part)] or [pd.DataFrame()])
    table = table.reindex(columns=list(CURVE_COLUMNS))
    with atomic_file(Path(curves)) as tmp:
        table.to_csv(tmp, index=False, float_format="%.6g", lineterminator="\n")
    write_json(Path(summary), numbers)


def recogniser_of(folder: Path) -> tuple[str, str, int]:
    """(recogniser, training set, seed) of ``.../{recogniser}/{training set}/seed{seed}``.

    The training set ``none`` is "".

    Raises:
        MaskbenchError: not such a path.
    """
    *_, name, training_set, last = ("", "", "", *Path(folder).parts)
    seed = last.removeprefix("seed")
    if not (name and last.startswith("seed") and seed.isdecimal()):
        raise MaskbenchError(
            folder, "not a recogniser's folder", "give .../RECOGNISER/TRAINING_SET/seedN"
        )
    return name, "" if training_set == "none" else training_set, int(seed)


def _curves(model: Path, method: str) -> pd.DataFrame:
    """The curves of one model folder, with its method and seed (from the folder's path)."""
    path = model / "curves.parquet"
    if not path.exists():
        return pd.DataFrame()
    found = pd.read_parquet(path)
    found = found[np.isfinite(found["value"].to_numpy(float))]
    seed = model.name.removeprefix("seed")
    return found.assign(
        method=method, seed=int(seed), curve=method + " " + found["name"] + " seed" + seed
    )
