"""Paper 2, Figure 3: mask removal and inpainting.

As in the paper a row is: the bare face, the face with a synthesised mask and its binary
segmentation, and the face with the mask removed, by the first of the restorers.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from maskbench.masks.maskedset import MaskedSet
from maskbench.reporting.figures.sheets import Sheet, bare_pictures, restored_examples
from maskbench.reporting.figures.style import GREY, FigureInputs
from maskbench.reporting.names import method_title

NEEDS = ("masked", "faces", "restored")
ROWS, SIDE = 3, 1.12
HALF = 128  # a pixel belongs to the binary segmentation where the mask covers half of it


def draw(inputs: FigureInputs) -> Figure:
    """Three rows of four pictures."""
    assert inputs.faces is not None
    masked = MaskedSet.open(inputs.masked[0])
    restored, rows = restored_examples(inputs.restored, masked, ROWS)
    restorer, inpainted = next(iter(restored.items()))
    columns = {
        "face": bare_pictures(inputs.faces, masked, rows),
        "masked": [masked.images[row] for row in rows],
        "segmentation": [
            np.where(np.asarray(masked.masks[row]) >= HALF, 255, 0).astype(np.uint8) for row in rows
        ],
        f"restored by {method_title(restorer)}": inpainted,
    }
    sheet = Sheet(len(columns) * 1.05 + 0.03, len(rows) * 1.05 + 0.2, SIDE)
    for column, (head, pictures) in enumerate(columns.items()):
        sheet.text(column * 1.05 + 0.54, 0.13, head, 6, GREY, align="center")
        for line, picture in enumerate(pictures):
            sheet.picture(column * 1.05 + 0.04, 0.19 + line * 1.05, picture)
    return sheet.figure
