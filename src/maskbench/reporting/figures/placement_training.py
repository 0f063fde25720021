"""Placement through training (paper 1, section 4.2 describes it every 50,000 iterations)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from maskbench.errors import MaskbenchError
from maskbench.reporting.figures.sheets import Sheet
from maskbench.reporting.figures.style import FigureInputs
from maskbench.reporting.names import method_title

NEEDS = ("models",)
MOST = {1: 8, 3: 9, 4: 8}  # snapshots shown by how many stand beside each other
WIDTH = 7.2  # inches


def snapshots(model: Path) -> list[tuple[int, Path]]:
    """(step, picture) of a model folder, by step.

    Raises:
        MaskbenchError: the folder has no ``snapshots/step_*.png``.
    """
    found = []
    for path in (Path(model) / "snapshots").glob("*.png"):
        step = re.search(r"(\d+)$", path.stem)
        if step:
            found.append((int(step[1]), path))
    if not found:
        raise MaskbenchError(
            Path(model) / "snapshots", "no step_*.png", "train with snapshots switched on"
        )
    return sorted(found)


def evenly(count: int, most: int) -> list[int]:
    """At most ``most`` of ``count`` indices, evenly spread, both ends included."""
    return sorted({round(i) for i in np.linspace(0, count - 1, min(most, count))})


def draw(inputs: FigureInputs) -> Figure:
    """The snapshots of the first model, one below the other; tall ones beside each other."""
    model = inputs.models[0]
    found = snapshots(model)
    height, width = _read(found[0][1]).shape[:2]
    across = 1 if width >= 2 * height else 3 if width >= height else 4
    shown = [found[i] for i in evenly(len(found), MOST[across])]
    pictures = [_read(path) for _, path in shown]
    label = 0.16 if across == 1 else 0.0  # of a picture's width
    head = 0.0 if across == 1 else 0.08
    ratio = height / width
    cell_x, cell_y = 1 + label + 0.02, ratio + head + 0.02
    bands = -(-len(pictures) // across)
    columns = min(across, len(pictures)) * cell_x
    side = WIDTH / columns
    title = 0.3 / side
    sheet = Sheet(columns, bands * cell_y + title, side)
    name = f"{method_title(model.parent.name)}, {model.name.replace('seed', 'seed ')}"
    sheet.text(0.01, title * 0.6, name, size=8, bold=True)
    for index, ((step, _), picture) in enumerate(zip(shown, pictures, strict=True)):
        band, column = divmod(index, across)
        x, y = column * cell_x + 0.01, title + band * cell_y
        words = f"step\n{step:,}" if across == 1 else f"step {step:,}"
        if across == 1:
            sheet.text(x, y + ratio / 2, words, size=7, valign="center")
        else:
            sheet.text(x, y + head * 0.75, words, size=7)
        sheet.picture(x + label, y + head, picture, 1.0, ratio)
    return sheet.figure


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))
