"""The mask pictures by name, on a checkerboard that shows their transparency."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from maskbench.errors import MaskbenchError
from maskbench.masks.artwork import MaskPictures
from maskbench.reporting.figures.page import Page, readable
from maskbench.reporting.figures.request import Request
from maskbench.reporting.figures.style import COLOURS, GREY

ACROSS, SIDE = 5, 1.3  # pictures in a row; inches a picture
PITCH_X, PITCH_Y = 1.08, 1.34  # picture sides from one picture to the next
KEPT = "kept for the test"


def checkerboard(size: int, squares: int = 12) -> np.ndarray:
    """A light checkerboard, float (size, size, 1) in 0..255."""
    row = np.arange(size) * squares // size
    return np.where((row[:, None] + row[None, :]) % 2, 255.0, 236.0)[..., None]


def draw(request: Request) -> Figure:
    """Training styles first, then those kept for the test, then the rest."""
    path = request.inputs["mask_pictures"][0]
    pictures = MaskPictures.open(path)
    seen, unseen = set(request.styles), set(request.unseen_styles)
    groups = {
        "training": [style for style in pictures.styles if style in seen],
        KEPT: [style for style in pictures.styles if style in unseen],
        "not used": [style for style in pictures.styles if style not in seen | unseen],
    }
    order = [(style, role) for role, styles in groups.items() for style in styles]
    if not order:
        raise MaskbenchError(path, "no mask pictures", "draw them again")
    bands = -(-len(order) // ACROSS)
    page = Page(ACROSS * PITCH_X + 0.02, bands * PITCH_Y + 0.06, SIDE)
    for index, (style, role) in enumerate(order):
        band, column = divmod(index, ACROSS)
        x, y = column * PITCH_X + 0.05, band * PITCH_Y + 0.05
        rgba = pictures.rgba[pictures.index(style)].astype(np.float64)
        alpha = rgba[..., 3:] / 255.0
        board = checkerboard(rgba.shape[0])
        page.picture(x, y, np.rint(rgba[..., :3] * alpha + board * (1 - alpha)).astype(np.uint8))
        page.text(x, y + 1.11, readable(style), size=7.5)
        page.text(x, y + 1.22, role, size=6, colour=COLOURS[1] if role == KEPT else GREY)
    return page.figure
