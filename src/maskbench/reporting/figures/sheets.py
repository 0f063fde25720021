"""Sheets of pictures: everything is placed in units of one picture's side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from maskbench.reporting.figures.style import GREY, INK, new_figure


class Sheet:
    """A page measured in picture sides, x to the right and y downwards from the top left.

    Args:
        columns, rows: size of the page in picture sides.
        side: one picture side in inches.
    """

    def __init__(self, columns: float, rows: float, side: float) -> None:
        self.figure = new_figure(columns * side, rows * side)
        self._axes = self.figure.add_axes((0, 0, 1, 1))
        self._axes.set_xlim(0, columns)
        self._axes.set_ylim(rows, 0)
        self._axes.set_axis_off()
        self._columns, self._rows = columns, rows

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
        self._axes.set_xlim(0, self._columns)
        self._axes.set_ylim(self._rows, 0)

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
        rotation: float = 0.0,
    ) -> None:
        """Write at (x, y)."""
        self._axes.text(
            x,
            y,
            text,
            fontsize=size,
            color=colour,
            ha=align,
            va=valign,
            fontweight="bold" if bold else "normal",
            rotation=rotation,
            linespacing=1.3,
        )

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str = GREY) -> None:
        """A thin rule."""
        self._axes.plot([x0, x1], [y0, y1], color=colour, linewidth=0.6, solid_capstyle="butt")


def readable(name: str) -> str:
    """A registry name as words: ``surgical_blue`` -> ``surgical blue``."""
    return name.replace("_", " ")


def examples(faces: pd.DataFrame, styles: Sequence[str], count: int) -> list[int]:
    """Row numbers of ``count`` masked faces: different people, each in another style, the pose of
    each the most frontal one of that person. The choice depends on the rows alone, not on their
    order.

    Args:
        faces: rows of a MaskedSet.
        styles: styles in the wanted order; styles that no row has are passed over.
        count: at most this many.
    """
    present = [style for style in styles if (faces["style"] == style).any()]
    if not present:
        return []
    table = faces.assign(
        row=np.arange(len(faces)), turn=(faces["yaw"].abs() + faces["pitch"].abs()).round(3)
    )
    table["person"] = np.where(table["identity"] == "", table["of"], table["identity"])
    table = table.sort_values(["person", "turn", "of", "style"], kind="stable")
    chosen: list[int] = []
    for _, rows in table.groupby("person", sort=True):
        style = present[len(chosen) % len(present)]
        here = rows[rows["style"] == style]
        if len(here):
            chosen.append(int(here["row"].iloc[0]))
        if len(chosen) == count:
            break
    return chosen


def degrees(value: float) -> str:
    """A signed whole number of degrees with a true minus: ``+12°``, ``−3°``, ``0°``."""
    whole = round(float(value))
    sign = "+" if whole > 0 else "−" if whole < 0 else ""
    return f"{sign}{abs(whole)}°"


def first_seen(names: Iterable[str]) -> list[str]:
    """Names without repeats in their first order."""
    return list(dict.fromkeys(names))
