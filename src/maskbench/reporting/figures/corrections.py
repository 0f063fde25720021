"""Detected parts of a face and the correction factor that follows (paper 4, Figure 5)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from maskbench.datasets.manifest import read_table
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.reporting.figures.page import Page
from maskbench.reporting.figures.people import evenly
from maskbench.reporting.figures.request import Request
from maskbench.reporting.figures.style import COLOURS, GREY, PALE
from maskbench.reporting.names import title_of

SIDE = 1.15  # inches a picture
GAP, HEAD, LINE = 0.06, 0.22, 0.14  # picture sides
COLUMNS = {"bare": 0.0, "masked": 0.36, "wanted": 0.76, "D": 1.14, "W": 1.4}  # of the numbers
NAMES = 0.52  # room of the parts' names


def chosen(parts: pd.DataFrame, count: int) -> list[int]:
    """Rows of the MaskedSet with different x, evenly spread from the lowest to the highest."""
    table = parts.drop_duplicates("row").sort_values(["x", "row"], kind="stable")
    first = table.assign(x=table["x"].round(4)).drop_duplicates("x")["row"].tolist()
    return [int(first[i]) for i in evenly(len(first), count)]


def draw(request: Request) -> Figure:
    """A row a picture: the face and the masked face with what is detected on them, and how x and
    lambda_cor follow."""
    folder = Path(request.inputs["corrections"][0])
    parts, boxes = (read_table(folder / f"{name}.parquet") for name in ("parts", "boxes"))
    bare = FaceSet.open(request.inputs["faces"][0])
    masked = MaskedSet.open(request.inputs["masked"][0])
    if not len(parts) or int(parts["row"].max()) >= len(masked):
        what = f"does not belong to {masked.path}"
        raise MaskbenchError(folder, what, "explain the correction again")
    place = {face: row for row, face in enumerate(bare.faces["face_id"])}
    rows = chosen(parts, request.options.corrections.pictures)
    names = list(dict.fromkeys(parts["part"]))
    colours = dict(zip(names, COLOURS, strict=False))
    size = masked.size

    left = 2 * (1 + GAP) + 0.04
    page = Page(left + NAMES + 1.95, HEAD + len(rows) * (1 + 0.14), SIDE)
    method = title_of(str(masked.faces["method"].iloc[0]))
    for words, x in (("face", 0.0), (method, 1 + GAP)):
        page.text(x, HEAD - 0.06, words, 6.5, GREY)
    for words, x in COLUMNS.items():
        page.text(left + NAMES + x, HEAD - 0.06, words, 6.5, GREY)
    for index, row in enumerate(rows):
        top = HEAD + index * (1 + 0.14)
        face = np.asarray(bare.images[place[masked.faces["bare_id"].iloc[row]]])
        shown = {"bare": (0.0, face), "masked": (1 + GAP, np.asarray(masked.images[row]))}
        for kind, (x, picture) in shown.items():
            page.picture(x, top, picture)
            here = boxes[(boxes["row"] == row) & (boxes["picture"] == kind)]
            for box in here.to_dict("records"):
                corners = [box[edge] / size for edge in ("x0", "y0", "x1", "y1")]
                page.box(x, top, corners, colours[box["part"]])
        for line, part in enumerate(parts[parts["row"] == row].to_dict("records")):
            y = top + (line + 0.75) * LINE
            page.text(left, y, part["part"], 6.5, colours[part["part"]])
            numbers = (f"{part['bare']:.2f}", f"{part['masked']:.2f}",
                       "seen" if part["wanted"] else "hidden", f"{part['wrong']:.2g}",
                       f"{part['penalty']:.2g}")  # fmt: skip
            for text, x in zip(numbers, COLUMNS.values(), strict=True):
                page.text(left + NAMES + x, y, text, 6.5)
        y = top + len(names) * LINE + 0.06
        page.line(left, y - 0.02, left + NAMES + 1.6, y - 0.02, PALE)
        words = f"x = W D = {part['x']:.2f}    λ_cor = {part['lambda_cor']:.2f}"
        page.text(left, y + 0.09, words, 7, bold=True)
    return page.figure
