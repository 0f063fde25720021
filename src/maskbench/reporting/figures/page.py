"""A page measured in picture sides, and small things that sheets of pictures share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from maskbench.reporting.figures.style import GREY, INK, new_figure


class Page:
    """A page measured in picture sides, x to the right and y downwards from the top left.

    Args:
        columns, rows: size of the page in picture sides.
        side: one picture side in inches.
    """

    def __init__(self, columns: float, rows: float, side: float) -> None:
        self.figure = new_figure(columns * side, rows * side)
        self._axes = self.figure.add_axes((0, 0, 1, 1))
        self._axes.set_axis_off()
        self._columns, self._rows = columns, rows
        self._fit()

    def _fit(self) -> None:
        self._axes.set_xlim(0, self._columns)
        self._axes.set_ylim(self._rows, 0)

    def picture(
        self, x: float, y: float, picture: Any, width: float = 1.0, height: float = 1.0
    ) -> None:
        """Put a uint8 picture, (H, W, 3) or grey (H, W), with its upper left corner at (x, y)."""
        self._axes.imshow(
            np.asarray(picture),
            cmap="gray",
            vmin=0,
            vmax=255,
            extent=(x, x + width, y + height, y),
            interpolation="lanczos",
            aspect="auto",
        )
        self._fit()

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 7.0,
        colour: str = INK,
        align: str = "left",
        valign: str = "baseline",
        bold: bool = False,
    ) -> None:
        """Write at (x, y)."""
        weight = "bold" if bold else "normal"
        self._axes.text(
            x, y, text,
            fontsize=size, color=colour, ha=align, va=valign, fontweight=weight, linespacing=1.3,
        )  # fmt: skip

    def box(self, x: float, y: float, corners: Sequence[float], colour: str) -> None:
        """Frame a part of the picture at (x, y): x0 y0 x1 y1 as shares of its side."""
        x0, y0, x1, y1 = corners
        across, down = [x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0]
        self._axes.plot(
            [x + u for u in across], [y + v for v in down], color=colour, linewidth=0.9,
            solid_joinstyle="miter",
        )  # fmt: skip

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str = GREY) -> None:
        """A thin rule."""
        self._axes.plot([x0, x1], [y0, y1], color=colour, linewidth=0.6, solid_capstyle="butt")


def readable(name: str) -> str:
    """A registry name as words: ``surgical_blue`` -> ``surgical blue``."""
    return name.replace("_", " ")


def degrees(value: float) -> str:
    """A signed whole number of degrees with a true minus: ``+12°``, ``−3°``, ``0°``."""
    whole = round(float(value))
    sign = "+" if whole > 0 else "−" if whole < 0 else ""
    return f"{sign}{abs(whole)}°"
