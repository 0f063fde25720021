"""Mask removal: the bare face, the masked face, and what each restorer makes of it."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.reporting.figures.sheets import Sheet, examples, first_seen, readable
from maskbench.reporting.figures.style import GREY, FigureInputs
from maskbench.reporting.names import method_title

NEEDS = ("faces", "masked", "restored")
COLUMNS, WIDTH = 6, 7.2  # people; inches
GAP, LEFT, TOP = 1.04, 0.7, 0.2  # in picture sides


def draw(inputs: FigureInputs) -> Figure:
    """A column a person in another mask style; rows: bare, masked, one a restorer.

    Of several trainings of a restorer the first given is shown. Sets of other faces than those of
    ``masked`` are passed over.
    """
    assert inputs.faces is not None
    masked, bare = MaskedSet.open(inputs.masked[0]), FaceSet.open(inputs.faces)
    restored: dict[str, FaceSet] = {}
    for path in inputs.restored:
        found = FaceSet.open(path)
        if set(found.faces["face_id"]) & set(masked.faces["face_id"]):
            restored.setdefault(path.parent.name, found)
    if not restored:
        raise MaskbenchError(
            masked.path, "none of the restored sets holds its faces", "check --restored"
        )
    common = masked.faces["face_id"].isin(
        set.intersection(*(set(found.faces["face_id"]) for found in restored.values()))
    )
    kept = np.flatnonzero(common.to_numpy())
    faces = masked.faces.iloc[kept].reset_index(drop=True)
    chosen = kept[examples(faces, first_seen(faces["style"]), COLUMNS)]
    if len(chosen) == 0:
        raise MaskbenchError(masked.path, "no face stands in all sets", "restore the set again")
    rows = ["bare", "masked", *restored]
    width = LEFT + len(chosen) * GAP
    sheet = Sheet(width, TOP + len(rows) * GAP, WIDTH / (LEFT + COLUMNS * GAP))
    of_bare = {face: index for index, face in enumerate(bare.faces["face_id"])}
    places = {
        name: {face: index for index, face in enumerate(found.faces["face_id"])}
        for name, found in restored.items()
    }
    for line, name in enumerate(rows):
        y = TOP + line * GAP
        words = name if name in ("bare", "masked") else f"restored by\n{method_title(name)}"
        sheet.text(LEFT - 0.05, y + 0.5, words, 6.5, align="right", valign="center")
    for column, row in enumerate(chosen):
        x = LEFT + column * GAP
        face, of = str(masked.faces["face_id"].iloc[row]), str(masked.faces["of"].iloc[row])
        if of not in of_bare:
            raise MaskbenchError(inputs.faces, f"no face {of}", "give the set that was masked")
        style = readable(str(masked.faces["style"].iloc[row]))
        sheet.text(x + 0.5, TOP - 0.06, style, 6.5, GREY, align="center")
        pictures = [bare.images[of_bare[of]], masked.images[row]]
        pictures += [found.images[places[name][face]] for name, found in restored.items()]
        for line, picture in enumerate(pictures):
            sheet.picture(x, TOP + line * GAP, picture)
    return sheet.figure
