"""Gather the numbers of every evaluation into one sorted table, ``measurements.csv``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from maskbench.artifacts import atomic_file
from maskbench.errors import MaskbenchError, from_os_error
from maskbench.measurements import COLUMNS, Measurement, read_metrics, to_frame

KEY = (*COLUMNS[:7], "backbone", "crop")
_TEXT = ("stage", "dataset", "split", "method", "variant", "metric", "backbone", "crop")


def metrics_file(path: Path) -> Path:
    """``metrics.json`` of an evaluation's folder; a file stands for itself."""
    return path / "metrics.json" if path.is_dir() else path


def collect_measurements(metrics: Sequence[Path], out: Path) -> None:
    """Write the union of all evaluations' rows as CSV.

    Rows are sorted by everything that tells them apart and numbers have eight significant digits,
    so that two runs of one experiment differ in ``mlflow_run_id`` alone. The columns are those of
    :data:`maskbench.measurements.COLUMNS`, then ``note``.

    Args:
        metrics: folders of evaluations (each with ``metrics.json``), or such files.
        out: the CSV file.

    Raises:
        MaskbenchError: a file is missing, or the same number was measured twice.
    """
    rows: list[Measurement] = []
    for path in sorted({Path(path) for path in metrics}):
        rows += read_metrics(metrics_file(path))
    frame = to_frame(rows).sort_values(list(KEY), kind="stable").reset_index(drop=True)
    twice = frame[frame.duplicated(list(KEY), keep=False)]
    if len(twice):
        first = twice.iloc[0]
        name = " ".join(str(first[key]) for key in KEY if first[key] != "")
        raise MaskbenchError(out, f"measured twice: {name}", "give each evaluation once")
    with atomic_file(Path(out)) as tmp:
        frame.to_csv(tmp, index=False, float_format="%.8g", lineterminator="\n")


def read_measurements(path: Path) -> pd.DataFrame:
    """Read ``measurements.csv``: empty text is "", an unmeasured number NaN.

    Raises:
        MaskbenchError: the file is missing or lacks a column.
    """
    try:
        frame = pd.read_csv(
            path,
            dtype=dict.fromkeys((*_TEXT, "mlflow_run_id", "note"), str),
            keep_default_na=False,
            na_values={name: [""] for name in ("value", "ci_low", "ci_high", "n", "seed")},
        )
    except OSError as error:
        raise from_os_error(error, path) from error
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise MaskbenchError(path, f"lacks the columns {', '.join(missing)}", "collect it again")
    if "note" not in frame.columns:
        frame["note"] = ""
    return frame
