"""ROC with a logarithmic FAR, and DET: the standard protocol, a row a data set."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from scipy.stats import norm

from maskbench.reporting.figures.evaluations import standard_protocol
from maskbench.reporting.figures.style import GREY, PALE, FigureInputs
from maskbench.reporting.figures.tested_curves import Curves, read_curves

NEEDS = ("recognition",)
ROW = 2.6  # inches
TICKS = (0.0001, 0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99)
FINEST = 1e-4  # the DET's axes begin here at the least


def draw(inputs: FigureInputs) -> Figure:
    """Two panels for each data set that was tested on."""
    columns = ("protocol", "far", "tar")
    curves = read_curves("roc_det", inputs.recognition, "roc.parquet", columns, standard_protocol)
    figure, grid = curves.page(len(curves.of), 2, ROW, wspace=0.25)
    for row, dataset in enumerate(curves.of):
        for column, (name, panel) in enumerate((("ROC", _roc), ("DET", _det))):
            axes = figure.add_subplot(grid[row, column])
            panel(axes, curves, dataset)
            axes.set_title(f"{name}, {dataset}")
            axes.grid(color=PALE, linewidth=0.5)
            axes.set_xlabel("false accept rate")
    curves.legend(figure)
    return figure


def _roc(axes: Axes, curves: Curves, dataset: str) -> None:
    of = curves.of[dataset]
    lowest = min(_smallest(table["far"]) for table in of.values())
    for key in curves.drawn(dataset):
        table = of[key].sort_values(["far", "tar"], kind="stable")
        # The highest TAR at a FAR of at most x: steps, and the point at FAR 0 reaches to the left.
        far = np.maximum(table["far"].to_numpy(float), lowest / 2)
        axes.plot(far, table["tar"], drawstyle="steps-post", **curves.style[key])
    axes.set_xscale("log")
    axes.set_xlim(lowest, 1)
    axes.set_ylim(0, 1.01)
    axes.set_ylabel("true accept rate")


def _det(axes: Axes, curves: Curves, dataset: str) -> None:
    of = curves.of[dataset]
    low_x = max(FINEST, min(_smallest(table["far"]) for table in of.values()))
    low_y = max(FINEST, min(_smallest(1 - table["tar"]) for table in of.values()))
    for key in curves.drawn(dataset):
        table = of[key].sort_values(["far", "tar"], kind="stable")
        far = norm.ppf(np.clip(table["far"].to_numpy(float), low_x / 4, 1 - 1e-4))
        frr = norm.ppf(np.clip(1 - table["tar"].to_numpy(float), low_y / 4, 1 - 1e-4))
        axes.plot(far, frr, **curves.style[key])
    inside = [table.loc[table["far"] >= low_x, "tar"] for table in of.values()]
    high_y = max((1 - float(tar.min()) for tar in inside if len(tar)), default=0.99)
    for axis, low, high in ((axes.xaxis, low_x, 0.6), (axes.yaxis, low_y, min(high_y, 0.99))):
        ticks = [tick for tick in TICKS if low <= tick <= max(high, 2 * low)]
        axis.set_ticks(list(norm.ppf(ticks)), [f"{100 * tick:g}%" for tick in ticks])
        axis.set_minor_locator(NullLocator())
    axes.set_xlim(norm.ppf(low_x), norm.ppf(0.6))
    axes.set_ylim(norm.ppf(low_y), norm.ppf(min(max(high_y, 2 * low_y), 0.99)))
    axes.axline((0, 0), slope=1, color=GREY, linewidth=0.5, linestyle=":")
    axes.set_ylabel("false reject rate")


def _smallest(rates: pd.Series) -> float:
    """The smallest rate above zero, 0.1 at the most."""
    above = rates[rates > 1e-12]
    return min(0.1, float(above.min())) if len(above) else 0.1
