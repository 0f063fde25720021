"""What recognisers minimised: a row of panels a recogniser, a line a training set and seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from maskbench.reporting.figures.curve_panels import draw_panels, read_curves
from maskbench.reporting.figures.style import COLOURS, FigureInputs
from maskbench.reporting.recognition_names import (
    recogniser_order,
    recogniser_title,
    training_set_title,
)
from maskbench.reporting.summarise import recogniser_of

NEEDS = ("recognisers",)
MOST = 14  # rows
LINES = len(COLOURS)  # in a panel: those of the lowest seeds


def losses(recognisers: Sequence[Path]) -> pd.DataFrame:
    """All curves as (row: recogniser, line: training set with seed, name, step, value, seed)."""
    return read_curves("recognition_curves", recognisers, "--recognisers", _training)


def draw(inputs: FigureInputs) -> Figure:
    """A row of panels for each recogniser that learns."""
    table = losses(inputs.recognisers)
    rows = recogniser_order(table["row"].unique())[:MOST]
    table = table[table["row"].isin(rows)]
    lines = table[["seed", "line"]].drop_duplicates().sort_values(["seed", "line"], kind="stable")
    table = table[table["line"].isin(list(lines["line"])[:LINES])]
    left_out = f"{LINES} of {len(lines)} trainings are shown" if len(lines) > LINES else ""
    seeds = lines["seed"].nunique()

    def title(line: str) -> str:
        training_set, _, seed = line.rpartition("/")
        return training_set_title(training_set) + (f", {seed}" if seeds > 1 else "")

    return draw_panels(table, rows, recogniser_title, title, left_out)


def _training(folder: Path) -> dict[str, Any]:
    name, training_set, seed = recogniser_of(folder)
    return {"row": name, "line": f"{training_set}/seed {seed}", "seed": seed}
