"""Paper 1, Figure 4: the mask pictures, on a checkerboard that shows their transparency."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from maskbench.errors import MaskbenchError
from maskbench.masks.artwork import MaskPictures
from maskbench.reporting.figures.sheets import Sheet, readable
from maskbench.reporting.figures.style import COLOURS, GREY, FigureInputs

NEEDS = ("mask_pictures", "styles")
ACROSS, SIDE = 5, 1.3
PITCH_X, PITCH_Y = 1.08, 1.34  # picture sides from one picture to the next


def checkerboard(size: int, squares: int = 12) -> np.ndarray:
    """A light checkerboard, float (size, size, 1) in 0..255."""
    row = np.arange(size) * squares // size
    return np.where((row[:, None] + row[None, :]) % 2, 255.0, 236.0)[..., None]


def draw(inputs: FigureInputs) -> Figure:
    """Five pictures a row: training styles first, then those kept for the test, then the rest."""
    assert inputs.mask_pictures is not None
    pictures = MaskPictures.open(inputs.mask_pictures)
    seen, unseen = set(inputs.styles), set(inputs.unseen_styles)
    groups = {
        "training": [style for style in pictures.styles if style in seen],
        "kept for the test": [style for style in pictures.styles if style in unseen],
        "not used": [style for style in pictures.styles if style not in seen | unseen],
    }
    order = [(style, role) for role, styles in groups.items() for style in styles]
    if not order:
        raise MaskbenchError(inputs.mask_pictures, "no mask pictures", "run draw_masks")
    bands = -(-len(order) // ACROSS)
    sheet = Sheet(ACROSS * PITCH_X + 0.02, bands * PITCH_Y + 0.06, SIDE)
    for index, (style, role) in enumerate(order):
        band, column = divmod(index, ACROSS)
        x, y = column * PITCH_X + 0.05, band * PITCH_Y + 0.05
        rgba = pictures.rgba[pictures.index(style)].astype(np.float64)
        alpha = rgba[..., 3:] / 255.0
        board = checkerboard(rgba.shape[0])
        sheet.picture(x, y, np.rint(rgba[..., :3] * alpha + board * (1 - alpha)).astype(np.uint8))
        sheet.text(x, y + 1.11, readable(style), size=7.5)
        colour = {"training": GREY, "kept for the test": COLOURS[1]}.get(role, GREY)
        sheet.text(x, y + 1.22, role, size=6, colour=colour)
    return sheet.figure
