"""The evaluations of mask removal, with restorers and segmenters whose numbers are known."""

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
from maskbench.restoration.evaluate_segmenter import evaluate_segmenter
from maskbench.restoration.segmenter import Segmenter

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
            image = paint(given.images[i], bare.images[rows[row["of"]]], hole > 0)
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


def numbers(rows, variant):
    return {row.metric: row.value for row in rows if row.variant == variant}


@pytest.fixture(scope="module")
def reference(small):
    return small.dressed


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
    assert {row.variant for row in rows} == {"", "unseen_styles", "masked", "masked_unseen_styles"}
    assert {(r.stage, r.method, r.seed, r.split, r.dataset) for r in rows} == {
        ("restoration", "edgeconnect", 3, "test+train+val", "orl")
    }
    backbones = {row.metric: row.backbone for row in rows}
    assert backbones["identity_cosine"] == "dlib_resnet"
    assert (backbones["ssim"], backbones["lpips"]) == ("none", "efficientnet_lite0")
    table = pd.read_parquet(tmp_path / "out" / "per_picture.parquet")
    bare, after, before = FaceSet.open(faces), MaskedSet.open(half), MaskedSet.open(reference)
    place = {name: i for i, name in enumerate(bare.faces["face_id"])}
    for i in (0, 7, 14):
        truth, hole = bare.images[place[after.faces["of"][i]]], np.asarray(after.masks[i]) > 0
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
    for prefix, variant in (("", ""), ("masked_", "masked")):
        seen = ~table["style"].isin(UNSEEN)
        for metric, value in numbers(rows, variant).items():
            assert value == pytest.approx(table.loc[seen, prefix + metric].mean())


def test_half_way_is_better_and_the_truth_is_perfect(half, reference, faces, weights, tmp_path):
    rows = evaluate(half, reference, faces, weights, tmp_path / "half")
    for prefix in ("", "unseen_styles"):
        ours = numbers(rows, prefix)
        theirs = numbers(rows, f"masked_{prefix}".rstrip("_"))
        assert ours.pop("lpips") < theirs.pop("lpips")
        assert all(ours[metric] > theirs[metric] for metric in theirs), (ours, theirs)
    truth = write(reference, tmp_path / "truth", lambda image, bare, hole: bare)
    perfect = numbers(evaluate(truth, reference, faces, weights, tmp_path / "out"), "")
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
    assert set(resamples.groupby(["variant", "metric"]).size()) == {50}


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


class Told:
    """A segmenter that finds what it is told to find."""

    def __init__(self, answers):
        self.answers = answers

    def predict(self, images):
        return np.stack([self.answers[image.tobytes()] for image in images])


def test_the_segmenters_numbers_by_hand(reference, faces, tmp_path, monkeypatch):
    masked, bare = MaskedSet.open(reference), FaceSet.open(faces)
    answers = {}
    for image, mask in zip(masked.images, masked.masks, strict=True):
        rows = np.flatnonzero((mask >= 128).any(1))
        found = np.array(mask)
        found[rows[len(rows) // 2] :] = 0  # the upper half of each mask
        answers[image.tobytes()] = found
    expected = [
        (answers[image.tobytes()] >= 128).sum() / (mask >= 128).sum()
        for image, mask in zip(masked.images, masked.masks, strict=True)
    ]
    for i, image in enumerate(bare.images):
        answers[image.tobytes()] = np.zeros(image.shape[:2], np.uint8)
        if i == 2:
            answers[image.tobytes()][:16] = 255  # a quarter of one bare face
    monkeypatch.setattr(Segmenter, "open", classmethod(lambda cls, model: Told(answers)))
    out = tmp_path / "out"
    evaluate_segmenter(tmp_path, reference, faces, out, CONFIG, UNSEEN, 0)
    rows = {(r.variant, r.metric): r for r in read_metrics(out / "metrics.json")}
    unseen = masked.faces["style"].isin(UNSEEN).to_numpy()
    assert rows["", "mean_iou"].value == pytest.approx(np.mean(np.array(expected)[~unseen]))
    assert rows["unseen_styles", "mean_iou"].value == pytest.approx(
        np.mean(np.array(expected)[unseen])
    )
    assert rows["", "mask_found_on_bare"].value == pytest.approx(0.25 / 12)
    assert rows["", "mean_iou"].method == "segmenter" and rows["", "mean_iou"].n == 12
    assert rows["", "mean_iou"].ci_low < rows["", "mean_iou"].ci_high
