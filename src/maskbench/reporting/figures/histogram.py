"""Scores of genuine and impostor pairs: a row a recogniser, two protocols beside each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from maskbench.measurements import STANDARD
from maskbench.reporting.figures.evaluations import (
    Key,
    Tested,
    label,
    main_ones,
    of_protocol,
    read_tested,
    shown_note,
    standard_protocol,
)
from maskbench.reporting.figures.request import NothingMeasured, Request
from maskbench.reporting.figures.style import COLOURS, GREY, new_figure, panel_grid
from maskbench.reporting.names import condition_title

ROWS, BINS = 8, 48  # recognisers at most; bars of a histogram
LEFT_PAIRS, RIGHT_PAIRS = "bare_bare", "bare_masked"  # protocols; else the standard one
WIDTH, ROW = 3.6, 1.05  # inches a data set (two columns), two at the least; inches a row
LEFT = 0.25  # inches
SCORES = ("protocol", "same", "score")


def draw(request: Request) -> Figure:
    """The panels of a row share the axis of scores."""
    scores: dict[tuple[str, Key], tuple[Tested, pd.DataFrame]] = {}
    for one in read_tested(request.inputs["recognition"]):
        table = one.table("scores.parquet", SCORES)
        if len(table):
            scores[one.dataset, one.key] = (one, table)
    if not scores:
        raise NothingMeasured(
            request.place, "no recogniser was measured", "look at the notes of its evaluations"
        )
    datasets = sorted({dataset for dataset, _ in scores})
    keys = sorted({key for _, key in scores})
    shown = main_ones(keys, ROWS)
    figure = new_figure(WIDTH * max(2, len(datasets)), ROW * len(shown) + 1.0)
    width, height = figure.get_size_inches()
    left = LEFT / width
    grid = panel_grid(
        figure, len(shown), 2 * len(datasets),
        top=0.87, bottom=0.38, wspace=0.12, hspace=1.05, left=left,
    )  # fmt: skip
    for row, key in enumerate(shown):
        here = {d: scores[d, key] for d in datasets if (d, key) in scores}
        y = grid[row, 0].get_position(figure).y1 + 0.19 / height
        figure.text(left, y, label(key), fontweight="bold", fontsize=7)
        edges = np.linspace(*_span([table["score"] for _, table in here.values()]), BINS + 1)
        for dataset, (one, table) in here.items():
            standard = standard_protocol(table)
            right = RIGHT_PAIRS if len(of_protocol(table, RIGHT_PAIRS)) else standard
            for side, protocol in enumerate((LEFT_PAIRS, right)):
                axes = figure.add_subplot(grid[row, 2 * datasets.index(dataset) + side])
                auc = one.number("auc", STANDARD if protocol == standard else protocol)
                _histogram(axes, of_protocol(table, protocol), edges, auc)
                if row == len(shown) - 1:
                    axes.set_xlabel("cosine", labelpad=1)
                if row == 0:
                    words = f"{dataset}: {condition_title('protocol', protocol)}"
                    axes.set_title(words, color=GREY, fontsize=7, pad=26)
    handles, words_of = figure.axes[0].get_legend_handles_labels()
    note = shown_note(len(shown), len(keys))
    figure.legend(
        handles, words_of, loc="upper right", ncols=2, borderpad=0.1, title=note,
        title_fontsize=6.5,
    )  # fmt: skip
    return figure


def _span(columns: list[pd.Series]) -> tuple[float, float]:
    """Lowest and highest score of a recogniser, never the same."""
    low = min(float(column.min()) for column in columns)
    high = max(float(column.max()) for column in columns)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _histogram(axes: Axes, table: pd.DataFrame, edges: np.ndarray, auc: float | None) -> None:
    for kind, same, colour in (("genuine", True, COLOURS[0]), ("impostor", False, COLOURS[1])):
        values = table.loc[table["same"].astype(bool) == same, "score"].to_numpy(float)
        if len(values):
            counts = np.histogram(values, edges)[0] / len(values)
            axes.stairs(counts, edges, fill=True, color=colour, alpha=0.45, label=kind, linewidth=0)
            axes.stairs(counts, edges, color=colour, linewidth=0.8)
    if auc is not None:
        axes.text(0.99, 1.03, f"AUC {auc:.3f}", transform=axes.transAxes, ha="right", va="bottom",
                  fontsize=6.5)  # fmt: skip
    if len(table) == 0:
        axes.text(0.5, 0.5, "no pairs", transform=axes.transAxes, ha="center", color=GREY)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(5))
