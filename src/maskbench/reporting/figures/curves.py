"""What networks minimised: a block a method or recogniser, a panel a loss, a line a training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from itertools import cycle, product
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from maskbench.errors import MaskbenchError
from maskbench.reporting.figures.page import readable
from maskbench.reporting.figures.request import Request
from maskbench.reporting.figures.style import COLOURS, GREY, new_figure
from maskbench.reporting.names import in_order, title_of
from maskbench.reporting.summarise import recogniser_of

T = TypeVar("T")
Panel = tuple[str, str, pd.DataFrame]  # title of the block or "", loss, its curves
Look = tuple[Any, str]  # dashes, colour

WIDTH, RIM, AXIS = 7.2, 0.08, 0.2  # inches: page, its edge, the words "step" at its foot
BESIDE, ABOVE, BELOW, TITLE = 0.36, 0.22, 0.24, 0.2  # inches of words around a panel; of a block's
LEGEND_LINE, IN_A_LINE = 0.17, 5  # inches, entries
LOOKS: tuple[Look, ...] = tuple(product(("-", (0, (4, 1.5)), (0, (1, 1))), COLOURS))
ONLY_STAGE = "train"  # the name of a training's stage where it has one


def losses(request: Request) -> pd.DataFrame:
    """All curves as (block, name, line, seed, step, value); untrained methods have none.

    ``block`` is a method or recogniser and ``name`` a loss. ``line`` is the stage of a method's
    training, whose steps are counted from 0, or the training set of a recogniser.

    Raises:
        MaskbenchError: no folder holds a curve.
    """
    frames = []
    for need in ("models", "recognisers"):
        for folder in map(Path, request.inputs.get(need, ())):
            path = folder / "curves.parquet"
            if path.exists():
                curves = pd.read_parquet(path)
                parts = [str(name).rpartition("/") for name in curves["name"]]
                curves["name"] = [loss for _, _, loss in parts]
                if need == "recognisers":
                    block, curves["line"], seed = recogniser_of(folder)
                else:
                    block, seed = folder.parent.name, int(folder.name.removeprefix("seed"))
                    curves["line"] = [readable(stage) or ONLY_STAGE for stage, _, _ in parts]
                frames.append(curves.assign(block=block, seed=seed))
    table = pd.concat(frames) if frames else pd.DataFrame()
    if len(table) == 0:
        raise MaskbenchError(request.place, "no training has curves", "train something")
    return table.sort_values(["block", "name", "line", "seed", "step"], kind="stable")


def draw(request: Request) -> Figure:
    """Blocks of panels in the order of the tables; every panel has its own scale."""
    table, options = losses(request), request.options
    left_out = [any(fnmatch(one, each) for each in options.without) for one in table["block"]]
    table = table if all(left_out) else table[[not out for out in left_out]]
    blocks = {block: table[table["block"] == block] for block in in_order(table["block"])}
    lines = in_order(table["line"])
    looks = dict(zip(lines, cycle(LOOKS), strict=False))
    rows = flow([_panels(*block) for block in blocks.items()], options.across)

    pitch = (WIDTH - 2 * RIM) / options.across
    width = pitch - BESIDE
    high = 0.4 + 0.2 * width
    above = [ABOVE + TITLE * any(title for title, _, _ in row) for row in rows]
    head = RIM + LEGEND_LINE * -(-len(lines) // IN_A_LINE) * (len(lines) > 1)
    height = head + sum(above) + len(rows) * (high + BELOW) + AXIS
    figure = new_figure(WIDTH, height)
    top = height - head
    for row, room in zip(rows, above, strict=True):
        top -= room
        for column, (title, name, curves) in enumerate(row):
            x, y = RIM + BESIDE + column * pitch, top - high
            axes = figure.add_axes((x / WIDTH, y / height, width / WIDTH, high / height))
            _panel(axes, curves, looks)
            axes.set_title(readable(name), color=GREY, fontsize=6.5, pad=3)
            if title:
                axes.annotate(title, (0, 1), (0, 15), "axes fraction", "offset points",
                              fontweight="bold")  # fmt: skip
        top -= high + BELOW
    figure.text(0.5, 0.06 / height, "step", ha="center")
    if len(lines) > 1:
        samples = [
            Line2D([], [], linestyle=dashes, color=colour) for dashes, colour in looks.values()
        ]
        words = [title_of(line) for line in lines]
        figure.legend(samples, words, loc="upper left", ncols=IN_A_LINE, borderpad=0.2)
    return figure


def _panels(block: str, curves: pd.DataFrame) -> list[Panel]:
    """A panel a loss; the first has the block's title."""
    return [
        (title_of(block) if place == 0 else "", name, curves[curves["name"] == name])
        for place, name in enumerate(curves["name"].unique())
    ]


def flow(blocks: Iterable[Sequence[T]], across: int) -> list[list[T]]:
    """Panels in rows of at most ``across``; a block that does not fit behind another begins a row.

    Args:
        blocks: the panels of each block.
        across: panels beside each other.
    """
    rows: list[list[T]] = [[]]
    for block in blocks:
        if rows[-1] and len(rows[-1]) + len(block) > across:
            rows.append([])
        for panel in block:
            if len(rows[-1]) == across:
                rows.append([])
            rows[-1].append(panel)
    return rows


def _panel(axes: Axes, curves: pd.DataFrame, looks: Mapping[str, Look]) -> None:
    for line, found in ((line, curves[curves["line"] == line]) for line in looks):
        dashes, colour = looks[line]
        for _, points in found.groupby("seed"):
            axes.plot(points["step"], points["value"], ls=dashes, color=colour, linewidth=0.8)
    axes.xaxis.set_major_locator(MaxNLocator(2, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(_thousands))
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter(FuncFormatter(_short))
    axes.tick_params(length=2, pad=1.5, labelsize=6)
    axes.margins(x=0.02)


def _short(value: float, _: object) -> str:
    """Few characters, else labels reach into the panel beside: 0.0006 is 6e−4, 20000 is 2e4."""
    if value == 0 or 0.00995 <= abs(value) < 10_000:
        text = f"{value:.4g}"
    else:
        mantissa, exponent = f"{value:.1e}".split("e")
        text = f"{float(mantissa):g}e{int(exponent)}"
    return text.replace("-", "−")


def _thousands(value: float, _: object) -> str:
    return f"{value / 1000:g}k" if abs(value) >= 10_000 else f"{value:g}"
