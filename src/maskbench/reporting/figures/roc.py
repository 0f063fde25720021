"""ROC with a logarithmic FAR, DET on normal deviates, CMC: exact curves of recognition tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter, NullLocator
from scipy.special import ndtri  # scipy.stats takes a second to import

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
from maskbench.reporting.figures.request import NothingMeasured, Request
from maskbench.reporting.figures.style import GREY, PALE, new_figure, panel_grid

WIDTH, ROW, LINE = 7.2, 2.6, 0.17  # inches: page, a row of panels, a line of the legend
LINES, RANKS = 8, 20  # recognisers in a panel, and ranks of a CMC, at most
TICKS = (0.0001, 0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99)
FINEST = 1e-4  # the DET's axes begin here at the least
IDENTIFICATION = "identification"

Curves = dict[Key, pd.DataFrame]
Looks = dict[Key, dict[str, Any]]


def draw(request: Request) -> Figure:
    """The panels of each data set that was tested on, two in a row; one legend below."""
    panels = request.options.panels
    curves = {panel: _read(request, panel) for panel in panels}
    datasets = sorted({dataset for found in curves.values() for dataset in found})
    there = {key for found in curves.values() for of in found.values() for key in of}
    shown = main_ones(sorted(there), LINES)
    style = looks(shown)
    drawn = {
        (dataset, panel): {key: found[key] for key in shown if key in found}
        for dataset in datasets
        for panel in panels
        for found in [curves[panel].get(dataset, {})]
    }
    places = [place for place, found in drawn.items() if found]
    foot = LINE * (-(-len(shown) // 2) + 1)
    columns = min(2, len(places))
    rows = -(-len(places) // columns)
    figure = new_figure(WIDTH, ROW * rows + foot)
    grid = panel_grid(figure, rows, columns, top=0.28, bottom=foot + 0.42, wspace=0.25, hspace=0.5)
    for index, (dataset, panel) in enumerate(places):
        axes = figure.add_subplot(grid[index // columns, index % columns])
        PANELS[panel](axes, drawn[dataset, panel], style)
        axes.set_title(f"{panel.upper()}, {dataset}")
        axes.grid(color=PALE, linewidth=0.5)
    axes = figure.axes[-1]
    handles = [axes.plot([], [], label=label(key), **style[key])[0] for key in shown]
    note = shown_note(len(shown), len(there))
    figure.legend(handles=handles, loc="lower center", ncols=2, title=note, title_fontsize=6.5)
    return figure


def _read(request: Request, panel: str) -> dict[str, Curves]:
    """The curves of a panel by data set.

    Raises:
        NothingMeasured: no evaluation has such a curve.
    """
    file, columns = "roc.parquet", ("protocol", "far", "tar")
    if panel == "cmc":
        file, columns = "cmc.parquet", ("protocol", "rank", "share")
    curves: dict[str, Curves] = {}
    for one in read_tested(request.inputs["recognition"]):
        table = one.table(file, columns)
        protocol = IDENTIFICATION if panel == "cmc" else standard_protocol(table)
        table = of_protocol(table, protocol)
        if len(table):
            curves.setdefault(one.dataset, {})[one.key] = table
    if not curves:
        raise NothingMeasured(
            request.place, "no recogniser has a curve", "look at the notes of its evaluations"
        )
    return curves


def _roc(axes: Axes, curves: Curves, style: Looks) -> None:
    lowest = min(_smallest(table["far"]) for table in curves.values())
    for key, table in curves.items():
        table = table.sort_values(["far", "tar"], kind="stable")
        # The highest TAR at a FAR of at most x: steps, and the point at FAR 0 reaches to the left.
        far = np.maximum(table["far"].to_numpy(float), lowest / 2)
        axes.plot(far, table["tar"], drawstyle="steps-post", **style[key])
    axes.set_xscale("log")
    axes.xaxis.set_minor_formatter(NullFormatter())  # in less than two decades they would overlap
    axes.set_xlim(lowest, 1)
    axes.set_ylim(0, 1.01)
    axes.set_xlabel("false accept rate")
    axes.set_ylabel("true accept rate")


def _det(axes: Axes, curves: Curves, style: Looks) -> None:
    low_x = max(FINEST, min(_smallest(table["far"]) for table in curves.values()))
    low_y = max(FINEST, min(_smallest(1 - table["tar"]) for table in curves.values()))
    for key, table in curves.items():
        table = table.sort_values(["far", "tar"], kind="stable")
        far = ndtri(np.clip(table["far"].to_numpy(float), low_x / 4, 1 - 1e-4))
        frr = ndtri(np.clip(1 - table["tar"].to_numpy(float), low_y / 4, 1 - 1e-4))
        axes.plot(far, frr, **style[key])
    inside = [table.loc[table["far"] >= low_x, "tar"] for table in curves.values()]
    high_y = max((1 - float(tar.min()) for tar in inside if len(tar)), default=0.99)
    for axis, low, high in ((axes.xaxis, low_x, 0.6), (axes.yaxis, low_y, min(high_y, 0.99))):
        ticks = [tick for tick in TICKS if low <= tick <= max(high, 2 * low)]
        axis.set_ticks(list(ndtri(ticks)), [f"{100 * tick:g}%" for tick in ticks])
        axis.set_minor_locator(NullLocator())
    axes.set_xlim(ndtri(low_x), ndtri(0.6))
    axes.set_ylim(ndtri(low_y), ndtri(min(max(high_y, 2 * low_y), 0.99)))
    axes.axline((0, 0), slope=1, color=GREY, linewidth=0.5, linestyle=":")
    axes.set_xlabel("false accept rate")
    axes.set_ylabel("false reject rate")


def _cmc(axes: Axes, curves: Curves, style: Looks) -> None:
    first = {
        key: table[table["rank"] <= RANKS].sort_values("rank") for key, table in curves.items()
    }
    for key, table in first.items():
        axes.plot(table["rank"], table["share"], marker=".", markersize=3, **style[key])
    longest = max(int(table["rank"].max()) for table in first.values())
    lowest = min(float(table["share"].min()) for table in first.values())
    axes.set_xlim(0.5, max(longest, 2) + 0.5)
    axes.set_ylim(min(0.5, lowest - 0.05), 1.02)
    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    axes.set_xlabel("rank")
    axes.set_ylabel("share of probes")


def _smallest(rates: pd.Series) -> float:
    """The smallest rate above zero, 0.1 at the most."""
    above = rates[rates > 1e-12]
    return min(0.1, float(above.min())) if len(above) else 0.1


PANELS: dict[str, Callable[[Axes, Curves, Looks], None]] = {
    "roc": _roc,
    "det": _det,
    "cmc": _cmc,
}
