"""The run in the form that ``dvc metrics`` and ``dvc plots`` compare: few numbers, long curves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from maskbench.artifacts import atomic_dir, atomic_file, write_json
from maskbench.errors import MaskbenchError
from maskbench.measurements import read_measurements
from maskbench.reporting import headline

CURVE_COLUMNS = ("method", "seed", "curve", "step", "name", "value")


def summarise(
    measurements: Path,
    out: Path,
    curves: Path,
    models: Sequence[Path] = (),
    recognisers: Sequence[Path] = (),
) -> None:
    """Write the headline numbers and all training curves.

    Args:
        measurements: ``measurements.csv``.
        out: folder to write, ``{method}.json`` with a few numbers each
            (:func:`maskbench.reporting.headline.rows`): ``dvc metrics show`` prints a line a file.
        curves: CSV to write, a row a point; ``curve`` is ``method name seed``.
        models: model folders ``.../{method}/seed{seed}`` with ``curves.parquet``.
        recognisers: folders of recognisers ``.../{recogniser}/{training set}/seed{seed}``, those
            without ``curves.parquet`` learn nothing; ``method`` is ``recogniser/training set``.

    Raises:
        MaskbenchError: a file is missing or cannot be written.
    """
    numbers = headline.rows(read_measurements(measurements))
    parts = [_curves(Path(model), Path(model).parent.name) for model in models]
    for folder in recognisers:
        recogniser, training_set, _ = recogniser_of(folder)
        parts.append(_curves(Path(folder), f"{recogniser}/{training_set}"))
    table = pd.concat([part for part in parts if len(part)] or [pd.DataFrame()])
    table = table.reindex(columns=list(CURVE_COLUMNS))
    with atomic_file(Path(curves)) as tmp:
        table.to_csv(tmp, index=False, float_format="%.6g", lineterminator="\n")
    with atomic_dir(Path(out)) as folder:
        for name, row in numbers.items():
            write_json(folder / f"{name}.json", row)


def recogniser_of(folder: Path) -> tuple[str, str, int]:
    """(recogniser, training set, seed) of ``.../{recogniser}/{training set}/seed{seed}``.

    Raises:
        MaskbenchError: not such a path.
    """
    *_, name, training_set, last = ("", "", "", *Path(folder).parts)
    seed = last.removeprefix("seed")
    if not (name and last.startswith("seed") and seed.isdecimal()):
        raise MaskbenchError(
            folder, "not a recogniser's folder", "give .../RECOGNISER/TRAINING_SET/seedN"
        )
    return name, training_set, int(seed)


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
