"""What all figures share: their look and how they are saved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

INK, GREY, PALE = "#1a1a1a", "#6b6b6b", "#e6e6e6"
# Okabe and Ito's colours differ for readers with any colour vision.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
DPI = 200

_RC = {
    "font.family": "DejaVu Sans",
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.labelsize": 8.0,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 7.0,
    "lines.linewidth": 1.1,
}


@contextmanager
def clean_style() -> Iterator[None]:
    """Matplotlib's own defaults with this project's look, whatever the user's settings are."""
    with matplotlib.rc_context():
        matplotlib.rcParams.update(matplotlib.rcParamsDefault)
        matplotlib.rcParams.update(_RC)  # type: ignore[arg-type]
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of a size in inches, on the Agg canvas (no display, no global state)."""
    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def panel_grid(
    figure: Figure,
    rows: int,
    columns: int,
    *,
    top: float,
    bottom: float,
    wspace: float,
    hspace: float,
    left: float = 0.075,
) -> GridSpec:
    """Where a figure's panels stand.

    Args:
        top, bottom: margins in inches; ``left``: a share of the width.
        wspace, hspace: gaps as shares of a panel.
    """
    height = figure.get_figheight()
    return figure.add_gridspec(
        rows,
        columns,
        left=left,
        right=0.985,
        wspace=wspace,
        hspace=hspace,
        top=1 - top / height,
        bottom=bottom / height,
    )


def save(figure: Figure, path: Path) -> None:
    """Write a PNG without the date and the program's version."""
    figure.savefig(path, format="png", dpi=DPI, metadata={"Software": None})
