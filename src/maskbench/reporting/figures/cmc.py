"""Closed-set identification: how often the right person is among the k most similar."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from maskbench.errors import MaskbenchError
from maskbench.reporting.figures.evaluations import (
    Key,
    label,
    looks,
    main_ones,
    of_protocol,
    read_tested,
    shown_note,
)
from maskbench.reporting.figures.style import PALE, FigureInputs, new_figure

NEEDS = ("recognition",)
MOST = 8  # lines
RANKS = 20
WIDTH, PANEL, LINE = 7.2, 2.5, 0.17  # inches: page, a panel's height, a line of the legend
PROTOCOL = "identification"


def draw(inputs: FigureInputs) -> Figure:
    """A panel for each data set that was tested on, two in a row."""
    curves: dict[str, dict[Key, pd.DataFrame]] = {}
    for one in read_tested(inputs.recognition):
        table = one.table("cmc.parquet", ("protocol", "rank", "share"))
        table = of_protocol(table, PROTOCOL)
        table = table[table["rank"] <= RANKS]
        if len(table):
            curves.setdefault(one.dataset, {})[one.key] = table.sort_values("rank", kind="stable")
    if not curves:
        raise MaskbenchError(
            "figure cmc", "no recogniser identified anybody", "check --recognition"
        )
    keys = sorted({key for of in curves.values() for key in of})
    shown = main_ones(keys, MOST)
    style = looks(shown)
    rows = -(-len(curves) // 2)
    foot = LINE * (-(-len(shown) // 2) + 1)
    figure = new_figure(WIDTH, PANEL * rows + foot)
    height = figure.get_figheight()
    grid = figure.add_gridspec(
        rows,
        min(2, len(curves)),
        left=0.075,
        right=0.985,
        wspace=0.2,
        hspace=0.5,
        top=1 - 0.28 / height,
        bottom=(foot + 0.42) / height,
    )
    for index, (dataset, of) in enumerate(sorted(curves.items())):
        axes = figure.add_subplot(grid[index // 2, index % 2])
        for key in (key for key in shown if key in of):
            axes.plot(of[key]["rank"], of[key]["share"], marker=".", markersize=3, **style[key])
        longest = max(int(table["rank"].max()) for table in of.values())
        axes.set_xlim(0.5, max(longest, 2) + 0.5)
        axes.set_ylim(min(0.5, min(float(t["share"].min()) for t in of.values()) - 0.05), 1.02)
        axes.xaxis.set_major_locator(MaxNLocator(10, integer=True))
        axes.grid(color=PALE, linewidth=0.5)
        axes.set_title(f"CMC, {dataset}")
        axes.set_xlabel("rank")
        axes.set_ylabel("share of probes")
    handles = [axes.plot([], [], label=label(key), **style[key])[0] for key in shown]
    note = shown_note(len(shown), len(keys))
    figure.legend(handles=handles, loc="lower center", ncols=2, title=note, title_fontsize=6.5)
    return figure
