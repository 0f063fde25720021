"""The evaluation of mask removal, with restorers whose numbers are known."""

import numpy as np
import pandas as pd
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from maskbench.config import MetricsConfig
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MASKED_COLUMNS, MaskedSet, MaskedSetWriter
from maskbench.measurements import read_metrics
from maskbench.restoration.evaluate_restoration import evaluate_restoration

UNSEEN = ("kn95",)  # of the two styles that the fixture wears
CONFIG = MetricsConfig(bootstrap=50, weights="packaged", batch_size=4)


def write(masked, out, paint):
    """A restored set: ``paint(image, bare, hole)`` makes the pictures; holes are the masks."""
    given, bare = MaskedSet.open(masked), FaceSet.open(masked.parent / "faces")
    rows = {name: i for i, name in enumerate(bare.faces["face_id"])}
    out.mkdir()
    with MaskedSetWriter(out, given.size, given.spec) as writer:
        for i, row in enumerate(given.faces.to_dict("records")):
            hole = np.asarray(given.masks[i])
            image = paint(given.images[i], bare.images[rows[row["bare_id"]]], hole > 0)
            writer.add(image, {name: row[name] for name in MASKED_COLUMNS}, hole)
    return out


def evaluate(restored, reference, faces, weights, out, **changes):
    evaluate_restoration(
        **{
            "restored": restored, "masked": reference, "faces": faces, "weights": weights,
            "out": out, "config": CONFIG, "unseen_styles": UNSEEN, "seed": 3,
            "restorer": "edgeconnect", "run_id": "r", **changes,
        }
    )  # fmt: skip
    return read_metrics(out / "metrics.json")


def numbers(rows, method="edgeconnect", styles="seen"):
    return {row.metric: row.value for row in rows if (row.method, row.styles) == (method, styles)}


@pytest.fixture(scope="module")
def reference(small):
    return small.masked


@pytest.fixture(scope="module")
def faces(small):
    return small.faces


@pytest.fixture(scope="module")
def half(reference, tmp_path_factory):
    """Half way from the masked to the bare face."""
    return write(
        reference, tmp_path_factory.mktemp("half") / "set",
        lambda image, bare, hole: np.where(
            hole[..., None], (image.astype(int) + bare) // 2, image
        ).astype(np.uint8),
    )  # fmt: skip


def test_every_number_against_scikit_image(half, reference, faces, weights, tmp_path):
    rows = evaluate(half, reference, faces, weights, tmp_path / "out")
    assert {(row.method, row.restorer, row.styles) for row in rows} == {
        ("edgeconnect", "edgeconnect", "seen"), ("edgeconnect", "edgeconnect", "unseen"),
        ("unrestored", "edgeconnect", "seen"), ("unrestored", "edgeconnect", "unseen"),
    }  # fmt: skip
    assert {(r.step, r.seed, r.split, r.dataset, r.n_people) for r in rows} == {
        ("restoration", 3, "test+train+val", "orl", 4)
    }
    backbones = {row.metric: row.backbone for row in rows}
    assert backbones["identity_cosine"] == "dlib_resnet"
    assert (backbones["ssim"], backbones["lpips"]) == ("none", "efficientnet_lite0")
    table = pd.read_parquet(tmp_path / "out" / "per_picture.parquet")
    bare, after, before = FaceSet.open(faces), MaskedSet.open(half), MaskedSet.open(reference)
    place = {name: i for i, name in enumerate(bare.faces["face_id"])}
    for i in (0, 7, 14):
        truth, hole = bare.images[place[after.faces["bare_id"][i]]], np.asarray(after.masks[i]) > 0
        for prefix, images in (("", after.images), ("masked_", before.images)):
            image = np.asarray(images[i])
            found = table.iloc[i]
            mean, full = structural_similarity(
                image, truth, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
                channel_axis=-1, full=True,
            )  # fmt: skip
            assert found[f"{prefix}ssim"] == pytest.approx(mean, abs=1e-6)
            assert found[f"{prefix}ssim_in_hole"] == pytest.approx(full[hole].mean(), abs=1e-6)
            assert found[f"{prefix}psnr"] == pytest.approx(peak_signal_noise_ratio(truth, image))
            assert found[f"{prefix}psnr_in_hole"] == pytest.approx(
                peak_signal_noise_ratio(truth[hole], image[hole])
            )
    for prefix, method in (("", "edgeconnect"), ("masked_", "unrestored")):
        seen = ~table["style"].isin(UNSEEN)
        for metric, value in numbers(rows, method).items():
            assert value == pytest.approx(table.loc[seen, prefix + metric].mean())


def test_half_way_is_better_and_the_truth_is_perfect(half, reference, faces, weights, tmp_path):
    rows = evaluate(half, reference, faces, weights, tmp_path / "half")
    for styles in ("seen", "unseen"):
        ours = numbers(rows, styles=styles)
        theirs = numbers(rows, "unrestored", styles)
        assert ours.pop("lpips") < theirs.pop("lpips")
        assert all(ours[metric] > theirs[metric] for metric in theirs), (ours, theirs)
    truth = write(reference, tmp_path / "truth", lambda image, bare, hole: bare)
    perfect = numbers(evaluate(truth, reference, faces, weights, tmp_path / "out"))
    assert perfect == pytest.approx(
        {"psnr": 100, "psnr_in_hole": 100, "ssim": 1, "ssim_in_hole": 1, "lpips": 0,
         "identity_cosine": 1}, abs=1e-4,
    )  # fmt: skip


def test_intervals_hold_the_value_and_resamples_are_written(
    half, reference, faces, weights, tmp_path
):
    rows = evaluate(half, reference, faces, weights, tmp_path / "out")
    assert all(row.ci_low <= row.value <= row.ci_high for row in rows)
    resamples = pd.read_parquet(tmp_path / "out" / "resamples.parquet")
    assert set(resamples.groupby("row").size()) == {50}


def test_sets_that_do_not_belong_together(reference, faces, weights, tmp_path):
    other = tmp_path / "other"
    given = MaskedSet.open(reference)
    other.mkdir()
    with MaskedSetWriter(other, given.size, given.spec) as writer:
        row = given.faces.iloc[3].to_dict()
        writer.add(np.array(given.images[3]), row, np.array(given.masks[3]))
    with pytest.raises(MaskbenchError, match="was not made from"):
        evaluate(other, reference, faces, weights, tmp_path / "out")
    assert not (tmp_path / "out").exists()
