"""Paper 2, Figure 3: what mask removal starts from.

The paper's row is: the bare face, the face with a synthesised mask and its binary segmentation,
and the inpainted face. The last needs a restoration network; here the fourth picture is what such
a network is given, the masked face with the mask's region taken out.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.reporting.figures.sheets import Sheet, examples, first_seen
from maskbench.reporting.figures.style import GREY, FigureInputs

NEEDS = ("masked", "faces")
ROWS, SIDE = 3, 1.12
HEADS = ("face", "masked", "segmentation", "region to restore")
HALF = 128  # a pixel belongs to the binary segmentation where the mask covers half of it


def draw(inputs: FigureInputs) -> Figure:
    """Three rows of four pictures."""
    assert inputs.faces is not None
    masked, bare = MaskedSet.open(inputs.masked[0]), FaceSet.open(inputs.faces)
    position = {face_id: index for index, face_id in enumerate(bare.faces["face_id"])}
    rows = examples(masked.faces, first_seen(masked.faces["style"]), ROWS)
    if not rows:
        raise MaskbenchError(masked.path, "the masked set is empty", "check --masked")
    sheet = Sheet(len(HEADS) * 1.05 + 0.03, len(rows) * 1.05 + 0.2, SIDE)
    for column, head in enumerate(HEADS):
        sheet.text(column * 1.05 + 0.54, 0.13, head, 7, GREY, align="center")
    for line, row in enumerate(rows):
        of = str(masked.faces["of"].iloc[row])
        if of not in position:
            raise MaskbenchError(inputs.faces, f"no face {of}", "give the set that was masked")
        hole = np.asarray(masked.masks[row]) >= HALF
        segmentation = np.where(hole, 255, 0).astype(np.uint8)
        to_restore = np.where(hole[..., None], np.uint8(255), masked.images[row])
        pictures = (bare.images[position[of]], masked.images[row], segmentation, to_restore)
        for column, picture in enumerate(pictures):
            sheet.picture(column * 1.05 + 0.04, 0.19 + line * 1.05, picture)
    return sheet.figure
