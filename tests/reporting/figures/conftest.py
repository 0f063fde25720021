"""All inputs of figures, and what draws one of the papers' records from them."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from maskbench.artifacts import atomic_dir
from maskbench.masks.draw_masks import draw_masks
from maskbench.masks.maskedset import MaskedSet, MaskedSetWriter
from maskbench.reporting.figures.request import Request
from maskbench.reporting.figures.specs import KINDS
from maskbench.reporting.figures.style import clean_style
from maskbench.reporting.make_figures import make_figures
from maskbench.reporting.papers import papers
from maskbench.reporting.papers.figures import OF_RESTORERS

from ..conftest import HEADS, SIZE, row
from ..conftest import STYLES as MASKS

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

    def made(need, record):
        methods = record.methods or ("keypoint", "wgan_stn", "pywgan_div")
        if need in ("masked", "every_masked"):
            write = request.getfixturevalue("masked")
            return [write(method) for method in methods]
        if need == "measured" or (need == "models" and record.methods):
            write = request.getfixturevalue("measured" if need == "measured" else "staged")
            return [write(method) for method in methods]
        found = request.getfixturevalue(need)
        if need in OF_RESTORERS and record.restorers:
            named = found.parent.with_name(record.restorers[0])
            found = found.parent.rename(named) / found.name
        return found if isinstance(found, list) else [found]

    return lambda name: {need: made(need, RECORDS[name]) for need in RECORDS[name].needs}


@pytest.fixture
def measured(tmp_path):
    """Write the numbers of each picture of the masked sets: picture i of n has i / n."""

    def write(method, **columns):
        folder = tmp_path / "measured" / method / "seed0"
        folder.mkdir(parents=True)
        rows = [(row(index)["face_id"], style) for index in range(len(HEADS)) for style in MASKS]
        table = pd.DataFrame(rows, columns=["face_id", "style"])
        for name in ("covers_nose_mouth", "leaves_eyes", "ssim_outside_mask"):
            table[name] = columns.get(name, np.arange(len(rows)) / len(rows))
        table.to_parquet(folder / "per_picture.parquet", index=False)
        return folder

    return write


@pytest.fixture
def staged(tmp_path):
    """Write a training with two sheets of every stage that a figure names."""

    def write(method):
        folder = tmp_path / "models" / "tiny" / method / "seed0"
        (folder / "sheets").mkdir(parents=True)
        options = [record.options.get("snapshots", {}) for record in RECORDS.values()]
        names = [name for each in options for name in each.get("stages", {})]
        for index, name in enumerate(names):
            own, _, stage = name.partition("/")
            for step in (0, 40) if own == method else ():
                sheet = np.full((4 * SIZE, SIZE, 3), 5 * step + index, np.uint8)
                path = folder / "sheets" / f"{index}_{stage}_{step:06d}.png"
                Image.fromarray(sheet).save(path)
        return folder

    return write


@pytest.fixture
def corrections(tmp_path):
    """Parts and boxes of five pictures of a masked set; the third is worn worst."""
    folder = tmp_path / "masked" / "tiny" / "mfgan" / "correction0"
    folder.mkdir(parents=True)
    x = {0: 0.0, 1: 0.0, 4: 1.0, 5: 3.0, 8: 2.0}
    rows = [
        {"row": number, "part": part, "bare": 0.9, "masked": 0.2, "wanted": i != 1, "wrong": i == 1,
         "penalty": 1.0, "x": value, "lambda_cor": (value**2 + 1) ** 0.5}
        for number, value in x.items()
        for i, part in enumerate(("face", "mouth"))
    ]  # fmt: skip
    pd.DataFrame(rows).to_parquet(folder / "parts.parquet", index=False)
    box = {"part": "mouth", "score": 0.8, "x0": 12.0, "y0": 24.0, "x1": 36.0, "y1": 36.0}
    boxes = [{"row": number, "picture": "bare", **box} for number in x]
    pd.DataFrame(boxes).to_parquet(folder / "boxes.parquet", index=False)
    return folder


@pytest.fixture
def by_reference(tmp_path, masked):
    """Two photographs of masks being worn, and masks after them."""
    domain = MaskedSet.open(masked("keypoint", root="domain"))
    shown = domain.faces.iloc[[0, 3]]
    made = MaskedSet.open(masked("mfgan", tuple(shown["face_id"]), root="made"))
    out = tmp_path / "masked" / "tiny" / "mfgan" / "by_reference0"
    with atomic_dir(out) as tmp, MaskedSetWriter(tmp, SIZE, domain.spec) as writer:
        for one, table in ((domain, shown.assign(bare_id="")), (made, made.faces)):
            for place, values in table.iterrows():
                writer.add(one.images[place], dict(values), one.masks[place])
    return out


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
