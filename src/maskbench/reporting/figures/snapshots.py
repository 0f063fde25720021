"""The pictures that trainings saved: placement through one training (paper 1, section 4.2), or the
ends of stages (paper 3, Figures 4 to 13)."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from maskbench.errors import MaskbenchError
from maskbench.reporting.figures.page import Page, readable
from maskbench.reporting.figures.people import evenly
from maskbench.reporting.figures.request import NothingMeasured, Request
from maskbench.reporting.names import title_of

MOST = {1: 8, 3: 9, 4: 8}  # snapshots shown by how many stand beside each other
WIDTH = 7.2  # inches
LINE, CHARACTERS, NARROWEST = 0.12, 18, 6  # inches a line of words; characters an inch; columns


def snapshots(model: Path) -> list[tuple[str, int, Path]]:
    """(stage, step, picture) of a model folder, in the order of the training.

    Raises:
        MaskbenchError: the folder has no ``sheets/{index}_{stage}_{step}.png``.
    """
    folder = Path(model) / "sheets"
    found = []
    for path in folder.glob("*.png"):
        named = re.fullmatch(r"(\d+)_(.+)_(\d+)", path.stem)
        if named:
            found.append((int(named[1]), int(named[3]), named[2], path))
    if not found:
        raise MaskbenchError(folder, "no pictures", "train with sheet_every above 0")
    return [(stage, step, path) for _, step, stage, path in sorted(found)]


def ends(models: Sequence[Path], stages: Mapping[str, str]) -> list[tuple[str, Path]]:
    """(words, last picture) of each stage ``{method}/{stage}`` that has one; of several trainings
    of a method the first counts."""
    last: dict[str, Path] = {}
    for method, model in {path.parent.name: path for path in reversed(models)}.items():
        if any((model / "sheets").glob("*.png")):
            last |= {f"{method}/{stage}": path for stage, _, path in snapshots(model)}
    return [(words, last[stage]) for stage, words in stages.items() if stage in last]


def draw(request: Request) -> Figure:
    """One training's snapshots, one below the other; tall ones beside each other, as are stages."""
    options = request.options.snapshots
    models = [Path(path) for path in request.inputs["models"]]
    if options.stages:
        return _stages(request, ends(models, options.stages))
    model = next((path for path in models if path.parent.name == options.method), models[0])
    found = snapshots(model)
    height, width = _read(found[0][2]).shape[:2]
    across = 1 if width >= 2 * height else 3 if width >= height else 4
    shown = [found[i] for i in evenly(len(found), MOST[across])]
    label = 0.16 if across == 1 else 0.0  # of a picture's width
    head = 0.0 if across == 1 else 0.08
    ratio = height / width
    cell_x, cell_y = 1 + label + 0.02, ratio + head + 0.02
    columns = min(across, len(shown)) * cell_x
    side = WIDTH / columns
    title = 0.3 / side
    page = Page(columns, -(-len(shown) // across) * cell_y + title, side)
    name = f"{title_of(model.parent.name)}, {model.name.replace('seed', 'seed ')}"
    page.text(0.01, title * 0.6, name, size=8, bold=True)
    several = len({stage for stage, _, _ in shown}) > 1
    for index, (stage, step, path) in enumerate(shown):
        band, column = divmod(index, across)
        x, y = column * cell_x + 0.01, title + band * cell_y
        words = f"{readable(stage)}, step {step:,}" if several else f"step {step:,}"
        if across == 1:
            page.text(x, y + ratio / 2, words.replace("step ", "step\n"), valign="center")
        else:
            page.text(x, y + head * 0.75, words)
        page.picture(x + label, y + head, _read(path), 1.0, ratio)
    return page.figure


def _stages(request: Request, found: Sequence[tuple[str, Path]]) -> Figure:
    """The ends of stages beside each other, their words above."""
    if not found:
        what = "no training saved pictures of these stages"
        raise NothingMeasured(request.place, what, "train with sheet_every above 0")
    pictures = [_read(path) for _, path in found]
    columns = max(len(found), NARROWEST) * 1.03
    side = WIDTH / columns
    heads = [
        textwrap.wrap(words, int(side * CHARACTERS), break_on_hyphens=False) for words, _ in found
    ]
    head = (max(map(len, heads)) * LINE + 0.06) / side
    ratios = [picture.shape[0] / picture.shape[1] for picture in pictures]
    page = Page(columns, head + max(ratios) + 0.03, side)
    for column, (words, picture, ratio) in enumerate(zip(heads, pictures, ratios, strict=True)):
        x = column * 1.03
        page.text(x, head - 0.04, "\n".join(words), 6.5, valign="bottom")
        page.picture(x, head, picture, 1.0, ratio)
    return page.figure


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))
