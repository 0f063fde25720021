"""Two runs of one experiment: which numbers are the same, and which lie where they may.

A number of this run is compared with that of another which all columns of
:data:`maskbench.measurements.KEY` call the same. Where both differ, the other's 95% interval over
people decides; it does not contain what another training would have changed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from maskbench.measurements import KEY

EQUAL, WITHIN, OUTSIDE, WITHOUT = "equal", "within the interval", "outside it", "without interval"
HERE, THERE = "only here", "only there"
OUTCOMES = (EQUAL, WITHIN, OUTSIDE, WITHOUT, HERE, THERE)


def compare(own: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Set the numbers of two runs side by side.

    Args:
        own, other: as :func:`maskbench.measurements.read_measurements` gives them.

    Returns:
        a row for each number of either, with the columns ``KEY``, ``value``, ``other``,
        ``ci_low`` and ``ci_high`` (of the other) and ``outcome``, one of ``OUTCOMES``. Numbers that
        neither could measure are equal.
    """
    key = list(KEY)
    there = other[[*key, "value", "ci_low", "ci_high"]].rename(columns={"value": "other"})
    both = own[[*key, "value"]].merge(there, on=key, how="outer", indicator=True)
    numbers = dict.fromkeys(("value", "other", "ci_low", "ci_high"), float)  # None becomes NaN
    both = both.astype(numbers)
    value, others = both["value"], both["other"]
    known = both["ci_low"].notna() & both["ci_high"].notna() & value.notna()
    both["outcome"] = np.select(
        [
            both["_merge"] == "left_only",
            both["_merge"] == "right_only",
            (value == others) | (value.isna() & others.isna()),
            known & value.between(both["ci_low"], both["ci_high"]),
            known,
        ],
        [HERE, THERE, EQUAL, WITHIN, OUTSIDE],
        WITHOUT,
    )
    return both.drop(columns="_merge").sort_values(key, kind="stable", ignore_index=True)


def counts(compared: pd.DataFrame) -> dict[str, int]:
    """How many numbers have each outcome, in the order of ``OUTCOMES``."""
    found = compared["outcome"].value_counts()
    return {outcome: int(found.get(outcome, 0)) for outcome in OUTCOMES}


def farthest(compared: pd.DataFrame, most: int) -> pd.DataFrame:
    """The numbers outside the intervals, the farthest (in widths of the interval) first."""
    rows = compared[compared["outcome"] == OUTSIDE]
    over = (rows["ci_low"] - rows["value"]).clip(lower=0)
    over += (rows["value"] - rows["ci_high"]).clip(lower=0)
    width = (rows["ci_high"] - rows["ci_low"]).clip(lower=1e-12)
    return rows.loc[(over / width).sort_values(ascending=False, kind="stable").index[:most]]
