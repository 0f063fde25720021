"""SimGAN and the refined overlay: stages, losses, restart, and masks on faces."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from maskbench.guides.specs import GUIDES
from maskbench.guides.train_guide import train_guide
from maskbench.masks.overlay import overlay
from maskbench.synthesis.base import Faces, Styles, TrainingData
from maskbench.synthesis.model import open_method
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.train_synthesis import train_synthesis
from maskbench.training import state
from maskbench.training.loop import Training
from maskbench.training.stage import Turn

BLOCK = {
    "train_size": 16, "steps": 4, "pretraining": 3, "critic_pretraining": 3, "batch_size": 4,
    "blocks": 1, "generator_width": 4, "critic_width": 6, "log_every": 2, "sheet_every": 0,
    "checkpoint_every": 0, "pool": 6, "ema": 0.9,
}  # fmt: skip


def learner(small, method="simgan", **changes):
    block = METHODS.parse(method, BLOCK | changes)
    found = block.spec.load()
    found.start(block, TrainingData(*small.opened(), small.styles), 0)
    return found


def weights(method, player):
    return copy.deepcopy(method.players[player].network.state_dict())


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_published_values_are_the_defaults():
    params = METHODS.parse("simgan", {}).params
    assert (params.blocks, params.norm, params.generator_width, params.critic_width) == (
        8, "batch", 64, 96
    )  # fmt: skip
    assert (params.beta, params.generator_lr, params.critic_lr) == (8e-4, 1e-4, 1e-4)
    assert (params.objective, params.critic_steps, params.ema) == ("log", 1, 0)
    assert not any(params.switches.model_dump(exclude={"r1_every", "bare_cycle"}).values())
    assert params.switches.bare_cycle == 1


def test_the_generator_learns_alone_then_the_critic_then_both(small):
    method = learner(small)
    training = Training(method, seed=0, log_every=2)
    assert [(s.name, s.steps, s.players) for s in training.stages] == [
        ("image", 3, ("generator",)), ("critic", 3, ("critic",)),
        ("train", 4, ("generator", "critic")),
    ]  # fmt: skip
    for still, moving in (("critic", "generator"), ("generator", "critic")):
        before = {name: weights(method, name) for name in (still, moving)}
        noted = training.advance()
        held = method.players[still].parameters
        assert all(
            torch.equal(value, before[still][name])
            for name, value in method.players[still].network.named_parameters()
        ) and len(held)
        assert not same(before[moving], weights(method, moving))
        assert set(noted) == ({"image"} if moving == "generator" else {"masked_critic"})
        training.next_stage()
    noted = training.advance()
    assert set(noted) == {"masked", "image", "masked_critic"}
    assert training.stage.weights["image"] == 8e-4


def test_the_losses_are_the_papers(small):
    """The change is the L1 norm of a picture's difference, a sum; the generator minimises minus the
    logarithm of the critic's probability, and the critic the cross entropy of both domains."""
    method = learner(small, norm="none", pool=0)
    turn = Turn(method.stages[2], 0)
    batch = method.batch(turn)
    generator, critic = (method.players[name].network for name in ("generator", "critic"))
    with torch.no_grad():
        made = generator(batch.bare).pictures
        fake, real = critic(made), critic(batch.masked)
    found = method.losses("generator", batch, turn)
    norms = [float((made[k] - batch.bare[k]).abs().sum()) for k in range(4)]
    assert found["image"].item() == pytest.approx(sum(norms) / 4, rel=1e-5)
    assert found["masked"].item() == pytest.approx(-fake.sigmoid().log().mean().item(), rel=1e-4)
    both = F.binary_cross_entropy(real.sigmoid(), torch.ones(4, 1)) + F.binary_cross_entropy(
        fake.sigmoid(), torch.zeros(4, 1)
    )
    assert method.losses("critic", batch, turn)["masked_critic"].item() == pytest.approx(
        both.item(), rel=1e-4
    )


def test_the_critic_is_frozen_while_the_generator_steps(small):
    """Its weights and the statistics of its normalisation too; each score is of one picture."""
    method = learner(small)
    training = Training(method, seed=0, log_every=2)
    training.index = 2
    batch, turn = method.batch(Turn(training.stage, 0)), Turn(training.stage, 0)
    before, critic = weights(method, "critic"), method.players["critic"].network
    loss = method.losses("generator", batch, turn)
    method.players["generator"].step(loss["masked"], 1e-3)
    assert same(before, weights(method, "critic"))
    critic.eval()
    with torch.no_grad():
        alone = [F.softplus(-critic(batch.made["masked"][[row]])) for row in range(4)]
    critic.train()
    assert loss["masked"].item() == pytest.approx(torch.stack(alone).mean().item(), rel=1e-4)
    method.losses("critic", batch, turn)
    assert not same(before, weights(method, "critic"))  # its own pass moves the statistics


