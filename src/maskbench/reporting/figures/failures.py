"""Failures: of each method the pictures with the worst numbers (paper 4, Figures 2 and 6)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from maskbench.datasets.manifest import read_table
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.metrics.catalogue import metric
from maskbench.reporting.figures.methods import by_method
from maskbench.reporting.figures.page import Page
from maskbench.reporting.figures.request import Request
from maskbench.reporting.figures.style import GREY, PALE
from maskbench.reporting.names import title_of

SIDE = 0.64  # inches a picture
GAP, HEAD, WORDS, RIM = 0.16, 0.34, 0.2, 0.97  # picture sides
TABLE = "per_picture.parquet"


def worst(measured: pd.DataFrame, people: pd.Series, by: tuple[str, ...], count: int) -> list[int]:
    """Row numbers of the pictures with the lowest mean of some metrics, the lowest first, one a
    person; a number that is not defined counts as none.

    Args:
        measured: a row a picture, with ``face_id``, ``style`` and the metrics.
        people: who is on each.
        by: the metrics.
        count: at most this many.
    """
    table = measured[["face_id", "style"]].assign(
        value=measured[list(by)].mean(axis=1).round(6), person=people.to_numpy(),
        row=np.arange(len(measured)),
    )  # fmt: skip
    table = table.dropna(subset=["value"])
    table = table.sort_values(["value", "face_id", "style"], kind="stable")
    return [int(row) for row in table.drop_duplicates("person")["row"].head(count)]


def draw(request: Request) -> Figure:
    """Blocks of a face and its masked picture beside each other, the numbers below."""
    options = request.options.failures
    bare = FaceSet.open(request.inputs["faces"][0])
    row_of = {face: row for row, face in enumerate(bare.faces["face_id"])}
    measured = {Path(path).parent.name: Path(path) for path in request.inputs["measured"]}
    sets = {name: one for name, one in by_method(request).items() if name in measured}
    if not sets:
        what = "no evaluation of these masked sets"
        raise MaskbenchError(request.place, what, "give both of the same methods")
    across = min(options.across, len(sets))
    height = HEAD + options.pictures * (1 + WORDS)
    page = Page(across * (2 + GAP), -(-len(sets) // across) * (height + GAP), SIDE)
    for index, (name, masked) in enumerate(sets.items()):
        band, place = divmod(index, across)
        top, left = band * (height + GAP) + HEAD, place * (2 + GAP)
        page.text(left, top - 0.14, title_of(name), size=7, bold=True)
        page.line(left, top - 0.07, left + 2, top - 0.07, PALE)
        numbers = _numbers(measured[name], masked, options.by)
        kept = numbers["style"].isin([*request.figure_styles, ""])
        numbers = numbers[kept if kept.any() else slice(None)]
        people = masked.persons.iloc[numbers.index]
        for line, chosen in enumerate(worst(numbers, people, options.by, options.pictures)):
            row, y = int(numbers.index[chosen]), top + line * (1 + WORDS)
            face = str(masked.faces["bare_id"].iloc[row])
            page.picture(left, y, np.asarray(bare.images[row_of[face]]), RIM, RIM)
            page.picture(left + 1, y, np.asarray(masked.images[row]), RIM, RIM)
            words = _words(numbers.iloc[chosen], options.by)
            page.text(left, y + 1 + 0.1, words, 5.0, GREY)
    return page.figure


def _numbers(folder: Path, masked: MaskedSet, by: tuple[str, ...]) -> pd.DataFrame:
    """The numbers of each picture of a masked set, in its order.

    Raises:
        MaskbenchError: they are of another set, or lack a metric.
    """
    table = read_table(folder / TABLE).reset_index(drop=True)
    missing = [name for name in by if name not in table]
    own = list(masked.faces["bare_id"])
    if missing or list(table["face_id"]) != own:
        what = f"lacks {missing[0]}" if missing else f"does not belong to {masked.path}"
        raise MaskbenchError(folder / TABLE, what, "measure the masked faces again")
    return table


def _words(numbers: pd.Series, by: tuple[str, ...]) -> str:
    """``Covers 0.41, Eyes free 1``."""
    parts = []
    for name in by:
        shown = metric(name)
        parts.append(f"{shown.short or shown.title} {numbers[name]:.2f}".replace("1.00", "1"))
    return ", ".join(parts)
