"""Several pictures of some people: a row a person, or a column a person with the words at the
left."""

from __future__ import annotations

import textwrap
from typing import Any

from matplotlib.figure import Figure

from maskbench.errors import MaskbenchError
from maskbench.reporting.figures.page import Page, readable
from maskbench.reporting.figures.people import Shown, masked_people, really_masked_people
from maskbench.reporting.figures.request import Request
from maskbench.reporting.figures.style import GREY
from maskbench.reporting.names import in_order, title_of

GAP, RIM, HEAD = 0.05, 0.04, 0.16  # picture sides
WORDS = 0.72  # inches of the words at the left
WRAP = 13  # their characters a line
CHARACTERS, LINE = 18, 0.12  # of words above: characters to an inch; inches a line
WIDEST = 1.6  # of an original, in picture sides


def draw(request: Request) -> Figure:
    """The people's pictures in the order of the options."""
    options = request.options.examples
    choose = really_masked_people if "really_masked" in request.inputs else masked_people
    shown = choose(request.inputs, options.people)
    series = _series(request, shown)
    if options.columns == "people":
        styles = [readable(str(style)) for style in shown.masked.faces["style"].iloc[shown.rows]]
        return _people_in_columns(series, styles, options.side)
    return _people_in_rows(series, options.side)


def _series(request: Request, shown: Shown) -> list[tuple[str, list[Any]]]:
    """(words, a picture for each person) of each kind of picture."""
    options = request.options.examples
    series = []
    for kind, words in options.pictures.items():
        drawings = {"": shown.pictures.get(kind)}
        if kind == "restored":
            drawings = {name: shown.restored[name] for name in in_order(shown.restored)}
        for restorer, drawing in drawings.items():
            if drawing is None:
                known = ", ".join(shown.pictures)
                raise MaskbenchError(request.place, f"no pictures {kind!r}", f"it has: {known}")
            head = words.format(dataset=shown.masked.dataset, restorer=title_of(restorer))
            series.append((head, [drawing(row) for row in shown.rows]))
    return series


def _people_in_columns(
    series: list[tuple[str, list[Any]]], heads: list[str], side: float
) -> Figure:
    left, top = WORDS / side, HEAD + RIM if any(heads) else RIM
    people = len(series[0][1])
    page = Page(left + people * (1 + RIM), top + len(series) * (1 + RIM), side)
    for column, head in enumerate(heads if any(heads) else []):
        page.text(left + column * (1 + RIM) + 0.5, top - 0.06, head, 6.5, GREY, align="center")
    for line, (words, pictures) in enumerate(series):
        y = top + line * (1 + RIM)
        words = "\n".join(textwrap.wrap(words, WRAP))
        page.text(left - 0.05, y + 0.5, words, 6.5, align="right", valign="center")
        for column, picture in enumerate(pictures):
            page.picture(left + column * (1 + RIM), y, picture)
    return page.figure


def _people_in_rows(series: list[tuple[str, list[Any]]], side: float) -> Figure:
    widths = [min(WIDEST, max(p.shape[1] / p.shape[0] for p in found)) for _, found in series]
    heads = [
        textwrap.wrap(words, int(width * side * CHARACTERS))
        for width, (words, _) in zip(widths, series, strict=True)
    ]
    head = HEAD + LINE / side * (max(map(len, heads)) - 1)
    people = len(series[0][1])
    page = Page(sum(widths) + GAP * len(series) + RIM, people * (1 + GAP) + head + RIM, side)
    left = RIM
    for width, words, (_, pictures) in zip(widths, heads, series, strict=True):
        page.text(left + width / 2, head - 0.03, "\n".join(words), 6.5, GREY, "center", "bottom")
        for line, picture in enumerate(pictures):
            ratio = picture.shape[1] / picture.shape[0]
            wide = min(width, ratio)
            high = wide / ratio
            x, y = left + (width - wide) / 2, head + RIM + line * (1 + GAP) + (1 - high) / 2
            page.picture(x, y, picture, wide, high)
        left += width + GAP
    return page.figure
