"""ROC with a logarithmic FAR, and DET: the standard protocol, a row a data set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from scipy.stats import norm

from maskbench.errors import MaskbenchError
from maskbench.reporting.figures.evaluations import (
    Key,
    label,
    looks,
    main_ones,
    of_protocol,
    read_tested,
    shown_note,
    standard_protocol,
)
from maskbench.reporting.figures.style import GREY, PALE, FigureInputs, new_figure

NEEDS = ("recognition",)
MOST = 8  # lines
WIDTH, ROW, LINE = 7.2, 2.6, 0.17  # inches: page, a row of panels, a line of the legend
TICKS = (0.0001, 0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99)
FINEST = 1e-4  # the DET's axes begin here at the least


def draw(inputs: FigureInputs) -> Figure:
    """Two panels for each data set that was tested on."""
    curves: dict[str, dict[Key, pd.DataFrame]] = {}
    for one in read_tested(inputs.recognition):
        table = one.table("roc.parquet", ("protocol", "far", "tar"))
        table = of_protocol(table, standard_protocol(table))
        if len(table):
            curves.setdefault(one.dataset, {})[one.key] = table
    if not curves:
        raise MaskbenchError("figure roc_det", "no recogniser was measured", "check --recognition")
    keys = sorted({key for of in curves.values() for key in of})
    shown = main_ones(keys, MOST)
    style = looks(shown)
    foot = LINE * (-(-len(shown) // 2) + 1)
    figure = new_figure(WIDTH, ROW * len(curves) + foot)
    height = figure.get_figheight()
    grid = figure.add_gridspec(
        len(curves),
        2,
        left=0.075,
        right=0.985,
        wspace=0.25,
        hspace=0.5,
        top=1 - 0.28 / height,
        bottom=(foot + 0.42) / height,
    )
    for row, (dataset, of) in enumerate(sorted(curves.items())):
        roc, det = (figure.add_subplot(grid[row, column]) for column in (0, 1))
        _roc(roc, of, shown, style)
        _det(det, of, shown, style)
        roc.set_title(f"ROC, {dataset}")
        det.set_title(f"DET, {dataset}")
    handles = [roc.plot([], [], label=label(key), **style[key])[0] for key in shown]
    note = shown_note(len(shown), len(keys))
    figure.legend(handles=handles, loc="lower center", ncols=2, title=note, title_fontsize=6.5)
    return figure


def _roc(axes: Axes, of: dict[Key, pd.DataFrame], shown: list[Key], style: dict[Key, Any]) -> None:
    lowest = min(_smallest(table["far"]) for table in of.values())
    for key in (key for key in shown if key in of):
        table = of[key].sort_values(["far", "tar"], kind="stable")
        # The highest TAR at a FAR of at most x: steps, and the point at FAR 0 reaches to the left.
        far = np.maximum(table["far"].to_numpy(float), lowest / 2)
        axes.plot(far, table["tar"], drawstyle="steps-post", **style[key])
    axes.set_xscale("log")
    axes.set_xlim(lowest, 1)
    axes.set_ylim(0, 1.01)
    axes.grid(color=PALE, linewidth=0.5)
    axes.set_xlabel("false accept rate")
    axes.set_ylabel("true accept rate")


def _det(axes: Axes, of: dict[Key, pd.DataFrame], shown: list[Key], style: dict[Key, Any]) -> None:
    low_x = max(FINEST, min(_smallest(table["far"]) for table in of.values()))
    low_y = max(FINEST, min(_smallest(1 - table["tar"]) for table in of.values()))
    for key in (key for key in shown if key in of):
        table = of[key].sort_values(["far", "tar"], kind="stable")
        far = norm.ppf(np.clip(table["far"].to_numpy(float), low_x / 4, 1 - 1e-4))
        frr = norm.ppf(np.clip(1 - table["tar"].to_numpy(float), low_y / 4, 1 - 1e-4))
        axes.plot(far, frr, **style[key])
    inside = [table.loc[table["far"] >= low_x, "tar"] for table in of.values()]
    high_y = max((1 - float(tar.min()) for tar in inside if len(tar)), default=0.99)
    for axis, low, high in ((axes.xaxis, low_x, 0.6), (axes.yaxis, low_y, min(high_y, 0.99))):
        ticks = [tick for tick in TICKS if low <= tick <= max(high, 2 * low)]
        axis.set_ticks(list(norm.ppf(ticks)), [f"{100 * tick:g}%" for tick in ticks])
        axis.set_minor_locator(NullLocator())
    axes.set_xlim(norm.ppf(low_x), norm.ppf(0.6))
    axes.set_ylim(norm.ppf(low_y), norm.ppf(min(max(high_y, 2 * low_y), 0.99)))
    axes.axline((0, 0), slope=1, color=GREY, linewidth=0.5, linestyle=":")
    axes.grid(color=PALE, linewidth=0.5)
    axes.set_xlabel("false accept rate")
    axes.set_ylabel("false reject rate")


def _smallest(rates: pd.Series) -> float:
    """The smallest rate above zero, 0.1 at the most."""
    above = rates[rates > 1e-12]
    return min(0.1, float(above.min())) if len(above) else 0.1
