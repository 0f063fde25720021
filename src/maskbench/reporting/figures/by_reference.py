"""Masks after photographs: rows are faces, columns references (paper 4, Figure 8)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.reporting.figures.methods import picture_of
from maskbench.reporting.figures.page import Page, readable
from maskbench.reporting.figures.request import Request
from maskbench.reporting.figures.style import GREY
from maskbench.reporting.names import title_of

SIDE = 0.82  # inches a picture
GAP, HEAD, RIM = 0.12, 0.2, 0.97  # picture sides


def draw(request: Request) -> Figure:
    """The references stand above the pictures that follow them, the faces at their left."""
    bare = FaceSet.open(request.inputs["faces"][0])
    made = MaskedSet.open(request.inputs["by_reference"][0])
    row_of = {face: row for row, face in enumerate(bare.faces["face_id"])}
    references = made.faces[made.faces["bare_id"] == ""].reset_index(names="row")
    masked = made.faces[made.faces["bare_id"] != ""]
    if not len(references) or not len(masked):
        raise MaskbenchError(made.path, "no masks after photographs", "make the set again")
    people, name = list(dict.fromkeys(masked["bare_id"])), str(masked["method"].iloc[0])

    top, left = HEAD + 1 + GAP, 1 + GAP
    page = Page(left + len(references), top + len(people), SIDE)
    page.text(0, HEAD + 0.5, f"{title_of(name)}\n\nreferences →\nfaces ↓", 6.5, valign="center")
    for column, reference in enumerate(references.to_dict("records")):
        x, style = left + column, readable(str(reference["style"]))
        page.text(x + RIM / 2, HEAD - 0.06, style, 5.5, GREY, align="center")
        page.picture(x, HEAD, np.asarray(made.images[reference["row"]]), RIM, RIM)
        for line, face in enumerate(people):
            picture = picture_of(made, face, str(reference["face_id"]), name)
            page.picture(x, top + line, picture, RIM, RIM)
    for line, face in enumerate(people):
        page.picture(0, top + line, np.asarray(bare.images[row_of[face]]), RIM, RIM)
    return page.figure
