"""Paper 2, Figure 2: a face with a mask and the mask's own segmentation."""

from __future__ import annotations

from matplotlib.figure import Figure

from maskbench.errors import MaskbenchError
from maskbench.masks.maskedset import MaskedSet
from maskbench.reporting.figures.sheets import Sheet, examples, first_seen
from maskbench.reporting.figures.style import GREY, FigureInputs

NEEDS = ("masked",)
PAIRS, SIDE = 3, 1.12


def draw(inputs: FigureInputs) -> Figure:
    """Three pairs: left the synthesised picture, right its segmentation in grey."""
    masked = MaskedSet.open(inputs.masked[0])
    rows = examples(masked.faces, first_seen(masked.faces["style"]), PAIRS)
    if not rows:
        raise MaskbenchError(masked.path, "the masked set is empty", "check --masked")
    sheet = Sheet(len(rows) * 2.18, 1.22, SIDE)
    for index, row in enumerate(rows):
        x = index * 2.18 + 0.04
        sheet.picture(x, 0.18, masked.images[row])
        sheet.picture(x + 1.04, 0.18, masked.masks[row])
        sheet.text(x + 0.5, 0.12, "masked", 7, GREY, align="center")
        sheet.text(x + 1.54, 0.12, "segmentation", 7, GREY, align="center")
    return sheet.figure
