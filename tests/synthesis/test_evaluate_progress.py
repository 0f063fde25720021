"""Rows of a training's snapshots, against the last one and against masks put on by hand."""

from __future__ import annotations

import numpy as np
import pytest

from maskbench.config import MetricsConfig
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MaskedSet
from maskbench.measurements import read_metrics, read_resamples
from maskbench.metrics.placement import placement_iou
from maskbench.synthesis.evaluate_progress import evaluate_progress
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.synthesise import synthesise
from maskbench.synthesis.train_synthesis import train_synthesis

SMALL = {
    "train_size": 24, "steps": 4, "batch_size": 2, "critic_warmup": 0, "sheet_every": 0,
    "relight": False, "generator_width": 8, "critic_width": 8, "hidden": 16, "generator_lr": 0.05,
    "ema": 0,
}  # fmt: skip


@pytest.fixture
def trained(small, tmp_path):
    """A model, and the key-point overlay on its test people."""
    block = METHODS.parse("dcgan_stn", SMALL)
    train_synthesis(
        block, small.faces, small.masked, small.pictures, styles=small.styles, seed=0,
        out=tmp_path / "model", scratch=tmp_path / "scratch",
    )  # fmt: skip
    overlay = METHODS.parse("keypoint", {})
    train_synthesis(
        overlay, small.faces, small.masked, small.pictures, styles=small.styles, seed=0,
        out=tmp_path / "keypoint", scratch=tmp_path / "scratch",
    )  # fmt: skip
    synthesise(
        overlay, tmp_path / "keypoint", small.faces, small.pictures, small.styles, "test", 0,
        tmp_path / "reference",
    )  # fmt: skip
    return block, tmp_path / "model", tmp_path / "reference"


def test_each_snapshot_has_a_row_that_is_its_own(trained, small, tmp_path):
    block, model, reference = trained
    shown = small.styles[:1]
    evaluate_progress(
        block, model, small.faces, reference, small.pictures, shown,
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
