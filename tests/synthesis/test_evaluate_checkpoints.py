"""FID at the ends of stages, against an independent formula; placement of a training's snapshots,
against masks put on by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg

from maskbench.config import MetricsConfig
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MaskedSet
from maskbench.masks.overlay import overlay
from maskbench.measurements import read_metrics, read_resamples
from maskbench.metrics.features import PackagedFeatures
from maskbench.metrics.placement import placement_iou
from maskbench.synthesis.evaluate_checkpoints import equally_many, evaluate_checkpoints
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.synthesise import synthesise
from maskbench.synthesis.train_synthesis import train_synthesis

TREE = {
    "train_size": 16, "batch_size": 2, "blocks": 1, "generator_width": 4, "critic_width": 4,
    "sheet_every": 0, "generator_lr": 0.05, "coverage_from": "change",
    "switches": {"whole_critic": True},
    "stages": [
        {"name": "initial", "steps": 1}, {"name": "dead_end", "steps": 1, "generator_lr": 0.01},
        {"name": "continued", "steps": 1, "continues": "initial"},
    ],
}  # fmt: skip
PLACING = {
    "train_size": 24, "steps": 4, "batch_size": 2, "critic_warmup": 0, "sheet_every": 0,
    "relight": False, "generator_width": 8, "critic_width": 8, "hidden": 16, "generator_lr": 0.05,
    "ema": 0,
}  # fmt: skip
OVERLAY = METHODS.parse("keypoint", {})


@pytest.fixture
def block(monkeypatch):
    spec = METHODS.get("cyclegan")
    monkeypatch.setitem(METHODS._specs, "cyclegan", replace(spec, guides=()))
    return METHODS.parse("my_tree", {"use": "cyclegan", **TREE})


def test_each_stage_has_a_row_for_training_and_for_test_people(small, block, weights, tmp_path):
    train_synthesis(
        block, small.faces, small.masked, small.pictures, styles=small.styles, seed=0,
        out=tmp_path / "model", scratch=tmp_path / "scratch",
    )  # fmt: skip
    styles = small.styles[:2]
    evaluate_checkpoints(
        block, OVERLAY, tmp_path / "model", small.faces, small.pictures,
        weights, styles, MetricsConfig(weights="packaged", batch_size=4), 3, tmp_path / "out",
    )  # fmt: skip
    rows = read_metrics(tmp_path / "out")
    opacity, rows = ([r for r in rows if (r.metric == "fid") == fid] for fid in (False, True))
    names = [(row.checkpoint, row.split) for row in rows]
    stages = ("initial", "dead_end", "continued")
    assert names == [(stage, split) for stage in stages for split in ("train", "test")]
    assert len({row.value for row in rows}) == 6
    facts = {(row.step, row.metric, row.method, row.seed, row.backbone, row.n, row.n_people)
             for row in rows}  # fmt: skip
    assert facts == {("synthesis", "fid", "my_tree", 3, "efficientnet_lite0", 3, 1)}

    faces, pictures = FaceSet.open(small.faces), MaskPictures.open(small.pictures)
    shown = equally_many(faces)["test"]
    features = PackagedFeatures.open(weights, 4)
    made = block.spec.load().open(block, tmp_path / "model", stage="dead_end")
    pairs = [(row, "") for row in shown]
    fake = np.stack([image for *_, image, _ in made.pictures_of(faces, pictures, pairs)])
    real = [
        overlay(faces.images[row], faces.landmarks[row], *pictures.picture(styles[i % 2]))[0]
        for i, row in enumerate(shown)
    ]
    x, y = features(fake)[0].astype(float), features(np.stack(real))[0].astype(float)
    root = scipy.linalg.sqrtm(np.cov(x.T) @ np.cov(y.T)).real
    wanted = ((x.mean(0) - y.mean(0)) ** 2).sum()
    wanted += np.trace(np.cov(x.T) + np.cov(y.T) - 2 * root)
    (test,) = (row for row in rows if (row.checkpoint, row.split) == ("dead_end", "test"))
    assert test.value == pytest.approx(wanted, rel=1e-2)
    covers = [cover for *_, cover in made.pictures_of(faces, pictures, pairs)]
    inside = [cover[cover >= 128].mean() / 255 for cover in covers if (cover >= 128).any()]
    found = {row.checkpoint: row.value for row in opacity}
    assert found.keys() == set(stages) and {row.split for row in opacity} == {"test"}
    assert inside and found["dead_end"] == pytest.approx(np.mean(inside))


def test_both_splits_have_equally_many_people_and_pictures(small):
    faces = FaceSet.open(small.faces)
    rows = equally_many(faces)
    assert {split: len(chosen) for split, chosen in rows.items()} == {"train": 3, "test": 3}
    people = {split: set(faces.faces["identity"].iloc[own]) for split, own in rows.items()}
    assert people["test"] == {"s5"} and len(people["train"]) == 1


def test_each_snapshot_has_a_row_that_is_its_own(small, weights, tmp_path):
    block, shown = METHODS.parse("dcgan_stn", PLACING), small.styles[:1]
    for trained in (block, OVERLAY):
        train_synthesis(
            trained, small.faces, small.masked, small.pictures, styles=small.styles, seed=0,
            out=tmp_path / trained.name, scratch=tmp_path / "scratch",
        )  # fmt: skip
    model, reference = tmp_path / "dcgan_stn", tmp_path / "reference"
    synthesise(
        OVERLAY, tmp_path / "keypoint", small.faces, small.pictures, small.styles, "test", 0,
        reference,
    )  # fmt: skip
    evaluate_checkpoints(
        block, OVERLAY, model, small.faces, small.pictures, weights, shown,
        MetricsConfig(bootstrap=20), 3, tmp_path / "out", run_id="run",
    )  # fmt: skip
    rows = read_metrics(tmp_path / "out")
    assert [row.checkpoint for row in rows] == ["start", "quarter", "half"]
    overlay, bare = MaskedSet.open(reference), FaceSet.open(small.faces)
    faces, pictures = bare.of_split("test"), MaskPictures.open(small.pictures)
    covers = np.stack([overlay.masks[i] for i, style in enumerate(overlay.faces["style"])
                       if style in shown])  # fmt: skip
    for row in rows:
        assert (row.step, row.method, row.metric, row.seed, row.split, row.styles, row.n) == (
            "synthesis", "dcgan_stn", "placement_iou", 3, "test", "seen", len(faces),
        )  # fmt: skip
        made = block.spec.load().open(block, model, stage=row.checkpoint)
        pairs = [(int(face), shown[0]) for face in faces]
        masks = np.stack([cover for *_, cover in made.pictures_of(bare, pictures, pairs)])
        assert row.value == pytest.approx(placement_iou(masks, covers).mean())
    assert len({row.value for row in rows}) == 3
    assert all(len(values) == 20 for values in read_resamples(tmp_path / "out").values())
