"""What dvc compares: a line a method of few numbers, and every curve."""

import json
from pathlib import Path

import pandas as pd
import pytest

from maskbench.artifacts import atomic_dir
from maskbench.errors import MaskbenchError
from maskbench.measurements import to_frame
from maskbench.reporting.headline import compared, main_dataset, rows
from maskbench.reporting.summarise import CURVE_COLUMNS, recogniser_of, summarise
from maskbench.training.curves import write_curves


@pytest.fixture
def row(make_measurement):
    """A row of recognition: recogniser, training set, metric, value."""

    def row(name, training_set, metric, value, seed=0, **more):
        more = {"step": "recognition", "training_set": training_set} | more
        return make_measurement(name, seed, metric, value, **more)

    return row


@pytest.fixture
def measured(make_measurement, row):
    """A method of two seeds and one of one; two recognisers on both training sets, one on one."""
    found = [make_measurement("gan_stn", seed, "ssim", 0.5 + 0.2 * seed) for seed in (0, 1)]
    found += [
        make_measurement("gan_stn", 0, "ssim", 0.1, styles="unseen"),
        make_measurement("gan_stn", 0, "ssim", 0.2, subset="pose_turned"),
        make_measurement("gan_stn", 0, "fid", 60.0),
        make_measurement("gan_stn", 1, "lpips", None),
        make_measurement("wgan_stn", 0, "placement_iou", 0.75),
        make_measurement("edgeconnect", 0, "lpips", 0.25, step="restoration"),
        make_measurement("unrestored", 0, "lpips", 0.5, step="restoration"),
        row("dlib_resnet", "none", "auc", 0.9),
        row("adapter_arcface", "bare", "auc", 0.95),
    ]
    for recogniser, values in (("softmax", (0.5, 0.75)), ("arcface", (0.7, 0.85))):
        for training_set, value in zip(("bare", "gan_stn"), values, strict=True):
            found.append(row(recogniser, training_set, "auc", value))
            found.append(row(recogniser, training_set, "auc", 0.1, protocol="bare_bare"))
            found.append(row(recogniser, training_set, "tar_at_far_1e-2", value / 2))
            found.append(row(recogniser, training_set, "auc", value / 4, dataset="mfr2"))
    return found


@pytest.fixture
def measurements(tmp_path, measured):
    path = tmp_path / "measurements.csv"
    to_frame(measured).to_csv(path, index=False)
    return path


@pytest.fixture
def trained(tmp_path):
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


EXPECTED = {
    "bare": {"auc": 0.6, "tar": 0.3, "auc_mfr2": 0.15},
    "edgeconnect": {"lpips": 0.25},
    "gan_stn": {"ssim": 0.6, "auc": 0.8, "tar": 0.4, "auc_mfr2": 0.2},
    "wgan_stn": {"iou": 0.75},
}


def test_numbers_are_means_over_seeds_and_compared_recognisers(measured):
    found = rows(to_frame(measured))
    assert set(found) == set(EXPECTED)
    for name, expected in EXPECTED.items():
        assert found[name] == pytest.approx(expected)


def test_a_recogniser_counts_once_whatever_its_seeds(row):
    found = [row("a", each, "auc", 0.5, seed=s) for each in ("bare", "m") for s in (0, 1, 2)]
    found += [row("b", each, "auc", 0.9) for each in ("bare", "m")]
    assert rows(to_frame(found))["m"]["auc"] == pytest.approx(0.7)


def test_compared_recognisers_know_every_training_set(row):
    frame = to_frame([row("a", each, "auc", 0.5) for each in ("bare", "m")])
    assert compared(frame) == ["a"]
    assert compared(to_frame([row("a", "bare", "auc", 0.5)])) == []
    more = [row("b", each, "auc", 0.5) for each in ("bare", "m", "n")]
    assert compared(pd.concat([frame, to_frame(more)])) == ["b"]


def test_an_empty_run_has_no_numbers():
    assert rows(to_frame([])) == {}
    assert main_dataset(to_frame([])) == ""


def test_dvc_reads_a_file_a_method(tmp_path, measurements, trained):
    with atomic_dir(tmp_path / "summary") as earlier:
        (earlier / "gone.json").write_text("{}")
    summarise(measurements, tmp_path / "summary", tmp_path / "curves.csv", trained)
    paths = (tmp_path / "summary").glob("*.json")
    found = {path.stem: json.loads(path.read_text()) for path in paths}
    assert set(found) == set(EXPECTED)
    assert found["gan_stn"] == pytest.approx(EXPECTED["gan_stn"])


def test_every_finite_point_of_every_curve(tmp_path, measurements, trained):
    summarise(measurements, tmp_path / "summary", tmp_path / "curves.csv", trained)
    frame = pd.read_csv(tmp_path / "curves.csv")
    assert list(frame.columns) == list(CURVE_COLUMNS)
    assert list(frame["value"]) == [1.0, 0.5, 2.0, 0.5]
    assert set(frame["curve"]) == {"gan_stn critic_loss seed0", "gan_stn critic_loss seed1"}


def test_without_any_curve_the_columns_are_there(tmp_path, measurements, trained):
    summarise(measurements, tmp_path / "summary", tmp_path / "curves.csv", trained[-2:])
    assert list(pd.read_csv(tmp_path / "curves.csv").columns) == list(CURVE_COLUMNS)


def test_missing_measurements_are_named(tmp_path, trained):
    with pytest.raises(MaskbenchError, match=r"none\.csv"):
        summarise(tmp_path / "none.csv", tmp_path / "s", tmp_path / "c.csv", trained)


def test_curves_of_recognisers_are_named_by_their_training_set(
    tmp_path, measurements, trained, recognisers
):
    summarise(measurements, tmp_path / "s", tmp_path / "c.csv", trained, recognisers[:9])
    curves = pd.read_csv(tmp_path / "c.csv")
    assert set(curves["method"]) == {"gan_stn", "softmax/bare", "softmax/keypoint", "arcface/bare"}
    assert "softmax/bare train/loss seed3" in set(curves["curve"])


@pytest.mark.parametrize("path", ["softmax", "softmax/bare", "a/softmax/bare/seedx", "a/b/c/0"])
def test_a_path_that_is_no_recogniser(path):
    with pytest.raises(MaskbenchError, match="not a recogniser's folder"):
        recogniser_of(Path(path))
