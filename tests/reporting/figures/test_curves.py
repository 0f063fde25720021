"""Training curves: what is drawn, and labels of one panel stay out of the next."""

import itertools
import shutil

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from maskbench.errors import MaskbenchError
from maskbench.reporting.figures.curves import _short, flow, losses
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


@pytest.fixture
def training(tmp_path):
    """Write the curves of a training: by name, steps and values."""

    def write(method, curves):
        folder = tmp_path / method / "seed0"
        folder.mkdir(parents=True)
        parts = [pd.DataFrame({"step": steps, "name": name, "value": values})
                 for name, (steps, values) in curves.items()]  # fmt: skip
        pd.concat(parts).to_parquet(folder / "curves.parquet", index=False)
        return folder

    return write


def words_of(figure):
    """The boxes of all words of a drawn figure: titles, labels of axes and the legend's entries."""
    FigureCanvasAgg(figure).draw()
    found = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in figure.axes:
        found += [axes._left_title, *axes.texts]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=True)
            found += [label for place, label in ticks if low <= place <= high]
    return [text.get_window_extent() for text in found if text.get_text()]


def test_every_panel_has_a_line_and_no_words_run_into_others(figure_of, training):
    """Methods of three to twelve losses of any size, in one figure."""
    steps = np.arange(0, 1600, 100)
    sizes = itertools.cycle([3e-4, -2.7e-3, 5e-6, 0.4, 40.0, -1700.0, 2e4])
    losses_of = {"gan_direct": 3, "gan_stn": 6, "mfgan": 12}
    folders = [
        training(
            method,
            {
                f"{stage}/gradient_loss_{loss:02}": (
                    steps,
                    next(sizes) * (1 + np.sin(steps) / 2),
                )
                for loss in range(count)
                for stage in ("train", "warm_up")[: 1 + loss % 2]
            },
        )
        for method, count in losses_of.items()
    ]
    figure = figure_of("loss_curves", {"models": folders})
    assert [len(axes.lines) for axes in figure.axes] == [
        1 + loss % 2 for count in losses_of.values() for loss in range(count)
    ]
    page, boxes = figure.bbox, words_of(figure)
    assert len(boxes) > 21 * 3
    for box in boxes:
        assert page.x0 <= box.x0 and box.x1 <= page.x1
        assert page.y0 <= box.y0 and box.y1 <= page.y1
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)


def test_panels_are_wrapped():
    """A block begins a row where it does not fit behind another; a longer one goes on below."""
    assert flow(["ab", "cde", "f", "ghijklm"], 5) == [
        ["a", "b", "c", "d", "e"],
        ["f"],
        ["g", "h", "i", "j", "k"],
        ["l", "m"],
    ]
    assert flow("abcde", 2) == [["a", "b"], ["c", "d"], ["e"]]


def request(**inputs):
    return Request("trial", None, inputs)


def test_curves_of_untrained_methods_are_passed_over(models, tmp_path):
    empty = tmp_path / "models" / "tiny" / "keypoint" / "seed0"
    empty.mkdir(parents=True)
    table = losses(request(models=[*models, empty]))
    assert set(table["block"]) == {"wgan_stn", "pywgan_div"}
    assert len(table) == 4 * 2 * 6
    with pytest.raises(MaskbenchError, match="figure trial: no training has curves"):
        losses(request(models=[empty]))


def test_stages_share_the_panel_of_a_loss(figure_of, training):
    names = ("train/critic_loss", "train/generator_loss", "warm_up/critic_loss")
    folder = training("pywgan_div", {name: ([0, 10], [1.0, 0.5]) for name in names})
    figure = figure_of("loss_curves", {"models": [folder]})
    panels = [axes.get_title(loc="left") for axes in figure.axes]
    assert panels == ["critic loss", "generator loss"]
    assert [len(axes.lines) for axes in figure.axes] == [2, 1]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["train", "warm up"]


def test_ablations_are_left_out_beside_others(figure_of, models):
    tree = models[0].parent.parent / "simgan_schedule" / "seed0"
    shutil.copytree(models[0], tree)
    for given, title in (([models[0], tree], "WGAN + STN"), ([tree], "SimGAN, as in Table 2")):
        texts = [t.get_text() for axes in figure_of("loss_curves", {"models": given}).axes
                 for t in axes.texts]  # fmt: skip
        assert texts == [title]


def test_curves_of_recognisers(figure_of, draw, recognisers, tmp_path):
    table = losses(request(recognisers=recognisers))
    assert set(table["block"]) == {"softmax", "arcface"}
    assert len(table) == 2 * 2 * 4 * 3
    figure = figure_of("recognition_curves", {"recognisers": recognisers})
    assert [len(axes.lines) for axes in figure.axes] == [8, 8]
    colours = [{line.get_color() for line in axes.lines} for axes in figure.axes]
    assert [len(each) for each in colours] == [2, 2]  # one a training set
    (legend,) = figure.legends
    shown = [text.get_text() for text in legend.get_texts()]
    assert shown == ["bare faces", "Key-point matching"]
    draw("recognition_curves", {"recognisers": recognisers}, out=tmp_path / "a")
    draw("recognition_curves", {"recognisers": recognisers[::-1]}, out=tmp_path / "b")
    first, second = (tmp_path / name / "recognition_curves.png" for name in "ab")
    assert first.read_bytes() == second.read_bytes()
