"""The files that dvc compares: means over seeds, and every curve."""

import json

import pandas as pd
import pytest

from maskbench.errors import MaskbenchError
from maskbench.measurements import Measurement, to_frame
from maskbench.reporting.summarise import CURVE_COLUMNS, summarise
from maskbench.training.curves import write_curves


def row(method, seed, metric, value, variant=""):
    return Measurement(
        "synthesis", "orl", "test", method, variant, seed, metric, value, 10, None, None, "none",
        "mtcnn+0.2/144",
    )  # fmt: skip


@pytest.fixture
def measurements(tmp_path):
    rows = [
        row("gan_stn", 0, "ssim", 0.5),
        row("gan_stn", 1, "ssim", 0.7),
        row("gan_stn", 0, "ssim", 0.25, "unseen_styles"),
        row("gan_stn", 0, "fid", None),
    ]
    path = tmp_path / "measurements.csv"
    to_frame(rows).to_csv(path, index=False)
    return path


@pytest.fixture
def models(tmp_path):
    folders = []
    for seed in (0, 1):
        folder = tmp_path / "models" / "gan_stn" / f"seed{seed}"
        folder.mkdir(parents=True)
        values = [1.0 + seed, 0.5, float("nan")]
        frame = pd.DataFrame({"step": [0, 10, 20], "name": "critic_loss", "value": values})
        frame.to_parquet(folder / "curves.parquet")
        folders.append(folder)
    for method in ("keypoint", "nothing"):
        (tmp_path / "models" / method / "seed0").mkdir(parents=True)
        folders.append(tmp_path / "models" / method / "seed0")
    write_curves(folders[-2] / "curves.parquet", {})  # a method that learns nothing
    return folders


def test_numbers_are_means_over_seeds_and_unmeasured_ones_are_left_out(
    tmp_path, measurements, models
):
    summarise(measurements, models, tmp_path / "summary.json", tmp_path / "curves.csv")
    found = json.loads((tmp_path / "summary.json").read_text())
    assert found == {"gan_stn": {"ssim": 0.6, "unseen_styles/ssim": 0.25}}


def test_every_finite_point_of_every_curve(tmp_path, measurements, models):
    summarise(measurements, models, tmp_path / "summary.json", tmp_path / "curves.csv")
    frame = pd.read_csv(tmp_path / "curves.csv")
    assert list(frame.columns) == list(CURVE_COLUMNS)
    assert list(frame["value"]) == [1.0, 0.5, 2.0, 0.5]
    assert set(frame["curve"]) == {"gan_stn critic_loss seed0", "gan_stn critic_loss seed1"}


def test_without_any_curve_the_columns_are_there(tmp_path, measurements, models):
    summarise(measurements, models[-2:], tmp_path / "summary.json", tmp_path / "curves.csv")
    assert list(pd.read_csv(tmp_path / "curves.csv").columns) == list(CURVE_COLUMNS)


def test_missing_measurements_are_named(tmp_path, models):
    with pytest.raises(MaskbenchError, match=r"none\.csv"):
        summarise(tmp_path / "none.csv", models, tmp_path / "s.json", tmp_path / "c.csv")
