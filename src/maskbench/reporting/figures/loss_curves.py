"""What the networks minimised: a row of panels a method, a line a seed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from maskbench.errors import MaskbenchError
from maskbench.reporting.figures.sheets import first_seen, readable
from maskbench.reporting.figures.style import COLOURS, GREY, FigureInputs, new_figure
from maskbench.reporting.names import method_order, method_title

NEEDS = ("models",)
WIDTH, ROW = 7.2, 1.3  # inches


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
    """Panels of one column share the quantity, not the scale: losses of different kinds differ."""
    table = read_curves(inputs.models)
    methods = method_order(table["method"].unique())
    names = {name: first_seen(table[table["method"] == name]["name"]) for name in methods}
    across = max(len(panel) for panel in names.values())
    figure = new_figure(WIDTH, ROW * len(methods) + 0.25)
    grid = figure.add_gridspec(
        len(methods),
        across,
        hspace=0.75,
        wspace=0.5,
        left=0.065,
        right=0.985,
        top=1 - 0.38 / figure.get_figheight(),
        bottom=0.42 / figure.get_figheight(),
    )
    for row, method in enumerate(methods):
        for column, name in enumerate(names[method]):
            axes = figure.add_subplot(grid[row, column])
            here = table[(table["method"] == method) & (table["name"] == name)]
            for index, (seed, line) in enumerate(here.groupby("seed", sort=True)):
                colour = COLOURS[index % len(COLOURS)]
                label = str(seed).replace("seed", "seed ")
                axes.plot(line["step"], line["value"], color=colour, label=label, linewidth=0.8)
            axes.set_title(readable(name), color=GREY, fontsize=7, pad=3)
            axes.xaxis.set_major_locator(MaxNLocator(3, integer=True))
            axes.xaxis.set_major_formatter(FuncFormatter(_thousands))
            axes.yaxis.set_major_locator(MaxNLocator(3))
            axes.yaxis.set_major_formatter(FuncFormatter(_short))
            axes.margins(x=0.02)
            if column == 0:
                axes.text(
                    0.0, 1.22, method_title(method), transform=axes.transAxes, fontweight="bold"
                )
                if row == 0 and here["seed"].nunique() > 1:
                    handles, labels = axes.get_legend_handles_labels()
                    figure.legend(
                        handles, labels, loc="upper right", ncols=len(labels), borderpad=0.1
                    )
            if row == len(methods) - 1:
                axes.set_xlabel("step", labelpad=1)
    return figure


def _short(value: float, _: object) -> str:
    """Few characters, else labels reach into the panel beside: 0.0006 is 6e−4."""
    if value == 0 or abs(value) >= 0.01:
        text = f"{value:.3g}"
    else:
        mantissa, exponent = f"{value:.1e}".split("e")
        text = f"{float(mantissa):g}e{int(exponent)}"
    return text.replace("-", "−")


def _thousands(value: float, _: object) -> str:
    return f"{value / 1000:g}k" if abs(value) >= 10_000 else f"{value:g}"