def test_the_buffer_fills_and_half_of_what_the_critic_sees_is_of_it(small, monkeypatch):
    method = learner(small, critic_steps=2)
    training = Training(method, seed=0, log_every=2)
    seen = []
    mix = method.pools["masked"].mix
    monkeypatch.setattr(
        method.pools["masked"], "mix", lambda made: seen.append((made, mix(made))) or seen[-1][1]
    )
    training.next_stage()
    while True:
        while training.step < training.stage.steps:
            training.advance()
        if not training.next_stage():
            break
    assert len(seen) == 3 + 2 * 4  # steps of the critic, in the last stage two a step
    assert len(method.pools["masked"].kept) == 6
    made, shown = seen[-1]
    assert not torch.equal(shown[:2], made[:2]) and torch.equal(shown[2:], made[2:])


@pytest.mark.parametrize("method", ["simgan", "refine"])
def test_a_training_taken_up_in_any_stage_goes_on_in_the_same_way(small, tmp_path, method):
    def finish(training, stop=None):
        while True:
            while training.step < training.stage.steps:
                if (training.index, training.step) == stop:
                    return training.capture()
                training.advance()
            if not training.next_stage():
                return training.capture()

    state.save(tmp_path / "whole", finish(Training(learner(small, method), 0, 2)))
    for stage in range(3):
        state.save(tmp_path / "left", finish(Training(learner(small, method), 0, 2), (stage, 1)))
        again = Training(learner(small, method), 0, 2)
        again.restore(state.load(tmp_path / "left"))
        assert (again.index, again.step) == (stage, 1)
        state.save(tmp_path / "again", finish(again))
        assert (tmp_path / "again").read_bytes() == (tmp_path / "whole").read_bytes()


def test_one_step_as_published():
    """The full networks on one pair of small pictures: every parameter gets a gradient."""
    params = METHODS.parse("simgan", {"train_size": 32}).params
    makers = METHODS.get("simgan").load().networks(params)
    generator, critic = makers["generator"](), makers["critic"]()
    bare, masked = torch.rand(2, 2, 3, 32, 32) * 2 - 1
    made = generator(bare)
    assert made.opacity is None and made.pictures.abs().max() <= 1
    critic(torch.cat([made.pictures, masked])).square().sum().backward()
    for network in (generator, critic):
        assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


@pytest.fixture(name="guide", scope="module")
def _guide(small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("guide")
    block = {"train_size": 16, "fold": 1, "width": 4, "depth": 1, "steps": 2, "batch_size": 2}
    train_guide(
        GUIDES.parse("segmenter", block), small.faces, small.masked, seed=0, out=folder / "model",
        scratch=folder / "scratch",
    )  # fmt: skip
    return folder / "model"


def trained(small, guide, method, tmp_path):
    block = METHODS.parse(method, BLOCK)
    train_synthesis(
        block, small.faces, small.masked, small.pictures, small.styles, seed=0,
        out=tmp_path / "model", scratch=tmp_path / "scratch", guides=[guide],
    )  # fmt: skip
    assert sorted(p.name for p in (tmp_path / "model" / "stages").iterdir()) == [
        "image.safetensors"  # the pre-trained generator
    ]
    return open_method(tmp_path / "model", block, [guide])


def test_simgan_makes_one_picture_a_face(small, guide, tmp_path):
    method = trained(small, guide, "simgan", tmp_path)
    faces = Faces.of(small.opened()[0], [0, 3])
    pictures, coverage = method.put_on(faces, None)
    assert pictures.shape == faces.images.shape and coverage.shape == pictures.shape[:3]
    assert np.array_equal(coverage, method.segmenter.predict(pictures))


def test_a_refined_overlay_has_the_overlays_coverage(small, guide, tmp_path):
    method = trained(small, guide, "refine", tmp_path)
    faces, _, pictures = small.opened()
    batch = Faces.of(faces, [0, 3])
    made, coverage = method.put_on(batch, Styles(["kn95", "floral"], pictures))
    put_on = [
        overlay(image, points, *pictures.picture(style))
        for image, points, style in zip(*batch, ("kn95", "floral"), strict=True)
    ]
    assert np.array_equal(coverage, np.stack([cover for _, cover in put_on]))
    wanted = method.translated(method.applied["generator"], np.stack([face for face, _ in put_on]))
    assert np.array_equal(made, wanted)


def test_a_refiner_of_overlays_learns_from_overlays_of_training_people(small):
    """Every picture that it starts from is a training face with one of the styles."""
    method = learner(small, "refine", train_size=48, copies=3)
    faces, _, pictures = small.opened()
    rows = faces.of_split("train")
    assert method.batches.faces.shape == (3 * len(rows), 3, 48, 48)
    possible = {
        overlay(np.array(faces.images[row]), faces.landmarks[row], *pictures.picture(style))[
            0
        ].tobytes()
        for row in rows
        for style in small.styles
    }
    learnt = [x.tobytes() for x in method.batches.faces.permute(0, 2, 3, 1).contiguous().numpy()]
    assert set(learnt) <= possible and len(set(learnt)) == len(learnt)
    assert method.sheet().shape == (len(faces.of_split("val")) * 48, len(small.styles) * 48, 3)
