"""Mask removal: the bare face, the masked face, and what each restorer makes of it."""

from __future__ import annotations

from matplotlib.figure import Figure

from maskbench.masks.maskedset import MaskedSet
from maskbench.reporting.figures.sheets import Sheet, bare_pictures, readable, restored_examples
from maskbench.reporting.figures.style import GREY, FigureInputs
from maskbench.reporting.names import method_title

NEEDS = ("faces", "masked", "restored")
COLUMNS, WIDTH = 6, 7.2  # people; inches
GAP, LEFT, TOP = 1.04, 0.7, 0.2  # in picture sides


def draw(inputs: FigureInputs) -> Figure:
    """A column a person in another mask style; rows: bare, masked, one a restorer."""
    assert inputs.faces is not None
    masked = MaskedSet.open(inputs.masked[0])
    restored, chosen = restored_examples(inputs.restored, masked, COLUMNS)
    rows = {
        "bare": bare_pictures(inputs.faces, masked, chosen),
        "masked": [masked.images[row] for row in chosen],
    } | {f"restored by\n{method_title(name)}": found for name, found in restored.items()}
    width = LEFT + len(chosen) * GAP
    sheet = Sheet(width, TOP + len(rows) * GAP, WIDTH / (LEFT + COLUMNS * GAP))
    for column, style in enumerate(masked.faces["style"].iloc[chosen]):
        x = LEFT + column * GAP
        sheet.text(x + 0.5, TOP - 0.06, readable(str(style)), 6.5, GREY, align="center")
    for line, (words, pictures) in enumerate(rows.items()):
        y = TOP + line * GAP
        sheet.text(LEFT - 0.05, y + 0.5, words, 6.5, align="right", valign="center")
        for column, picture in enumerate(pictures):
            sheet.picture(LEFT + column * GAP, y, picture)
    return sheet.figure
