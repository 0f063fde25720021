"""The files that dvc compares: means over seeds, and every curve."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from maskbench.errors import MaskbenchError
from maskbench.measurements import Measurement, to_frame
from maskbench.reporting.summarise import CURVE_COLUMNS, recogniser_of, summarise
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


def test_numbers_of_other_stages_say_their_data_set(tmp_path, models):
    rows = [row("gan_stn", 0, "ssim", 0.5)]
    for dataset, value in (("lfw", 0.9), ("mfr2", 0.7)):
        found = row("arcface", 0, "auc", value, "keypoint/bare_bare")
        rows.append(replace(found, stage="recognition", dataset=dataset))
    rows.append(replace(row("cyclegan", 0, "ssim", 0.4), stage="restoration"))
    rows.append(row("cyclegan", 0, "ssim", 0.8))
    path = tmp_path / "measurements.csv"
    to_frame(rows).to_csv(path, index=False)
    summarise(path, models, tmp_path / "summary.json", tmp_path / "curves.csv")
    assert json.loads((tmp_path / "summary.json").read_text()) == {
        "arcface": {"lfw/keypoint/bare_bare/auc": 0.9, "mfr2/keypoint/bare_bare/auc": 0.7},
        "cyclegan": {"ssim": 0.8, "orl/ssim": 0.4},
        "gan_stn": {"ssim": 0.5},
    }


def test_curves_of_recognisers_are_named_by_their_training_set(
    tmp_path, measurements, models, recognisers
):
    none = tmp_path / "recognisers" / "tiny" / "own" / "none" / "seed4"
    none.mkdir(parents=True)
    frame = pd.DataFrame({"step": [0], "name": "loss", "value": [1.0]})
    frame.to_parquet(none / "curves.parquet")
    summarise(
        measurements, models, tmp_path / "s.json", tmp_path / "c.csv", [*recognisers[:9], none]
    )
    curves = pd.read_csv(tmp_path / "c.csv")
    assert list(curves.columns) == list(CURVE_COLUMNS)
    assert set(curves["method"]) == {
        "gan_stn", "softmax/bare", "softmax/keypoint", "arcface/bare", "own",
    }  # fmt: skip
    assert {"softmax/bare loss seed3", "own loss seed4"} <= set(curves["curve"])
    assert set(curves[curves["method"] == "own"]["seed"]) == {4}


@pytest.mark.parametrize("path", ["softmax", "softmax/bare", "a/softmax/bare/seedx", "a/b/c/0"])
def test_a_path_that_says_nothing_of_a_recogniser(path):
    with pytest.raises(MaskbenchError, match="not a recogniser's folder"):
        recogniser_of(Path(path))
