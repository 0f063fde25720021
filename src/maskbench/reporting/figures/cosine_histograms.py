"""Scores of genuine and impostor pairs, bare with bare beside bare with masked faces."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from maskbench.errors import MaskbenchError
from maskbench.reporting.figures.evaluations import (
    Tested,
    in_table_order,
    label,
    main_ones,
    of_protocol,
    read_tested,
    standard_protocol,
)
from maskbench.reporting.figures.style import COLOURS, GREY, FigureInputs, new_figure, panel_grid
from maskbench.reporting.recognition_names import protocol_title

NEEDS = ("recognition",)
MOST = 8  # recognisers (rows)
WIDTH, ROW = 3.6, 1.05  # inches a data set (two columns), two at the least; inches a row
BINS = 48
LEFT = 0.25  # inches
BARE, MASKED = "bare_bare", "bare_masked"
SCORES = ("protocol", "same", "score")


def draw(inputs: FigureInputs) -> Figure:
    """A row a recogniser; its panels share the axis of scores."""
    scores: dict[tuple[str, str, str], pd.DataFrame] = {}
    tested: dict[tuple[str, str, str], Tested] = {}
    for one in read_tested(inputs.recognition):
        table = one.table("scores.parquet", SCORES)
        if len(table):
            scores[one.dataset, *one.key] = table
            tested[one.dataset, *one.key] = one
    if not scores:
        raise MaskbenchError(
            "figure cosine_histograms", "no recogniser was measured", "check --recognition"
        )
    datasets = sorted({dataset for dataset, *_ in scores})
    keys = {(name, training_set) for _, name, training_set in scores}
    shown = in_table_order(main_ones(sorted(keys), MOST))
    figure = new_figure(WIDTH * max(2, len(datasets)), ROW * len(shown) + 0.85)
    width, height = figure.get_size_inches()
    left = LEFT / width
    columns = 2 * len(datasets)
    grid = panel_grid(
        figure, len(shown), columns, top=0.72, bottom=0.38, wspace=0.12, hspace=1.05, left=left
    )
    first = None
    for row, key in enumerate(shown):
        here = {d: scores[d, *key] for d in datasets if (d, *key) in scores}
        y = grid[row, 0].get_position(figure).y1 + 0.19 / height
        figure.text(left, y, label(key), fontweight="bold", fontsize=7)
        edges = np.linspace(*_span([table["score"] for table in here.values()]), BINS + 1)
        for column, dataset in enumerate(datasets):
            if dataset not in here:
                continue
            table = here[dataset]
            standard = standard_protocol(table)
            masked = MASKED if len(of_protocol(table, MASKED)) else standard
            for side, protocol in enumerate((BARE, masked)):
                axes = figure.add_subplot(grid[row, 2 * column + side])
                named = "" if protocol == standard else protocol
                auc = tested[dataset, *key].number("auc", named)
                _histogram(axes, of_protocol(table, protocol), edges, auc)
                if row == len(shown) - 1:
                    axes.set_xlabel("cosine", labelpad=1)
                if row == 0:
                    words = protocol_title(protocol)
                    axes.set_title(f"{dataset}: {words}", color=GREY, fontsize=7, pad=26)
                first = first or axes
    assert first is not None
    handles, words_of = first.get_legend_handles_labels()
    figure.legend(handles, words_of, loc="upper right", ncols=2, borderpad=0.1)
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
        axes.text(
            0.99,
            1.03,
            f"AUC {auc:.3f}",
            transform=axes.transAxes,
            ha="right",
            va="bottom",
            fontsize=6.5,
        )
    if len(table) == 0:
        axes.text(0.5, 0.5, "no pairs", transform=axes.transAxes, ha="center", color=GREY)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(5))
