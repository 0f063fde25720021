"""The row that every evaluation writes and every table, figure and claim reads.

``metrics.json`` of a step is a list of such rows; ``results/measurements.csv`` is their union.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pandas as pd

from maskbench.artifacts import read_json, write_json

COLUMNS = (
    "stage", "dataset", "split", "method", "variant", "seed", "metric", "value", "n",
    "ci_low", "ci_high", "backbone", "crop", "mlflow_run_id",
)  # fmt: skip


@dataclass(frozen=True)
class Measurement:
    """One number with everything that is needed to compare it.

    Attributes:
        stage: ``synthesis``, ``restoration`` or ``recognition``.
        dataset, split: where it was measured (names: docs/design).
        method: registry name of the method.
        variant: "" for the standard protocol, ``unseen_styles`` for mask styles kept for the test.
        seed: seed of the training that is measured.
        metric: plain metric name; the network that computed it stands in ``backbone``.
        value: the number; ``None`` when it could not be measured (the reason is in ``note``).
        n: number of pictures (or pairs) behind it.
        ci_low, ci_high: bootstrap 95% interval, ``None`` where it has no meaning.
        backbone: network and weights that computed it, ``none`` for plain arithmetic.
        crop: short name of the crop specification, e.g. ``mtcnn+0.2/144``.
        mlflow_run_id: the tracking run, "" when tracking is off.
        note: a flag for the reader (e.g. fewer pictures than feature dimensions).
    """

    stage: str
    dataset: str
    split: str
    method: str
    variant: str
    seed: int
    metric: str
    value: float | None
    n: int
    ci_low: float | None
    ci_high: float | None
    backbone: str
    crop: str
    mlflow_run_id: str = ""
    note: str = ""


def write_metrics(path: Path, rows: list[Measurement]) -> None:
    """Write ``metrics.json`` (a list of rows)."""
    write_json(path, [asdict(row) for row in rows])


def read_metrics(path: Path) -> list[Measurement]:
    """Read ``metrics.json``."""
    names = {field.name for field in fields(Measurement)}
    return [Measurement(**{k: v for k, v in r.items() if k in names}) for r in read_json(path)]


def to_frame(rows: list[Measurement]) -> pd.DataFrame:
    """Rows as a frame with the columns of ``measurements.csv`` (and ``note`` last)."""
    frame = pd.DataFrame([asdict(row) for row in rows], columns=[*COLUMNS, "note"])
    return frame.sort_values(list(COLUMNS[:7]), kind="stable").reset_index(drop=True)
