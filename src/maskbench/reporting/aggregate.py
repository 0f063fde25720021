"""Mean and spread over seeds of the rows in ``measurements.csv``, and numbers in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from maskbench.measurements import CONDITIONS, STUDY
from maskbench.metrics.catalogue import SETS

GROUP = [*(name for name in CONDITIONS if name != "fold"), "metric", "backbone", "crop"]
QUANTITIES = ["mean", "sd", "seeds", "ci_low", "ci_high", "n_people", "n", "note"]
COUNT = "undetected"
"""A metric that counts, so that it is summed over folds."""
ABSENT = "absent"
"""What the column ``backbone`` holds for a network whose weights are not there."""


def over_seeds(measurements: pd.DataFrame) -> pd.DataFrame:
    """A row for each quantity over its trainings (seeds, each on its fold), sorted by the columns
    :data:`GROUP`, which it has, and

    - ``mean``: over the seeds of a fold, then over folds. Means over pictures are weighted by the
      pictures, so that they are means over all people; scores of recognition, and metrics of whole
      sets of pictures, by nothing;
    - ``sd``: the sample deviation of the single numbers, NaN for one;
    - ``seeds``: how many could be measured;
    - ``ci_low``, ``ci_high``: the 95% interval. In a fold from the lowest to the highest bound of
      the seeds' own. Folds test different people, so that the distances of the bounds from the mean
      are added in quadrature; those of a study, whose raters are the same for all folds, as they
      are. Metrics of whole sets have none in a fold; three folds or more give
      Student's interval of their mean;
    - ``n_people``, ``n``: people and pictures behind the number: in each fold that has one the
      fewest of its seeds, summed over folds;
    - ``note``: remarks of the evaluations, without repeats.
    """
    numbers = dict.fromkeys(("value", "ci_low", "ci_high"), float)  # None becomes NaN
    rows = measurements.astype(numbers).sort_values("seed", kind="stable")
    folds = rows.groupby([*GROUP, "fold"]).agg(
        mean=("value", "mean"),
        ci_low=("ci_low", "min"),
        ci_high=("ci_high", "max"),
        n_people=("n_people", "min"),
        n=("n", "min"),
    )
    step, metric = (folds.index.get_level_values(name) for name in ("step", "metric"))
    of_pictures = (step != "recognition") & ~metric.isin(SETS)
    weight = folds["n"].where(of_pictures, 1).where(folds["mean"].notna(), 0)
    share = (weight / weight.groupby(GROUP).transform("sum")).where(metric != COUNT, 1)
    table = rows.groupby(GROUP).agg(sd=("value", "std"), seeds=("value", "count"))
    table["mean"] = (share * folds["mean"]).groupby(GROUP).sum(min_count=1)
    measured = folds["mean"].groupby(GROUP).count()
    of_sets = table.index.get_level_values("metric").isin(SETS)
    of_study = table.index.get_level_values("step") == STUDY
    student = _students(folds["mean"].groupby(GROUP).std(), measured.where(of_sets))
    for name in ("ci_low", "ci_high"):
        sign = -1 if name == "ci_low" else 1
        distance = share * (folds[name] - folds["mean"])
        pooled = np.sqrt((distance**2).groupby(GROUP).sum(min_count=1))
        pooled = pooled.where(~of_study, distance.abs().groupby(GROUP).sum(min_count=1))
        pooled = pooled.where(distance.groupby(GROUP).count() == measured)
        table[name] = table["mean"] + sign * pooled.where(~of_sets, student)
    none = folds["mean"].notna().groupby(GROUP).transform("sum") == 0
    behind = folds["mean"].notna() | none
    for name in ("n_people", "n"):
        table[name] = folds[name].where(behind, 0).groupby(GROUP).sum()
    noted = rows[rows["note"] != ""].drop_duplicates([*GROUP, "note"])
    table["note"] = noted.groupby(GROUP)["note"].agg("; ".join)
    return table[QUANTITIES].fillna({"note": ""}).reset_index()


def _students(deviation: pd.Series, folds: pd.Series) -> pd.Series:
    """Half of Student's 95% interval of a mean over folds; NaN for fewer than three."""
    folds = folds.where(folds >= 3)
    if folds.isna().all():
        return folds
    from scipy.special import stdtrit  # takes as long as a table

    return pd.Series(stdtrit(folds - 1, 0.975), folds.index) * deviation / np.sqrt(folds)


def number(value: float, digits: int) -> str:
    """``1,277,560.5``: a fixed number of decimals with a true minus sign; never «−0.000»."""
    text = f"{value:,.{digits}f}"
    if not text.strip("-0."):
        text = text.removeprefix("-")
    return text.replace("-", "−")


def seeds_in_words(seeds: int) -> str:
    """``1 seed``, ``3 seeds``."""
    return f"{seeds} seed" + ("s" if seeds != 1 else "")


def with_spread(value: float, spread: float, digits: int) -> str:
    """``0.812 ± 0.004``; the value alone without a spread, "" without a value."""
    if pd.isna(value):
        return ""
    return number(value, digits) + (f" ± {number(spread, digits)}" if pd.notna(spread) else "")


def interval(low: float, high: float, digits: int) -> str:
    """``[0.801, 0.823]``; "" without one."""
    if pd.isna(low) or pd.isna(high):
        return ""
    return f"[{number(low, digits)}, {number(high, digits)}]"


def superscript(value: int) -> str:
    """``¹²`` for 12."""
    return str(value).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
