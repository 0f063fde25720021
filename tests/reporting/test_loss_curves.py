"""Labels of one panel stay out of the next."""

import itertools

import numpy as np
import pandas as pd
import pytest
from maskbench.reporting.figures.curve_panels import _short
from maskbench.reporting.figures.loss_curves import draw
from matplotlib.backends.backend_agg import FigureCanvasAgg

from maskbench.reporting.figures.style import FigureInputs, clean_style


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


@pytest.mark.parametrize("size", [3e-4, 5e-6, 0.4, 40.0])
def test_no_label_reaches_into_the_panel_beside(tmp_path, size):
    steps = np.arange(0, 1600, 10)
    folder = tmp_path / "pywgan_div" / "seed0"
    folder.mkdir(parents=True)
    names = ("critic_loss", "distance", "equivariance", "generator_loss", "update")
    wave = size * (1 + 0.5 * np.sin(steps))
    parts = [pd.DataFrame({"step": steps, "name": n, "value": wave}) for n in names]
    pd.concat(parts).to_parquet(folder / "curves.parquet", index=False)
    with clean_style():
        figure = draw(FigureInputs(models=(folder,)))
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        assert len(figure.axes) == 5
        for left, right in itertools.pairwise(figure.axes):
            edge = left.get_window_extent(renderer).x1
            assert right.yaxis.get_tightbbox(renderer).x0 > edge
