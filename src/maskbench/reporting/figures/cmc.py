"""Closed-set identification: how often the right person is among the k most similar."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from maskbench.reporting.figures.style import PALE, FigureInputs
from maskbench.reporting.figures.tested_curves import read_curves

NEEDS = ("recognition",)
RANKS = 20
PANEL = 2.5  # inches high
PROTOCOL = "identification"


def draw(inputs: FigureInputs) -> Figure:
    """A panel for each data set that was tested on, two in a row."""
    columns = ("protocol", "rank", "share")
    curves = read_curves("cmc", inputs.recognition, "cmc.parquet", columns, lambda _: PROTOCOL)
    figure, grid = curves.page(-(-len(curves.of) // 2), min(2, len(curves.of)), PANEL, wspace=0.2)
    for index, (dataset, of) in enumerate(curves.of.items()):
        axes = figure.add_subplot(grid[index // 2, index % 2])
        first = {
            key: table[table["rank"] <= RANKS].sort_values("rank") for key, table in of.items()
        }
        for key in curves.drawn(dataset):
            ranks, shares = first[key]["rank"], first[key]["share"]
            axes.plot(ranks, shares, marker=".", markersize=3, **curves.style[key])
        longest = max(int(table["rank"].max()) for table in first.values())
        lowest = min(float(table["share"].min()) for table in first.values())
        axes.set_xlim(0.5, max(longest, 2) + 0.5)
        axes.set_ylim(min(0.5, lowest - 0.05), 1.02)
        axes.xaxis.set_major_locator(MaxNLocator(10, integer=True))
        axes.grid(color=PALE, linewidth=0.5)
        axes.set_title(f"CMC, {dataset}")
        axes.set_xlabel("rank")
        axes.set_ylabel("share of probes")
    curves.legend(figure)
    return figure
