"""The step on real faces: what is measured, against what, and that it is the same every time."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from maskbench.artifacts import sha256_of
from maskbench.config import MetricsConfig
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks import wearing
from maskbench.masks.maskedset import MaskedSet
from maskbench.measurements import read_metrics, read_resamples
from maskbench.metrics import bootstrap, fid, identity, kid, placement, psnr, ssim
from maskbench.metrics.evaluate_synthesis import evaluate_synthesis
from maskbench.metrics.features import PackagedFeatures
from maskbench.metrics.inception_score import inception_score, probabilities
from maskbench.metrics.lpips import PackagedLpips
from maskbench.metrics.picture_metrics import counterparts

from .conftest import STYLES, UNSEEN

CONFIG = MetricsConfig(bootstrap=50, batch_size=4)


def _evaluate(masked: Path, reference: Path, faces: Path, weights: Path, out: Path, **kw) -> Path:
    values = {"config": CONFIG, "unseen_styles": UNSEEN, "seed": 2, "method": "gan_stn"} | kw
    evaluate_synthesis(
        masked=masked, reference=reference, faces=faces, weights=weights, out=out, **values
    )
    return out


@pytest.fixture(scope="module")
def result(shifted, reference, faces, weights, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("evaluated") / "gan_stn" / "seed2"
    return _evaluate(shifted, reference, faces, weights, out, run_id="run7")


def test_a_method_without_styles_is_measured_against_the_first_of_each_face(
    shifted, reference, faces, weights, tmp_path
):
    masked, unstyled = MaskedSet.open(shifted), tmp_path / "unstyled"
    shutil.copytree(shifted, unstyled)
    first = (masked.faces["style"] == STYLES[0]).to_numpy()
    for name in ("images", "masks"):
        np.save(unstyled / f"{name}.npy", np.load(unstyled / f"{name}.npy")[first])
    table = masked.faces[first].assign(style="").reset_index(drop=True)
    table.to_parquet(unstyled / "faces.parquet")
    out = _evaluate(unstyled, reference, faces, weights, tmp_path / "out", method="two_way")
    styled = _evaluate(shifted, reference, faces, weights, tmp_path / "styled")
    values = [pd.read_parquet(folder / "per_picture.parquet") for folder in (out, styled)]
    for metric in ("ssim", "placement_iou", "lpips"):
        wanted = values[1][values[1]["style"] == STYLES[0]][metric]
        assert np.allclose(values[0][metric], wanted, atol=1e-6)
    assert {row.styles for row in read_metrics(out / "metrics.json")} == {"seen"}


def test_per_picture_values_are_those_of_the_metrics_alone(
    result, shifted, reference, faces, weights
):
    frame = pd.read_parquet(result / "per_picture.parquet")
    masked, overlay, bare = MaskedSet.open(shifted), MaskedSet.open(reference), FaceSet.open(faces)
    assert list(frame["face_id"]) == [f"face{i}" for i in range(5) for _ in STYLES]
    assert list(frame["style"]) == list(STYLES) * 5
    own = np.repeat(np.arange(5), len(STYLES))
    a, b, c = masked.images[:], overlay.images[:], bare.images[own]
    recogniser = identity.DlibRecogniser(weights)
    embeddings = [recogniser(x, masked.landmarks) for x in (a, c)]
    packaged = PackagedLpips(PackagedFeatures.open(weights, batch_size=15))
    expected = {
        "ssim": ssim.ssim(a, b),
        "psnr": psnr.psnr(a, b),
        "lpips": packaged(a, b),
        "ssim_outside_mask": ssim.ssim_outside_mask(a, c, overlay.masks[:]),
        "placement_iou": placement.placement_iou(masked.masks[:], overlay.masks[:]),
        "covers_nose_mouth": wearing.covers_nose_mouth(masked.masks[:], masked.landmarks),
        "leaves_eyes": wearing.leaves_eyes(masked.masks[:], masked.landmarks),
        "alpha_mean": placement.alpha_mean(masked.masks[:]),
        "beyond_outline": wearing.beyond_outline(masked.masks[:], masked.landmarks),
        "identity_cosine": identity.cosine(*embeddings),
    }
    assert set(frame.columns) == {"face_id", "style", *expected}
    for name, values in expected.items():
        np.testing.assert_allclose(frame[name], values, rtol=1e-3, atol=1e-5, err_msg=name)


def test_a_picture_without_a_style_stands_against_the_first_of_its_face(shifted, reference):
    masked, overlay = MaskedSet.open(shifted), MaskedSet.open(reference)
    rows = masked.faces[masked.faces["style"] == STYLES[1]].assign(style="")
    plain = SimpleNamespace(images=masked.images, faces=rows, path=masked.path)
    found = overlay.faces.iloc[counterparts(plain, overlay, ["bare_id", "style"])]
    assert list(found["bare_id"]) == list(rows["bare_id"])
    assert set(found["style"]) == {overlay.faces["style"].iloc[0]}


def test_rows_say_what_was_measured_how(result, shifted, reference, weights):
    rows = {((r.styles, r.subset), r.metric): r for r in read_metrics(result)}
    frame = pd.read_parquet(result / "per_picture.parquet")
    seen = ~frame["style"].isin(UNSEEN)
    turned = frame["face_id"] == "face4"
    chosen = {
        ("seen", "all"): seen,
        ("unseen", "all"): ~seen,
        ("seen", "pose_frontal"): seen & ~turned,
        ("seen", "pose_turned"): seen & turned,
    }
    assert {part for part, _ in rows} == set(chosen)
    for (part, metric), row in rows.items():
        assert (row.step, row.dataset, row.split, row.fold) == ("synthesis", "orl", "test", 0)
        assert (row.training_set, row.restorer) == ("", "")
        assert (row.protocol, row.checkpoint) == ("standard", "final")
        assert (row.method, row.seed, row.mlflow_run_id) == ("gan_stn", 2, "run7")
        assert row.crop == "mtcnn+0.2/96" and row.n == chosen[part].sum()
        assert row.n_people == frame["face_id"][chosen[part]].nunique()
        if metric in frame:
            assert row.value == pytest.approx(frame[metric][chosen[part]].mean())
            if row.n_people > 1:
                assert row.ci_low <= row.value <= row.ci_high
            else:
                assert row.ci_low is None and row.subset == "pose_turned"
        else:  # of the set as a whole
            assert row.ci_low is None
    names = {metric for (_, subset), metric in rows if subset == "pose_turned"}
    assert names == {
        "placement_iou", "covers_nose_mouth", "leaves_eyes", "beyond_outline", "largest_share",
    }  # fmt: skip
    assert rows[("seen", "pose_turned"), "largest_share"].value == 1  # face4 alone
    frontal = frame["face_id"][chosen["seen", "pose_frontal"]].value_counts(normalize=True)
    assert rows[("seen", "pose_frontal"), "largest_share"].value == pytest.approx(frontal.max())
    backbone = {metric: row.backbone for (_, metric), row in rows.items()}
    for metric in ("lpips", "fid", "kid", "is"):
        assert backbone[metric] == "efficientnet_lite0"
    assert backbone["identity_cosine"] == "dlib_resnet" and backbone["ssim"] == "none"

    extractor = PackagedFeatures.open(weights, batch_size=4)
    keep = np.flatnonzero(seen)
    x, logits = extractor(MaskedSet.open(shifted).images[keep])
    y, _ = extractor(MaskedSet.open(reference).images[keep])
    of = pd.factorize(MaskedSet.open(shifted).faces["bare_id"].iloc[keep])[0]
    plain = ("seen", "all")
    assert rows[plain, "fid"].value == pytest.approx(fid.fid(x, y), rel=1e-4)
    assert rows[plain, "kid"].value == pytest.approx(kid.unbiased_mmd2(x, y, of, of), rel=1e-3)
    assert rows[plain, "is"].value == pytest.approx(
        inception_score(probabilities(logits)), rel=1e-4
    )
    assert "n < feature dimensions" in rows[plain, "fid"].note and rows[plain, "fid"].ci_low is None


def test_resamples_are_paired_over_methods(result, shifted, reference, faces, weights, tmp_path):
    out = _evaluate(reference, reference, faces, weights, tmp_path / "k", method="keypoint")
    names = [f"person{i}" for i in range(5)]
    draws = bootstrap.People.drawn(names, CONFIG.bootstrap, CONFIG.bootstrap_seed).draws
    for folder in (result, out):
        frame = pd.read_parquet(folder / "per_picture.parquet")
        frame = frame[~frame["style"].isin(UNSEEN)]
        means = frame.groupby("face_id")["identity_cosine"].mean().to_numpy()
        [row] = [
            number
            for number, r in enumerate(read_metrics(folder))
            if (r.metric, r.styles, r.subset) == ("identity_cosine", "seen", "all")
        ]
        np.testing.assert_allclose(read_resamples(folder)[row], draws @ means / 5)


def test_the_reference_itself_has_no_trivial_rows(reference, faces, weights, tmp_path):
    out = _evaluate(reference, reference, faces, weights, tmp_path / "k", method="keypoint")
    rows = read_metrics(out)
    assert {r.metric for r in rows if (r.styles, r.subset) == ("seen", "all")} == {
        "is",
        "covers_nose_mouth",
        "leaves_eyes",
        "alpha_mean",
        "beyond_outline",
        "identity_cosine",
        "ssim_outside_mask",
    }


def test_equal_pictures_reach_the_ideal_values(reference, faces, weights, tmp_path):
    out = _evaluate(reference, reference, faces, weights, tmp_path / "same")
    values = {
        r.metric: r.value for r in read_metrics(out) if (r.styles, r.subset) == ("seen", "all")
    }
    assert values["ssim"] == pytest.approx(1) and values["placement_iou"] == 1
    assert values["lpips"] == 0 and values["psnr"] == psnr.CEILING
    assert values["fid"] == pytest.approx(0, abs=1e-6) and values["kid"] == pytest.approx(0)


def test_bytes_do_not_depend_on_threads_or_order_of_rows(
    result, shifted, reference, faces, weights, tmp_path
):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        again = _evaluate(shifted, reference, faces, weights, tmp_path / "two", run_id="run7")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert sha256_of(again) == sha256_of(result)

    turned = tmp_path / "reversed"
    shutil.copytree(reference, turned)
    for name in ("images.npy", "masks.npy"):
        np.save(turned / name, np.load(turned / name)[::-1])
    pd.read_parquet(turned / "faces.parquet").iloc[::-1].to_parquet(turned / "faces.parquet")
    other = _evaluate(shifted, turned, faces, weights, tmp_path / "order", run_id="run7")
    assert sha256_of(other / "metrics.json") == sha256_of(result / "metrics.json")


def test_sets_that_do_not_belong_together_are_refused(shifted, reference, faces, weights, tmp_path):
    part = tmp_path / "part"
    shutil.copytree(reference, part)
    for name in ("images.npy", "masks.npy"):
        np.save(part / name, np.load(part / name)[:-1])
    pd.read_parquet(part / "faces.parquet").iloc[:-1].to_parquet(part / "faces.parquet")
    with pytest.raises(MaskbenchError, match=r"face4.*striped"):
        _evaluate(shifted, part, faces, weights, tmp_path / "out")
    assert not (tmp_path / "out").exists()

    one = tmp_path / "one"
    shutil.copytree(shifted, one)
    for name in ("images.npy", "masks.npy"):
        np.save(one / name, np.load(one / name)[:1])
    pd.read_parquet(one / "faces.parquet").iloc[:1].to_parquet(one / "faces.parquet")
    with pytest.raises(MaskbenchError, match="at least two"):
        _evaluate(one, reference, faces, weights, tmp_path / "out")
