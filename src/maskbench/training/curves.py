"""Training curves: ``curves.parquet`` (step, name, value), and where they are sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import pandas as pd

COLUMNS = ("step", "name", "value")
Log = Callable[[int, dict[str, float]], None]
"""Called with (step, {stage/loss: value}) at the logging interval."""


class Run(Protocol):
    """The part of a tracking run that a training uses."""

    def metrics(self, step: int, values: Mapping[str, float]) -> None: ...


def to_run(run: Run | None) -> Log:
    """What hands (step, {name: value}) to a tracking run, if there is one."""

    def log(step: int, values: dict[str, float]) -> None:
        if run is not None:
            run.metrics(step, values)

    return log


def write_curves(path: Path, curves: dict[str, list[list[float]]]) -> None:
    """Write curves, each a list of (step, value)."""
    rows = [(int(s), name, float(v)) for name, points in sorted(curves.items()) for s, v in points]
    pd.DataFrame(rows, columns=list(COLUMNS)).to_parquet(path, index=False)
