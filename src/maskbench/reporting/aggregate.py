"""Mean and spread over seeds of the rows in ``measurements.csv``."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from maskbench.reporting.table_text import NOT_MEASURED

GROUP = ("stage", "dataset", "split", "method", "variant", "metric", "backbone", "crop")


@dataclass(frozen=True)
class Result:
    """One quantity over its seeds.

    Attributes:
        mean: mean over the seeds that could be measured; ``None`` when none could.
        sd: sample standard deviation over seeds; ``None`` for a single seed.
        seeds: number of measured seeds.
        ci_low, ci_high: the lowest and the highest bound of the seeds' own 95% intervals over
            pictures, an envelope that no seed's interval leaves; ``None`` where a metric has none.
        n: pictures behind each seed's number, the smallest where seeds differ.
        note: remarks of the evaluation, without repeats.
    """

    stage: str
    dataset: str
    split: str
    method: str
    variant: str
    metric: str
    backbone: str
    crop: str
    mean: float | None
    sd: float | None
    seeds: int
    ci_low: float | None
    ci_high: float | None
    n: int
    note: str


def over_seeds(measurements: pd.DataFrame) -> list[Result]:
    """One :class:`Result` for each quantity, sorted by :data:`GROUP`."""
    results = []
    for group, rows in measurements.groupby(list(GROUP), sort=True, dropna=False):
        key = group if isinstance(group, tuple) else (group,)
        values = rows.sort_values("seed", kind="stable")["value"].dropna()
        low, high = rows["ci_low"].dropna(), rows["ci_high"].dropna()
        notes = dict.fromkeys(note for note in rows["note"] if note)
        results.append(
            Result(
                **{name: str(part) for name, part in zip(GROUP, key, strict=True)},  # type: ignore[arg-type]
                mean=float(values.mean()) if len(values) else None,
                sd=float(values.std(ddof=1)) if len(values) > 1 else None,
                seeds=len(values),
                ci_low=float(low.min()) if len(low) else None,
                ci_high=float(high.max()) if len(high) else None,
                n=int(rows["n"].min()),
                note="; ".join(notes),
            )
        )
    return results


def number(value: float, digits: int) -> str:
    """A fixed number of decimals with a true minus sign; never «−0.000»."""
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", "−")


def seeds_in_words(seeds: int) -> str:
    """``1 seed``, ``3 seeds``."""
    return f"{seeds} seed" + ("s" if seeds != 1 else "")


def measured(result: Result, digits: int, scale: float = 1.0) -> str:
    """A cell: ``0.812 ± 0.004 (3 seeds) [0.801, 0.823]``, or why there is no number.

    ``scale`` multiplies what is shown: 100 shows a share in percent.
    """
    if result.mean is None:
        return NOT_MEASURED + (f": {result.note}" if result.note else "")
    spread = f" ± {number(scale * result.sd, digits)}" if result.sd is not None else ""
    text = f"{number(scale * result.mean, digits)}{spread} ({seeds_in_words(result.seeds)})"
    if result.ci_low is not None and result.ci_high is not None:
        low, high = (number(scale * bound, digits) for bound in (result.ci_low, result.ci_high))
        text += f" [{low}, {high}]"
    return text
