"""Training curves: ``curves.parquet`` with the columns step, name, value."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

COLUMNS = ("step", "name", "value")


def write_curves(path: Path, curves: dict[str, list[list[float]]]) -> None:
    """Write curves, each a list of (step, value)."""
    rows = [(int(s), name, float(v)) for name, points in sorted(curves.items()) for s, v in points]
    pd.DataFrame(rows, columns=list(COLUMNS)).to_parquet(path, index=False)
