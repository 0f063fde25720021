"""What recognisers minimised: a row of panels a recogniser, a line a training set and seed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from maskbench.errors import MaskbenchError
from maskbench.reporting.figures.curve_panels import draw_panels
from maskbench.reporting.figures.style import FigureInputs
from maskbench.reporting.recognition_names import recogniser_order, recogniser_title
from maskbench.reporting.summarise import recogniser_of

NEEDS = ("recognisers",)
MOST, LINES = 14, 6  # rows, and lines in a panel: those of the lowest seeds


def read_curves(folders: tuple[Path, ...]) -> pd.DataFrame:
    """All curves as (row, line, step, name, value): recogniser, and training set with seed.

    Raises:
        MaskbenchError: no recogniser holds a curve.
    """
    frames = []
    for folder in folders:
        path = folder / "curves.parquet"
        if path.exists():
            name, training_set, seed = recogniser_of(folder)
            words = f"{training_set} seed {seed}".strip()
            frames.append(pd.read_parquet(path).assign(row=name, line=words, seed=seed))
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        raise MaskbenchError(
            "figure recognition_curves", "no recogniser has curves", "check --recognisers"
        )
    table = pd.concat(frames)
    return table.sort_values(["row", "line", "name", "step"], kind="stable")


def draw(inputs: FigureInputs) -> Figure:
    """A row of panels for each recogniser that learns."""
    table = read_curves(inputs.recognisers)
    rows = recogniser_order(table["row"].unique())[:MOST]
    table = table[table["row"].isin(rows)]
    lines = table[["seed", "line"]].drop_duplicates().sort_values(["seed", "line"], kind="stable")
    table = table[table["line"].isin(list(lines["line"])[:LINES])]
    return draw_panels(table, rows, recogniser_title, str)
