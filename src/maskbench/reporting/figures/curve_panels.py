"""Panels of training curves: a row a subject, a panel a quantity, a line a training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from maskbench.errors import MaskbenchError
from maskbench.reporting.figures.sheets import first_seen, readable
from maskbench.reporting.figures.style import COLOURS, GREY, new_figure, panel_grid

WIDTH, ROW, LEGEND_LINE = 7.2, 1.3, 0.16  # inches
IN_A_LINE = 4  # entries of the legend


def read_curves(
    figure: str, folders: Sequence[Path], option: str, about: Callable[[Path], dict[str, Any]]
) -> pd.DataFrame:
    """All curves as (row, line, name, step, value), sorted; folders without a training have none.

    Args:
        figure: who asks; option: where the folders come from.
        folders: trainings, each with ``curves.parquet``.
        about: the columns ``row`` and ``line`` of a folder, and others.

    Raises:
        MaskbenchError: no folder holds a curve.
    """
    frames = []
    for folder in folders:
        path = folder / "curves.parquet"
        if path.exists():
            frames.append(pd.read_parquet(path).assign(**about(folder)))
    table = pd.concat(frames) if frames else pd.DataFrame()
    if len(table) == 0:
        raise MaskbenchError(f"figure {figure}", "no training has curves", f"check {option}")
    return table.sort_values(["row", "line", "name", "step"], kind="stable")


def draw_panels(
    table: pd.DataFrame,
    rows: Sequence[str],
    row_title: Callable[[str], str],
    line_title: Callable[[str], str],
    legend_title: str = "",
) -> Figure:
    """Panels of one column share nothing: losses of different kinds differ in scale.

    Args:
        table: columns row, line, name (the quantity), step, value; sorted by line and step.
        rows: the rows in their order.
        row_title, line_title: words for them.
        legend_title: words above the legend.
    """
    names = {row: first_seen(table[table["row"] == row]["name"]) for row in rows}
    lines = sorted(table["line"].unique())
    across = max(len(panel) for panel in names.values())
    legend = LEGEND_LINE * (-(-len(lines) // IN_A_LINE) + bool(legend_title) - 1)
    figure = new_figure(WIDTH, ROW * len(rows) + 0.29 + legend)
    grid = panel_grid(
        figure, len(rows), across, top=0.42 + legend, bottom=0.42, wspace=0.5, hspace=0.75,
        left=0.065,
    )  # fmt: skip
    seen: dict[str, Line2D] = {}
    for index, row in enumerate(rows):
        for column, name in enumerate(names[row]):
            axes = figure.add_subplot(grid[index, column])
            here = table[(table["row"] == row) & (table["name"] == name)]
            for line, points in here.groupby("line", sort=True):
                colour = COLOURS[lines.index(line) % len(COLOURS)]
                label = line_title(str(line))
                (drawn,) = axes.plot(
                    points["step"], points["value"], color=colour, label=label, linewidth=0.8
                )
                seen.setdefault(str(line), drawn)
            axes.set_title(readable(name), color=GREY, fontsize=7, pad=3)
            axes.xaxis.set_major_locator(MaxNLocator(3, integer=True))
            axes.xaxis.set_major_formatter(FuncFormatter(_thousands))
            axes.yaxis.set_major_locator(MaxNLocator(3))
            axes.yaxis.set_major_formatter(FuncFormatter(_short))
            axes.margins(x=0.02)
            if column == 0:
                axes.text(0.0, 1.22, row_title(row), transform=axes.transAxes, fontweight="bold")
            if index == len(rows) - 1:
                axes.set_xlabel("step", labelpad=1)
    if len(seen) > 1:
        handles = [seen[line] for line in lines]
        figure.legend(
            handles=handles, loc="upper right", ncols=min(IN_A_LINE, len(handles)), borderpad=0.1,
            title=legend_title or None, title_fontsize=7, alignment="right",
        )  # fmt: skip
    return figure


def _short(value: float, _: object) -> str:
    """Few characters, else labels reach into the panel beside: 0.0006 is 6e−4, 20000 is 2e4."""
    if value == 0 or 0.01 <= abs(value) < 10_000:
        text = f"{value:.3g}"
    else:
        mantissa, exponent = f"{value:.1e}".split("e")
        text = f"{float(mantissa):g}e{int(exponent)}"
    return text.replace("-", "−")


def _thousands(value: float, _: object) -> str:
    return f"{value / 1000:g}k" if abs(value) >= 10_000 else f"{value:g}"
