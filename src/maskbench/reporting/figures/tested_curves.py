"""Exact curves of tests (ROC, CMC): panels by data set, lines by recogniser, one legend below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

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
from maskbench.reporting.figures.style import new_figure, panel_grid

MOST = 8  # lines
WIDTH, LINE = 7.2, 0.17  # inches: page, a line of the legend


@dataclass(frozen=True)
class Curves:
    """What is drawn.

    Attributes:
        of: the curves of each data set, in its order, of all recognisers.
        shown: the recognisers that have a line.
        style: colour and dashes of each.
    """

    of: dict[str, dict[Key, pd.DataFrame]]
    shown: list[Key]
    style: dict[Key, dict[str, Any]]

    def drawn(self, dataset: str) -> list[Key]:
        """The recognisers with a line among those of a data set."""
        return [key for key in self.shown if key in self.of[dataset]]

    def page(self, rows: int, columns: int, row: float, wspace: float) -> tuple[Figure, GridSpec]:
        """A page of ``rows`` of panels, each ``row`` inches high, above the legend."""
        foot = LINE * (-(-len(self.shown) // 2) + 1)
        figure = new_figure(WIDTH, row * rows + foot)
        grid = panel_grid(
            figure, rows, columns, top=0.28, bottom=foot + 0.42, wspace=wspace, hspace=0.5
        )
        return figure, grid

    def legend(self, figure: Figure) -> None:
        """All lines below the panels, with a word on the recognisers that are left out."""
        axes = figure.axes[-1]
        handles = [axes.plot([], [], label=label(key), **self.style[key])[0] for key in self.shown]
        there = {key for of in self.of.values() for key in of}
        note = shown_note(len(self.shown), len(there))
        figure.legend(handles=handles, loc="lower center", ncols=2, title=note, title_fontsize=6.5)


def read_curves(
    figure: str,
    folders: Sequence[Path],
    file: str,
    columns: tuple[str, ...],
    protocol: Callable[[pd.DataFrame], str],
) -> Curves:
    """The curves of one protocol.

    Args:
        figure: who asks.
        folders: evaluations.
        file: their table.
        columns: that it must have.
        protocol: which one, from the table.

    Raises:
        MaskbenchError: no evaluation has such a curve.
    """
    of: dict[str, dict[Key, pd.DataFrame]] = {}
    for one in read_tested(folders):
        table = one.table(file, columns)
        table = of_protocol(table, protocol(table))
        if len(table):
            of.setdefault(one.dataset, {})[one.key] = table
    if not of:
        raise MaskbenchError(f"figure {figure}", "no recogniser has a curve", "check --recognition")
    shown = main_ones(sorted({key for curves in of.values() for key in curves}), MOST)
    return Curves(dict(sorted(of.items())), shown, looks(shown))
