"""FID at the ends of stages: of which networks, on which people, against an independent formula."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg

from maskbench.config import MetricsConfig
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.overlay import overlay
from maskbench.measurements import read_metrics
from maskbench.metrics.features import PackagedFeatures
from maskbench.synthesis.evaluate_stages import equally_many, evaluate_stages
from maskbench.synthesis.specs import METHODS
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
    evaluate_stages(
        block, METHODS.parse("keypoint", {}), tmp_path / "model", small.faces, small.pictures,
        weights, styles, MetricsConfig(weights="packaged", batch_size=4), 3, tmp_path / "out",
    )  # fmt: skip
    rows = read_metrics(tmp_path / "out")
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


def test_both_splits_have_equally_many_people_and_pictures(small):
    faces = FaceSet.open(small.faces)
    rows = equally_many(faces)
    assert {split: len(chosen) for split, chosen in rows.items()} == {"train": 3, "test": 3}
    people = {split: set(faces.faces["identity"].iloc[own]) for split, own in rows.items()}
    assert people["test"] == {"s5"} and len(people["train"]) == 1
