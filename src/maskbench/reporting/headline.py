"""The numbers that a person compares first: a row a method or training set, few columns.

``dvc metrics`` shows them, and MLflow's workflow run holds them.
"""

from __future__ import annotations

import pandas as pd

from maskbench.measurements import PLAIN
from maskbench.reporting.aggregate import over_seeds
from maskbench.reporting.names import UNRESTORED

SYNTHESIS = {
    "iou": "placement_iou", "covers": "covers_nose_mouth", "ssim": "ssim", "lpips": "lpips",
}  # fmt: skip
RESTORATION = {"ssim": "ssim", "lpips": "lpips"}
RECOGNITION = {"auc": "auc", "tar": "tar_at_far_1e-2"}
"""Short name of each column: its metric. Recognition: the mean over :func:`compared`."""


def plain(measurements: pd.DataFrame, step: str) -> pd.DataFrame:
    """The measured rows of a step in the plain case: standard protocol, all faces, styles seen in
    training, final checkpoint."""
    rows = measurements
    for column, value in {"step": step, **PLAIN}.items():
        rows = rows[rows[column] == value]
    return rows.dropna(subset=["value"])


def main_dataset(measurements: pd.DataFrame) -> str:
    """The data set of the synthesised faces; of any measurement where there are none."""
    for step in ("synthesis", "recognition"):
        rows = measurements[measurements["step"] == step]
        if len(rows):
            return str(rows["dataset"].mode().iloc[0])
    return str(measurements["dataset"].iloc[0]) if len(measurements) else ""


def compared(recognition: pd.DataFrame) -> list[str]:
    """The recognisers that were trained on every training set that any recogniser was trained on,
    where there are two or more: their mean compares training sets.

    Args:
        recognition: measured rows of one data set and metric.
    """
    table = recognition[~recognition["training_set"].isin(["none", ""])]
    sets = table.groupby("method")["training_set"].agg(set)
    every = set().union(*sets) if len(sets) else set()
    return sorted(sets.index[sets == every]) if len(every) > 1 else []


def rows(measurements: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Method, training set or restorer -> short name -> mean over seeds (and recognisers).

    Recognition on other data sets than that of the synthesised faces has columns of its own,
    ``auc_mfr2``.
    """
    found: dict[str, dict[str, float]] = {}
    main = main_dataset(measurements)
    measurements = over_seeds(measurements).rename(columns={"mean": "value"})

    def put(table: pd.DataFrame, by: str, column: str) -> None:
        for name, value in table.groupby(by)["value"].mean().items():
            found.setdefault(str(name), {})[column] = float(f"{value:.4g}")

    for step, columns in (("synthesis", SYNTHESIS), ("restoration", RESTORATION)):
        measured = plain(measurements, step)
        measured = measured[(measured["dataset"] == main) & (measured["method"] != UNRESTORED)]
        for column, metric in columns.items():
            put(measured[measured["metric"] == metric], "method", column)
    recognition = plain(measurements, "recognition")
    for dataset in sorted(set(recognition["dataset"])):
        for column, metric in RECOGNITION.items():
            here = recognition[
                (recognition["dataset"] == dataset) & (recognition["metric"] == metric)
            ]
            here = here[here["method"].isin(compared(here))]
            put(here, "training_set", column if dataset == main else f"{column}_{dataset}")
    return dict(sorted(found.items()))
