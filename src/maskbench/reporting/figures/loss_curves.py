"""What the networks minimised: a row of panels a method, a line a seed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from maskbench.errors import MaskbenchError
from maskbench.reporting.figures.curve_panels import draw_panels
from maskbench.reporting.figures.style import FigureInputs
from maskbench.reporting.names import method_order, method_title

NEEDS = ("models",)


def read_curves(models: tuple[Path, ...]) -> pd.DataFrame:
    """All curves as (method, seed, step, name, value); models without a training have none.

    Raises:
        MaskbenchError: no model holds a curve.
    """
    frames = []
    for model in models:
        path = model / "curves.parquet"
        if path.exists():
            curves = pd.read_parquet(path)
            frames.append(curves.assign(method=model.parent.name, seed=model.name))
    table = pd.concat(frames) if frames else pd.DataFrame()
    if len(table) == 0:
        raise MaskbenchError("figure loss_curves", "no model has curves", "check --models")
    return table.sort_values(["method", "seed", "name", "step"], kind="stable")


def draw(inputs: FigureInputs) -> Figure:
    """A row of panels for each method."""
    table = read_curves(inputs.models).rename(columns={"method": "row", "seed": "line"})
    rows = method_order(table["row"].unique())
    return draw_panels(table, rows, method_title, lambda seed: seed.replace("seed", "seed "))
