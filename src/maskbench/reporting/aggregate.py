"""Mean and spread over seeds of the rows in ``measurements.csv``."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from maskbench.measurements import CONDITIONS

GROUP = (*(name for name in CONDITIONS if name != "fold"), "metric", "backbone", "crop")
ABSENT = "absent"
"""What the column ``backbone`` holds for a network whose weights are not there."""


@dataclass(frozen=True)
class Result:
    """One quantity over its trainings (seeds, each on its fold).

    Attributes:
        mean: mean over the seeds that could be measured; None when none could.
        sd: sample standard deviation over seeds; None for a single seed.
        seeds: number of measured seeds.
        ci_low, ci_high: the lowest and the highest bound of the seeds' own 95% intervals, an
            envelope that no seed's interval leaves; None where a metric has none.
        n_people, n: people and pictures behind each seed's number, the fewest where seeds differ.
        note: remarks of the evaluation, without repeats.
    """

    step: str
    dataset: str
    split: str
    method: str
    training_set: str
    restorer: str
    protocol: str
    subset: str
    checkpoint: str
    styles: str
    metric: str
    backbone: str
    crop: str
    mean: float | None
    sd: float | None
    seeds: int
    ci_low: float | None
    ci_high: float | None
    n_people: int
    n: int
    note: str


def over_seeds(measurements: pd.DataFrame) -> list[Result]:
    """One :class:`Result` for each quantity, sorted by :data:`GROUP`."""
    if len(measurements) == 0:
        return []
    groups = measurements.sort_values("seed", kind="stable").groupby(list(GROUP), sort=True)
    table = groups.agg(
        mean=("value", "mean"),
        sd=("value", "std"),
        seeds=("value", "count"),
        ci_low=("ci_low", "min"),
        ci_high=("ci_high", "max"),
        n_people=("n_people", "min"),
        n=("n", "min"),
    )
    table = table.astype(object).where(table.notna(), None)
    noted = measurements[measurements["note"] != ""].groupby(list(GROUP))["note"]
    notes = {key: "; ".join(dict.fromkeys(found)) for key, found in noted}
    return [
        Result(*key, *values, note=notes.get(key, ""))  # type: ignore[misc]
        for key, values in zip(table.index, table.itertuples(index=False), strict=True)
    ]


def number(value: float, digits: int) -> str:
    """A fixed number of decimals with a true minus sign; never «−0.000»."""
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", "−")


def seeds_in_words(seeds: int) -> str:
    """``1 seed``, ``3 seeds``."""
    return f"{seeds} seed" + ("s" if seeds != 1 else "")


def mean_in_words(result: Result, digits: int, scale: float = 1.0) -> str:
    """``0.812 ± 0.004``, the deviation over seeds; "" without a number.

    ``scale`` multiplies what is shown: 100 shows a share in percent.
    """
    if result.mean is None:
        return ""
    spread = f" ± {number(scale * result.sd, digits)}" if result.sd is not None else ""
    return number(scale * result.mean, digits) + spread


def interval_in_words(result: Result, digits: int, scale: float = 1.0) -> str:
    """``[0.801, 0.823]``; "" without one."""
    if result.ci_low is None or result.ci_high is None:
        return ""
    low, high = (number(scale * bound, digits) for bound in (result.ci_low, result.ci_high))
    return f"[{low}, {high}]"
