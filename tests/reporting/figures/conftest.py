"""All inputs of figures, and what draws one of the papers' records from them."""

import numpy as np
import pytest
from PIL import Image

from maskbench.masks.draw_masks import draw_masks
from maskbench.reporting.figures.request import Request
from maskbench.reporting.figures.specs import KINDS
from maskbench.reporting.figures.style import clean_style
from maskbench.reporting.make_figures import make_figures
from maskbench.reporting.papers import papers

STYLES = {
    "figure_styles": ("surgical_blue", "kn95"),
    "styles": ("surgical_blue", "kn95"),
    "unseen_styles": ("floral",),
}
RECORDS = {name: one for paper in papers().values() for name, one in paper.figures.items()}


@pytest.fixture(scope="session")
def mask_pictures(tmp_path_factory):
    root = tmp_path_factory.mktemp("drawn")
    draw_masks(out=root, size=64)
    (found,) = {path.parent for path in root.rglob("styles.json")}
    return found


@pytest.fixture
def inputs_of(request):
    """The inputs of one record by need; those of other figures are not made."""

    def made(need):
        if need == "masked":
            write = request.getfixturevalue("masked")
            return [write("keypoint"), write("wgan_stn"), write("pywgan_div")]
        found = request.getfixturevalue(need)
        return found if isinstance(found, list) else [found]

    return lambda name: {need: made(need) for need in RECORDS[name].needs}


@pytest.fixture
def draw(tmp_path):
    """Draw one record and give its pixels, (H, W, 3) int."""

    def draw(name, inputs, out=tmp_path, **styles):
        make_figures({name: RECORDS[name]}, inputs, out, **(STYLES | styles))
        with Image.open(out / f"{name}.png") as picture:
            return np.asarray(picture.convert("RGB")).astype(int)

    return draw


@pytest.fixture
def figure_of():
    """The matplotlib figure of one record."""

    def figure(name, inputs, **styles):
        record = RECORDS[name]
        block = KINDS.parse(record.kind, record.options)
        with clean_style():
            return block.spec.load()(Request(name, block.params, record.select(inputs), **styles))

    return figure
