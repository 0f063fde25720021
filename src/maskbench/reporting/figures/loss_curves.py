"""What the networks minimised: a row of panels a method, a line a seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from maskbench.reporting.figures.curve_panels import draw_panels, read_curves
from maskbench.reporting.figures.style import FigureInputs
from maskbench.reporting.names import method_order, method_title

NEEDS = ("models",)


def losses(models: Sequence[Path]) -> pd.DataFrame:
    """All curves as (row: method, line: seed, name, step, value)."""
    return read_curves(
        "loss_curves",
        models,
        "--models",
        lambda model: {"row": model.parent.name, "line": model.name},
    )


def draw(inputs: FigureInputs) -> Figure:
    """A row of panels for each method."""
    table = losses(inputs.models)
    rows = method_order(table["row"].unique())
    return draw_panels(table, rows, method_title, lambda seed: seed.replace("seed", "seed "))
