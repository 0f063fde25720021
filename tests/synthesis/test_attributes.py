"""StarGAN, AttGAN and SaGAN: labels, losses, and trainings that are stopped."""

from __future__ import annotations

import math
import shutil

import numpy as np
import pandas as pd
import pytest
import torch

from maskbench.artifacts import sha256_of
from maskbench.errors import MaskbenchError
from maskbench.masks.maskedset import MaskedSet
from maskbench.masks.styles import KINDS
from maskbench.synthesis.base import Faces, Styles, TrainingData
from maskbench.synthesis.painted.attributes import labels_of
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.train_synthesis import train_synthesis
from maskbench.training.loop import Training
from maskbench.training.stage import Turn

from ..trainings import Stopped, Stopping

LABELLED = ["attgan", "sagan", "stargan"]
TINY = {
    "train_size": 16, "generator_width": 2, "critic_width": 2, "blocks": 1, "halvings": 2,
    "critic_layers": 2, "critic_units": 4, "critic_steps": 2, "steps": 4, "batch_size": 2,
    "log_every": 3, "sheet_every": 2, "checkpoint_every": 2, "coverage_from": "change",
}  # fmt: skip
LOSSES = {
    "attgan": {"unchanged"}, "sagan": {"unchanged", "cycle", "held", "see_through", "opacity"},
    "stargan": {"cycle"},
}  # fmt: skip


def block_of(method, **changes):
    return METHODS.parse(method, {}, override=TINY | changes)


def started(small, method, masked=None, **changes):
    """A method that learns, at its first step."""
    block = block_of(method, **changes)
    faces, domain, pictures = small.opened()
    learner = block.spec.load()
    learner.start(block, TrainingData(faces, masked or domain, pictures, small.styles), 0)
    return learner


def first_losses(learner, player):
    turn = Turn(learner.stages[0], 0)
    batch = learner.batch(turn)
    return batch, learner.losses(player, batch, turn)


@pytest.fixture
def photographs(small, tmp_path):
    """The masked domain as if nobody knew its styles."""
    masked = small.opened()[1]
    shutil.copytree(masked.path, tmp_path / "photographs")
    masked.faces.assign(style="").to_parquet(
        tmp_path / "photographs" / "faces.parquet", index=False
    )
    return MaskedSet.open(tmp_path / "photographs")


def test_labels_are_the_kinds_of_styles():
    assert KINDS == ("surgical", "respirator", "cloth", "pattern")
    assert labels_of(["kn95", "surgical_pink", "plaid", ""]).tolist() == [
        [1, 0, 1, 0, 0], [1, 1, 0, 0, 0], [1, 0, 0, 0, 1], [1, 0, 0, 0, 0],
    ]  # fmt: skip


def test_each_picture_gets_the_labels_of_its_partner(small):
    batch, _ = first_losses(started(small, "stargan"), "critic")
    assert not batch.labels[:2].any() and (batch.labels[2:, 0] == 1).all()
    assert torch.equal(batch.wanted, torch.cat([batch.labels[2:], batch.labels[:2]]))


@pytest.mark.parametrize("method", LABELLED)
def test_trains_stops_goes_on_and_puts_masks_on(small, tmp_path, method):
    """Stopped after the checkpoint at step 2 and started again: the same bytes."""
    (guide := tmp_path / "guide").mkdir()  # coverage is where the picture changed: not read

    def train(out, scratch, run=None):
        train_synthesis(
            block_of(method), small.faces, small.masked, small.pictures, small.styles, seed=3,
            out=out, scratch=scratch, guides=[guide], run=run,
        )  # fmt: skip

    train(tmp_path / "unbroken", tmp_path / "a")
    with pytest.raises(Stopped):
        train(tmp_path / "broken", tmp_path / "b", Stopping())
    assert not (tmp_path / "broken").exists() and list((tmp_path / "b").iterdir())
    train(tmp_path / "broken", tmp_path / "b")
    assert sha256_of(tmp_path / "broken") == sha256_of(tmp_path / "unbroken")
    curves = pd.read_parquet(tmp_path / "broken" / "curves.parquet")
    names = {"critic", "labels_critic", "penalty", "generator", "labels"} | LOSSES[method]
    assert set(curves["name"]) == {f"train/{name}" for name in names}
    assert np.isfinite(curves["value"]).all()
    sheets = sorted(path.name for path in (tmp_path / "broken" / "sheets").iterdir())
    assert sheets == [f"0_train_{step:06d}.png" for step in (0, 2, 4)]

    faces, _, pictures = small.opened()
    block = block_of(method)
    trained = block.spec.load().open(block, tmp_path / "broken", [guide])
    names = ["kn95", "surgical_pink", "floral", "kf94"]  # two of a kind; half never seen
    same = Faces.of(faces, faces.of_split("test")[[0, 0, 0, 0]])
    made, coverage = trained.put_on(same, Styles(names, pictures))
    assert made.shape == same.images.shape and coverage.shape == made.shape[:3]
    different = [not np.array_equal(made[0], made[row]) for row in (1, 2, 3)]
    assert different == [True, True, False]


