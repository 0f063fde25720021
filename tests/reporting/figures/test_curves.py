"""Training curves: what is drawn, and labels of one panel stay out of the next."""

import itertools
import shutil

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from maskbench.errors import MaskbenchError
from maskbench.reporting.figures.curves import _short, losses
from maskbench.reporting.figures.request import Request


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0006, "6e−4"),
        (0.00045, "4.5e−4"),
        (-0.6, "−0.6"),
        (1.25, "1.25"),
        (-12.0, "−12"),
        (-20_000, "−2e4"),
    ],
)
def test_short(value, text):
    assert _short(value, None) == text


@pytest.mark.parametrize("panels", [5, 6])
@pytest.mark.parametrize("size", [3e-4, -2.7e-3, 5e-6, 0.4, 40.0])
def test_no_label_reaches_into_the_panel_beside(figure_of, tmp_path, size, panels):
    steps = np.arange(0, 1600, 10)
    folder = tmp_path / "pywgan_div" / "seed0"
    folder.mkdir(parents=True)
    names = ("critic_loss", "distance", "equivariance", "generator_loss", "gradient", "update")
    names = names[:panels]
    wave = size * (1 + (0.05 if size < 0 else 0.5) * np.sin(steps))
    parts = [pd.DataFrame({"step": steps, "name": n, "value": wave}) for n in names]
    pd.concat(parts).to_parquet(folder / "curves.parquet", index=False)
    figure = figure_of("loss_curves", {"models": [folder]})
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    assert len(figure.axes) == panels
    for left, right in itertools.pairwise(figure.axes):
        edge = left.get_window_extent(renderer).x1
        assert right.yaxis.get_tightbbox(renderer).x0 > edge


def request(**inputs):
    return Request("trial", None, inputs)


def test_curves_of_untrained_methods_are_passed_over(models, tmp_path):
    empty = tmp_path / "models" / "tiny" / "keypoint" / "seed0"
    empty.mkdir(parents=True)
    table = losses(request(models=[*models, empty]))
    assert set(table["row"]) == {"wgan_stn", "pywgan_div"}
    assert len(table) == 4 * 2 * 6
    with pytest.raises(MaskbenchError, match="figure trial: no training has curves"):
        losses(request(models=[empty]))


def test_each_stage_has_a_row_of_its_own(figure_of, tmp_path):
    folder = tmp_path / "pywgan_div" / "seed0"
    folder.mkdir(parents=True)
    names = ("train/critic_loss", "train/generator_loss", "warm_up/critic_loss")
    parts = [pd.DataFrame({"step": [0, 10], "name": name, "value": [1.0, 0.5]}) for name in names]
    pd.concat(parts).to_parquet(folder / "curves.parquet", index=False)
    figure = figure_of("loss_curves", {"models": [folder]})
    panels = [axes.get_title(loc="left") for axes in figure.axes]
    assert panels == ["critic loss", "generator loss", "critic loss"]
    rows = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert rows == ["Py-WGAN-div, train", "Py-WGAN-div, warm up"]


def test_ablations_are_left_out_beside_others(figure_of, models):
    tree = models[0].parent.parent / "simgan_schedule" / "seed0"
    shutil.copytree(models[0], tree)
    for given, title in (([models[0], tree], "WGAN + STN"), ([tree], "SimGAN, as in Table 2")):
        texts = [t.get_text() for axes in figure_of("loss_curves", {"models": given}).axes
                 for t in axes.texts]  # fmt: skip
        assert texts == [title]


def test_curves_of_recognisers(figure_of, draw, recognisers, tmp_path):
    table = losses(request(recognisers=recognisers))
    assert set(table["row"]) == {"softmax", "arcface"}
    assert len(table) == 2 * 2 * 4 * 3
    figure = figure_of("recognition_curves", {"recognisers": recognisers})
    assert [len(axes.lines) for axes in figure.axes] == [7, 7]
    (legend,) = figure.legends
    shown = [text.get_text() for text in legend.get_texts()]
    assert {"bare faces, seed 0", "Key-point matching, seed 0", "bare faces, seed 2"} <= set(shown)
    assert legend.get_title().get_text() == "7 of 8 trainings are shown"
    FigureCanvasAgg(figure).draw()
    page, box = figure.bbox, legend.get_window_extent()
    assert box.x0 >= page.x0 and box.x1 <= page.x1
    above = [axes.get_tightbbox().y1 for axes in figure.axes]
    assert box.y0 >= max(above)
    draw("recognition_curves", {"recognisers": recognisers}, out=tmp_path / "a")
    draw("recognition_curves", {"recognisers": recognisers[::-1]}, out=tmp_path / "b")
    first, second = (tmp_path / name / "recognition_curves.png" for name in "ab")
    assert first.read_bytes() == second.read_bytes()
