"""Sheets of pictures: everything is placed in units of one picture's side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
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


def restored_examples(
    paths: Sequence[Path], masked: MaskedSet, count: int
) -> tuple[dict[str, list[Any]], list[int]]:
    """What restorers made of some masked faces.

    Of several trainings of a restorer the first given is shown. Sets of other faces than those of
    ``masked`` are passed over.

    Args:
        paths: restored sets, ``.../{restorer}/seed{seed}``.
        masked: the faces that they were made from.
        count: at most this many faces, chosen by :func:`examples` from those in all sets.

    Returns:
        Pictures by restorer, and their rows in ``masked``.

    Raises:
        MaskbenchError: no set holds these faces, or no face stands in all of them.
    """
    restored: dict[str, FaceSet] = {}
    for path in paths:
        found = FaceSet.open(path)
        if set(found.faces["face_id"]) & set(masked.faces["face_id"]):
            restored.setdefault(path.parent.name, found)
    if not restored:
        raise MaskbenchError(
            masked.path, "none of the restored sets holds its faces", "check --restored"
        )
    places = {
        name: {face: index for index, face in enumerate(found.faces["face_id"])}
        for name, found in restored.items()
    }
    common = masked.faces["face_id"].isin(set.intersection(*(set(of) for of in places.values())))
    kept = np.flatnonzero(common.to_numpy())
    faces = masked.faces.iloc[kept].reset_index(drop=True)
    chosen = [int(kept[row]) for row in examples(faces, first_seen(faces["style"]), count)]
    if not chosen:
        raise MaskbenchError(masked.path, "no face stands in all sets", "restore the set again")
    ids = masked.faces["face_id"].iloc[chosen]
    pictures = {
        name: [found.images[places[name][face]] for face in ids] for name, found in restored.items()
    }
    return pictures, chosen


def bare_pictures(path: Path, masked: MaskedSet, rows: Sequence[int]) -> list[Any]:
    """The bare faces behind rows of a masked set.

    Raises:
        MaskbenchError: the FaceSet lacks one of them.
    """
    bare = FaceSet.open(path)
    position = {face: index for index, face in enumerate(bare.faces["face_id"])}
    wanted = [str(face) for face in masked.faces["of"].iloc[list(rows)]]
    for face in wanted:
        if face not in position:
            raise MaskbenchError(path, f"no face {face}", "give the set that was masked")
    return [bare.images[position[face]] for face in wanted]


def degrees(value: float) -> str:
    """A signed whole number of degrees with a true minus: ``+12°``, ``−3°``, ``0°``."""
    whole = round(float(value))
    sign = "+" if whole > 0 else "−" if whole < 0 else ""
    return f"{sign}{abs(whole)}°"


def first_seen(names: Iterable[str]) -> list[str]:
    """Names without repeats in their first order."""
    return list(dict.fromkeys(names))
