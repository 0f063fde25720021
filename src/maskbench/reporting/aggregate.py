"""Mean and spread over seeds of the rows in ``measurements.csv``, and numbers in words."""

from __future__ import annotations

import pandas as pd

from maskbench.measurements import CONDITIONS

GROUP = [*(name for name in CONDITIONS if name != "fold"), "metric", "backbone", "crop"]
QUANTITIES = ["mean", "sd", "seeds", "ci_low", "ci_high", "n_people", "n", "note"]
ABSENT = "absent"
"""What the column ``backbone`` holds for a network whose weights are not there."""


def over_seeds(measurements: pd.DataFrame) -> pd.DataFrame:
    """A row for each quantity over its trainings (seeds, each on its fold), sorted by the columns
    :data:`GROUP`, which it has, and

    - ``mean``, ``sd``: over the seeds that could be measured; sd is the sample deviation, NaN for
      one seed;
    - ``seeds``: how many could be measured;
    - ``ci_low``, ``ci_high``: the lowest and the highest bound of the seeds' own 95% intervals, an
      envelope that no seed's interval leaves;
    - ``n_people``, ``n``: people and pictures behind each seed's number, the fewest of the seeds;
    - ``note``: remarks of the evaluations, without repeats.
    """
    rows = measurements.sort_values("seed", kind="stable")
    table = rows.groupby(GROUP).agg(
        mean=("value", "mean"),
        sd=("value", "std"),
        seeds=("value", "count"),
        ci_low=("ci_low", "min"),
        ci_high=("ci_high", "max"),
        n_people=("n_people", "min"),
        n=("n", "min"),
    )
    noted = rows[rows["note"] != ""].drop_duplicates([*GROUP, "note"])
    table["note"] = noted.groupby(GROUP)["note"].agg("; ".join)
    return table.fillna({"note": ""}).reset_index()


def number(value: float, digits: int) -> str:
    """A fixed number of decimals with a true minus sign; never «−0.000»."""
    text = f"{value:.{digits}f}"
    if float(text) == 0:
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
