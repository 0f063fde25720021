"""CycleGAN: its losses, its restart, and masks on and off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from maskbench.artifacts import sha256_of
from maskbench.errors import MaskbenchError
from maskbench.masks.maskedset import MaskedSet
from maskbench.synthesis.base import TrainingData
from maskbench.synthesis.model import open_method
from maskbench.synthesis.painted.cyclegan import CycleGan
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.train_synthesis import train_synthesis
from maskbench.training.stage import Turn

from ..trainings import finish, kill_after, start

BLOCK = {
    "train_size": 16, "steps": 12, "batch_size": 2, "blocks": 1, "generator_width": 4,
    "critic_width": 4, "log_every": 3, "sheet_every": 0, "checkpoint_every": 2, "pool": 3,
    "coverage_from": "change", "ema": 0.9,
    "switches": {"whole_critic": True, "compose": True, "coordinates": True, "r1": 1, "held": 4,
                 "r1_every": 2, "critic_augmentation": {"translation": 0.1}},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _without_guides(monkeypatch):
    """The coverage is the change: no segmenter is needed."""
    spec = METHODS.get("cyclegan")
    monkeypatch.setitem(METHODS._specs, "cyclegan", replace(spec, guides=()))


def learner(small, **changes):
    found = CycleGan()
    block = METHODS.parse("cyclegan", BLOCK | changes)
    found.start(block, TrainingData(*small.opened(), small.styles), 0)
    return found


def begin(small, out, scratch):
    return start(
        train_synthesis, METHODS.parse("cyclegan", BLOCK), small.faces, small.masked,
        small.pictures, styles=small.styles, seed=1, out=out, scratch=scratch,
    )  # fmt: skip


def test_killed_and_started_again_ends_byte_identical(small, tmp_path):
    finish(begin(small, tmp_path / "unbroken", tmp_path / "a"))
    kills = sum(
        kill_after(begin(small, tmp_path / "broken", tmp_path / "b"), tmp_path / "b", count)
        for count in (1, 2)
    )
    assert kills >= 1
    finish(begin(small, tmp_path / "broken", tmp_path / "b"))
    assert sha256_of(tmp_path / "broken") == sha256_of(tmp_path / "unbroken")


def test_the_losses_are_the_papers(small):
    """With the identity for both generators the way back is free, and so is a picture that is of
    the target domain already; adversarial terms are those of the critics' own scores."""
    method = learner(small, switches={}, objective="lsgan", train_size=32)
    (stage,) = method.stages
    assert [stage.weights[name] for name in ("cycle", "identity")] == [10, 5]
    batch = method.batch(Turn(stage, 0))
    found = method.losses("generator", batch, Turn(stage, 0))
    assert set(found) == {"masked", "bare", "cycle", "identity"}
    network = method.players["generator"].network
    with torch.no_grad():
        there = network["mask"](batch.bare).pictures
        back = network["unmask"](there).pictures
        off = network["unmask"](batch.masked).pictures
        again = network["mask"](off).pictures
        scores = method.players["critic"].network["masked"](there)
    cycle = (back - batch.bare).abs().mean() + (again - batch.masked).abs().mean()
    assert found["cycle"].item() == pytest.approx(cycle.item(), rel=1e-5)
    assert found["masked"].item() == pytest.approx((scores - 1).square().mean().item(), rel=1e-4)
    critic = method.losses("critic", batch, Turn(stage, 0))
    assert set(critic) == {"masked_critic", "bare_critic"}


def test_the_mean_opacity_is_held_at_the_domains_mean_coverage(small):
    method = learner(small)
    masked = small.opened()[1]
    rows = masked.of_split("train")
    assert method.mean_coverage == pytest.approx(masked.masks[rows].mean() / 255, rel=1e-6)


def test_masks_go_on_and_come_off(small, tmp_path):
    train_synthesis(
        METHODS.parse("cyclegan", {**BLOCK, "steps": 2}), small.faces, small.masked,
        small.pictures, styles=small.styles, seed=1, out=tmp_path / "model",
        scratch=tmp_path / "scratch",
    )  # fmt: skip
    method = open_method(tmp_path / "model", METHODS.parse("cyclegan", BLOCK))
    faces, masked, pictures = small.opened()
    ((row, style, image, coverage),) = method.pictures_of(faces, pictures, [(0, "")])
    assert (row, style) == (0, "")
    assert image.shape == faces.images.shape[1:] and coverage.shape == image.shape[:2]
    images = np.array(MaskedSet.open(small.masked).images[:3])
    assert method.take_off(images).shape == images.shape
    assert masked.masks.shape[1:] == coverage.shape


def test_a_schedule_is_a_tree_of_stages(small):
    stages = [
        {"name": "initial", "steps": 3},
        {"name": "less_cycle", "steps": 2, "weights": {"cycle": 0.1}},
        {"name": "slower", "steps": 4, "continues": "initial", "generator_lr": 1e-5},
    ]
    first, second, third = learner(small, stages=stages).stages
    assert [stage.steps for stage in (first, second, third)] == [3, 2, 4]
    assert [stage.weights["cycle"] for stage in (first, second, third)] == [10, 0.1, 10]
    assert third.continues == "initial" and second.continues is None
    assert third.rates == {"generator": 1e-5, "critic": 2e-4} and first.rates["generator"] == 2e-4


def test_a_stage_that_continues_nothing_is_refused():
    for stages, words in (
        ([{"name": "a", "steps": 1, "continues": "b"}, {"name": "b", "steps": 1}], "a continues b"),
        ([{"name": "a", "steps": 1}] * 2, "two are named a"),
    ):
        with pytest.raises(MaskbenchError, match=words):
            METHODS.parse("cyclegan", {"stages": stages})