def test_label_losses_by_hand(small):
    """StarGAN sums over labels, AttGAN takes their mean."""
    logits = torch.tensor([[0.0, 2.0, -1.0, 0.0, 3.0]])
    labels = torch.tensor([[1.0, 0.0, 1.0, 0.0, 1.0]])

    def entropy(logit, label):
        share = 1 / (1 + math.exp(-logit))
        return -math.log(share if label else 1 - share)

    by_hand = [entropy(*pair) for pair in zip(logits[0].tolist(), labels[0].tolist(), strict=True)]
    # small.styles are surgical, respirators and patterns: no label tells of cloth
    del by_hand[3]
    star, attribute = started(small, "stargan"), started(small, "attgan")
    assert star.label_loss(logits, labels).item() == pytest.approx(sum(by_hand), rel=1e-5)
    found = attribute.label_loss(logits, labels).item()
    assert found == pytest.approx(sum(by_hand) / 4, rel=1e-5)


@pytest.mark.parametrize("method", LABELLED)
def test_losses_are_those_of_the_papers(small, method):
    learner = started(small, method)
    generator, critic = (learner.players[name].network for name in ("generator", "critic"))
    for module in generator.modules():  # batch statistics would differ from call to call
        module.train(False)
    batch, found = first_losses(learner, "critic")
    scores = [critic(pictures).scores for pictures in (batch.made.pictures, batch.pictures)]
    assert found["critic"].item() == pytest.approx(
        (scores[0].mean() - scores[1].mean()).item(), abs=1e-5
    )
    batch, found = first_losses(learner, "generator")
    told = {name: learner.told(getattr(batch, name)) for name in ("labels", "wanted")}
    made = generator(batch.pictures, told["wanted"]).pictures
    assert found["generator"].item() == pytest.approx(-critic(made).scores.mean().item(), abs=1e-5)
    expected = {
        "cycle": (generator(made, told["labels"]).pictures - batch.pictures).abs().mean(),
        "unchanged": (generator(batch.pictures, told["labels"]).pictures - batch.pictures)
        .abs().mean(),
    }  # fmt: skip
    assert {*expected} & {*found} == {*expected} & LOSSES[method]
    for name in {*expected} & {*found}:
        assert found[name].item() == pytest.approx(expected[name].item(), abs=1e-5)


def test_one_step_of_the_published_networks(small):
    """SaGAN's, which have a third of the others' weights and all of their parts."""
    faces, masked, pictures = small.opened()
    block = METHODS.parse("sagan", {"batch_size": 1, "critic_steps": 1})
    learner = block.spec.load()
    learner.start(block, TrainingData(faces, masked, pictures, small.styles), 0)
    before = learner.players["generator"].parameters[0].clone()
    losses = Training(learner, 0, 1).advance()
    assert all(map(math.isfinite, losses.values()))
    assert not torch.equal(before, learner.players["generator"].parameters[0])


def test_attgan_is_told_halves_in_training_and_ones_afterwards(small):
    learner = started(small, "attgan")
    labels = torch.tensor([[1.0, 0.0]])
    assert learner.told(labels).tolist() == [[0.5, -0.5]]
    assert learner.told(labels, putting_on=True).tolist() == [[1.0, -0.5]]
    schedule = learner.stages[0].schedule
    assert [schedule.at(step, 100) for step in (0, 49, 50, 99)] == [1, 1, 0.1, 0.1]


@pytest.mark.parametrize("method", LABELLED)
def test_photographs_have_the_first_label_alone(small, photographs, method):
    learner = started(small, method, photographs)
    assert learner.players["generator"].network.taught.tolist() == [1, 0, 0, 0, 0]
    faces, _, pictures = small.opened()
    same = Faces.of(faces, faces.of_split("test")[[0, 0]])
    made, _ = learner.put_on(same, Styles(["kn95", "plaid"], pictures))
    assert np.array_equal(*made)


def test_sizes_that_cannot_be_halved_so_often_are_refused():
    with pytest.raises(MaskbenchError, match="train_size: 72 is no multiple of 32"):
        METHODS.parse("attgan", {"train_size": 72})
    with pytest.raises(MaskbenchError, match="critic_layers: 32 pixels"):
        METHODS.parse("stargan", {"train_size": 32})
    METHODS.parse("stargan", {"train_size": 32, "switches": {"whole_critic": True}})
