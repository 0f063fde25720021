"""Gather the numbers of every evaluation into one sorted table, ``measurements.csv``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from maskbench.artifacts import atomic_file
from maskbench.errors import MaskbenchError
from maskbench.measurements import KEY, Measurement, evaluations_in, read_metrics, to_frame


def collect_measurements(metrics: Sequence[Path], out: Path) -> None:
    """Write the union of all evaluations' rows as CSV.

    Rows are sorted by everything that tells them apart and numbers have eight significant digits,
    so that two runs of one experiment differ in ``mlflow_run_id`` alone. The columns are those of
    :data:`maskbench.measurements.COLUMNS`.

    Args:
        metrics: folders of evaluations (with ``metrics.json``, in them or below).
        out: the CSV file.

    Raises:
        MaskbenchError: a folder holds no numbers, or the same number was measured twice.
    """
    rows: list[Measurement] = []
    for path in evaluations_in(metrics):
        rows += read_metrics(path)
    frame = to_frame(rows)
    twice = frame[frame.duplicated(list(KEY), keep=False)]
    if len(twice):
        first = twice.iloc[0]
        name = " ".join(str(first[key]) for key in KEY if first[key] != "")
        raise MaskbenchError(out, f"measured twice: {name}", "give each evaluation once")
    with atomic_file(Path(out)) as tmp:
        frame.to_csv(tmp, index=False, float_format="%.8g", lineterminator="\n")
