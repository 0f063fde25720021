"""All records: they are read without matplotlib, and the same inputs give the same bytes."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from PIL import Image

from maskbench.errors import MaskbenchError
from maskbench.reporting.figures.specs import KINDS
from maskbench.reporting.make_figures import make_figures
from maskbench.reporting.papers import papers
from maskbench.reporting.papers.figures import (
    OF_METHODS,
    OF_RESTORERS,
    Figure,
    Need,
    drawable,
)

RECORDS = {name: one for paper in papers().values() for name, one in paper.figures.items()}


def paths():
    """One path for each need, but one of each method or restorer that a figure shows."""
    methods = {"gan_stn", "keypoint"}.union(*(record.methods for record in RECORDS.values()))
    restorers = {"edgeconnect"}.union(*(record.restorers for record in RECORDS.values()))
    return {need: [Path(need)] for need in get_args(Need)} | {
        need: [Path(f"{need}/{name}/seed0") for name in sorted(names)]
        for needs, names in ((OF_METHODS, methods), (OF_RESTORERS, restorers))
        for need in needs
    }


def test_no_figure_is_lost():
    assert set(RECORDS) >= {
        "cmc", "cosine_histograms", "embeddings", "fig5", "loss_curves", "mask_styles",
        "maskfacenet_fig1", "maskfacenet_fig2", "maskfacenet_fig3", "placement_training",
        "real_masks", "recognition_curves", "restoration_sheet", "roc_det", "cyclegan_fig1",
        "cyclegan_fig2", "cyclegan_fig3", "cyclegan_stages", "cyclegan_strip", "simgan_stages",
        "mfgan_fig2", "mfgan_fig3", "mfgan_fig5", "mfgan_fig6", "mfgan_fig7", "mfgan_fig8",
    }  # fmt: skip
    assert set(KINDS.all()) >= {"curves", "histogram", "roc", "scatter", "sheet"}


@pytest.mark.parametrize("name", RECORDS)
def test_same_inputs_same_bytes(name, draw, inputs_of, tmp_path):
    inputs = inputs_of(name)
    pixels = draw(name, inputs, out=tmp_path / "a")
    draw(name, inputs, out=tmp_path / "b")
    data = (tmp_path / f"a/{name}.png").read_bytes()
    assert data == (tmp_path / f"b/{name}.png").read_bytes()
    for word in (b"tIME", b"Software", b"Matplotlib", b"Creation"):
        assert word not in data
    with Image.open(tmp_path / f"a/{name}.png") as picture:
        assert picture.info["dpi"] == pytest.approx((200, 200), abs=0.1)
    assert min(pixels.shape[:2]) > 150
    assert pixels.std() > 10  # something is drawn
    assert (pixels[0] == 255).mean() > 0.9  # on white


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_has_options_of_its_kind_and_a_caption(name):
    record = RECORDS[name]
    KINDS.parse(record.kind, record.options, name)
    assert record.title and record.caption.endswith(".")


@pytest.mark.parametrize("name", RECORDS)
def test_a_needed_input_is_asked_for(name, tmp_path):
    need, inputs = RECORDS[name].needs[0], paths()
    with pytest.raises(MaskbenchError, match=f"figure {name}: needs {need}"):
        make_figures({name: RECORDS[name]}, inputs | {need: []}, tmp_path)


def test_what_lacks_an_input_is_not_drawable():
    inputs = paths()
    assert set(drawable(RECORDS, inputs)) == set(RECORDS)
    masked = {"masked": [path for path in inputs["masked"] if path.parent.name != "keypoint"]}
    found = drawable(RECORDS, inputs | masked | {"unmasked": []})
    lost = {
        name
        for name, record in RECORDS.items()
        if record.methods == ("keypoint",) or "unmasked" in record.needs
    }
    assert set(RECORDS) - set(found) == lost
    assert {"maskfacenet_fig1", "restoration_sheet", "real_masks"} <= lost < set(RECORDS)


def test_one_training_of_each_method_is_shown():
    given = [Path(f"masked/{method}/seed{seed}") for method in "ab" for seed in (0, 1)]
    record = Figure(kind="sheet", title="", caption="", needs=("masked", "models"))
    chosen = record.select({"masked": given, "models": given})
    assert chosen == {"masked": [given[0], given[2]], "models": given}
    only = record.model_copy(update={"methods": ("b",)}).select({"masked": given})
    assert only == {"masked": [given[2]], "models": []}


def test_unknown_kinds_and_options_name_the_nearest(tmp_path):
    record = RECORDS["cmc"]
    for wrong, message in (
        ({"kind": "rocs"}, "figure x.*did you mean roc"),
        ({"options": {"panles": ["roc"]}}, r"(?s)figure x.*panles.*did you mean panels"),
    ):
        with pytest.raises(MaskbenchError, match=message):
            make_figures({"x": record.model_copy(update=wrong)}, paths(), tmp_path)


def test_records_are_read_without_matplotlib_and_drawn_without_torch():
    code = """
import sys
from maskbench.reporting.papers import papers
from maskbench.reporting.figures.specs import KINDS
import maskbench.reporting.make_figures, maskbench.reporting.papers.figures
assert [KINDS.parse(f.kind, f.options) for p in papers().values() for f in p.figures.values()]
assert not {"matplotlib", "torch", "mlflow"} & set(sys.modules)
for kind in KINDS.all().values():
    kind.load()
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
