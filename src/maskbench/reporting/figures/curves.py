"""What networks minimised: a row a method or recogniser and stage, a panel a loss, a line a
training."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from maskbench.errors import MaskbenchError
from maskbench.reporting.figures.page import readable
from maskbench.reporting.figures.request import Request
from maskbench.reporting.figures.style import COLOURS, GREY, new_figure, panel_grid
from maskbench.reporting.names import in_order, title_of
from maskbench.reporting.summarise import recogniser_of

WIDTH, ROW, LEGEND_LINE = 7.2, 1.3, 0.16  # inches
LINES = 7  # in a panel at most, lowest seeds first
IN_A_LINE = 4  # entries of the legend


def losses(request: Request) -> pd.DataFrame:
    """All curves as (row, stage, training_set, seed, name, step, value), names without their stage;
    untrained methods have none.

    Raises:
        MaskbenchError: no folder holds a curve.
    """
    frames = []
    for need in ("models", "recognisers"):
        for folder in map(Path, request.inputs.get(need, ())):
            path = folder / "curves.parquet"
            if path.exists():
                row, training_set, seed = _training(folder, need)
                curves = pd.read_parquet(path)
                parts = [str(name).rpartition("/") for name in curves["name"]]
                curves["stage"] = [stage for stage, _, _ in parts]
                curves["name"] = [loss for _, _, loss in parts]
                frames.append(curves.assign(row=row, training_set=training_set, seed=seed))
    table = pd.concat(frames) if frames else pd.DataFrame()
    if len(table) == 0:
        raise MaskbenchError(request.place, "no training has curves", "train something")
    return table.sort_values(
        ["row", "stage", "seed", "training_set", "name", "step"], kind="stable"
    )


def draw(request: Request) -> Figure:
    """Panels of one column share nothing: losses of different kinds differ in scale."""
    table = losses(request)
    left_out = [any(fnmatch(row, one) for one in request.options.without) for row in table["row"]]
    table = table[~np.array(left_out)] if not all(left_out) else table
    rows = [
        (name, stage)
        for name in in_order(table["row"].unique())
        for stage in table.loc[table["row"] == name, "stage"].unique()
    ][: request.options.rows]
    of_row = {
        (name, stage): table[(table["row"] == name) & (table["stage"] == stage)]
        for name, stage in rows
    }
    keys = (
        pd.concat(of_row.values())[["seed", "training_set"]]
        .drop_duplicates()
        .sort_values(["seed", "training_set"])
    )
    trainings = [(int(seed), str(each)) for seed, each in keys.itertuples(index=False)]
    shown = trainings[:LINES]
    names = {row: list(found["name"].unique()) for row, found in of_row.items()}
    note = f"{len(shown)} of {len(trainings)} trainings are shown" if trainings != shown else ""

    legend = LEGEND_LINE * (-(-len(shown) // IN_A_LINE) + bool(note) - 1)
    figure = new_figure(WIDTH, ROW * len(rows) + 0.29 + legend)
    across = max(len(panels) for panels in names.values())
    grid = panel_grid(
        figure, len(rows), across, top=0.42 + legend, bottom=0.42,
        wspace=max(0.5, 0.12 * across), hspace=0.75, left=0.065,
    )  # fmt: skip
    for index, row in enumerate(rows):
        for column, name in enumerate(names[row]):
            axes = figure.add_subplot(grid[index, column])
            _panel(axes, of_row[row][of_row[row]["name"] == name], shown)
            axes.set_title(readable(name), color=GREY, fontsize=7, pad=3)
            if column == 0:
                stages = [stage for other, stage in rows if other == row[0]]
                words = title_of(row[0]) + (f", {readable(row[1])}" if len(stages) > 1 else "")
                axes.text(0.0, 1.22, words, transform=axes.transAxes, fontweight="bold")
            if index == len(rows) - 1:
                axes.set_xlabel("step", labelpad=1)
    if len(shown) > 1:
        several = len({seed for seed, _ in trainings}) > 1
        handles = [
            Line2D([], [], color=_colour(place), label=_label(*key, several), linewidth=0.8)
            for place, key in enumerate(shown)
        ]
        figure.legend(
            handles=handles, loc="upper right", ncols=min(IN_A_LINE, len(handles)), borderpad=0.1,
            title=note or None, title_fontsize=7, alignment="right",
        )  # fmt: skip
    return figure


def _panel(axes: Axes, table: pd.DataFrame, shown: list[tuple[int, str]]) -> None:
    for place, (seed, training_set) in enumerate(shown):
        points = table[(table["seed"] == seed) & (table["training_set"] == training_set)]
        if len(points):
            axes.plot(points["step"], points["value"], color=_colour(place), linewidth=0.8)
    axes.xaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(_thousands))
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter(FuncFormatter(_short))
    axes.tick_params(axis="y", length=2, pad=1.5)
    axes.margins(x=0.02)


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def _label(seed: int, training_set: str, several_seeds: bool) -> str:
    return ", ".join(filter(None, (title_of(training_set), f"seed {seed}" * several_seeds)))


def _training(folder: Path, need: str) -> tuple[str, str, int]:
    if need == "recognisers":
        return recogniser_of(folder)
    return folder.parent.name, "", int(folder.name.removeprefix("seed"))


def _short(value: float, _: object) -> str:
    """Few characters, else labels reach into the panel beside: 0.0006 is 6e−4, 20000 is 2e4."""
    if value == 0 or 0.00995 <= abs(value) < 10_000:
        text = f"{value:.4g}"
    else:
        mantissa, exponent = f"{value:.1e}".split("e")
        text = f"{float(mantissa):g}e{int(exponent)}"
    return text.replace("-", "−")


def _thousands(value: float, _: object) -> str:
    return f"{value / 1000:g}k" if abs(value) >= 10_000 else f"{value:g}"
