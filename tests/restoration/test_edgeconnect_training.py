"""EdgeConnect's losses by hand, what each stage changes, and that it learns."""

import math

import numpy as np
import pytest
import torch

from maskbench.guides.pairs import Pairs
from maskbench.restoration.edgeconnect_training import (
    EdgeConnectLearner,
    adversarial_loss,
    discriminator_loss,
    matching_loss,
)
from maskbench.restoration.perceptual import feature_maps
from maskbench.restoration.specs import RESTORERS
from maskbench.training.devices import place
from maskbench.training.loop import Training
from maskbench.training.stage import Turn

BLOCK = {
    "train_size": 32, "width": 8, "critic_width": 8, "blocks": 2, "edge_steps": 3, "steps": 3,
    "batch_size": 4,
}  # fmt: skip


def learner(small, **changes):
    params = RESTORERS.parse("edgeconnect", {**BLOCK, **changes}).params
    pairs = Pairs(*small.opened(), "train", params.train_size)
    return EdgeConnectLearner(pairs, params, feature_maps(small.weights), 0, place("float32"))


def batch_of(own, stage=0):
    return own.batch(Turn(own.stages[stage], 0))


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_adversarial_losses_by_hand():
    real, fake = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0])
    d = [-math.log(sigmoid(2)), -math.log(sigmoid(-1))]
    g = [-math.log(1 - sigmoid(0.5)), -math.log(1 - sigmoid(-3))]
    assert float(discriminator_loss(real, fake)) == pytest.approx((sum(d) / 2 + sum(g) / 2) / 2)
    expected = (-math.log(sigmoid(0.5)) - math.log(sigmoid(-3))) / 2
    assert float(adversarial_loss(fake)) == pytest.approx(expected)


def test_feature_matching_by_hand():
    fake = [torch.full((1, 2, 2, 2), 3.0), torch.zeros(1, 1, 1, 1)]
    real = [torch.ones(1, 2, 2, 2), torch.full((1, 1, 1, 1), -5.0, requires_grad=True)]
    assert float(matching_loss(fake, real)) == 2 + 5
    assert not matching_loss(fake, real).requires_grad  # nothing flows into the true picture's maps


def test_rates_fall_at_the_end_of_each_stage(small):
    for stage in learner(small, edge_steps=100, steps=100, critic_rate=0.5).stages:
        critic, generator = stage.players
        rates = [Turn(stage, step).rate(generator) for step in (0, 50, 75, 100)]
        assert rates == pytest.approx([1e-3, 1e-3, 5e-4, 0])
        assert Turn(stage, 75).rate(critic) == pytest.approx(2.5e-4)


def weights_of(network):
    return {k: v.clone() for k, v in network.state_dict().items()}


def changed(network, before):
    return any(not torch.equal(v, before[k]) for k, v in network.state_dict().items())


def test_each_stage_trains_its_own_networks(small):
    taught = learner(small)
    run = Training(taught, 0, 10)
    own = {name: player.network for name, player in taught.players.items()}
    before = {name: weights_of(network) for name, network in own.items()}
    for _ in range(3):
        run.advance()
    assert run.next_stage()
    after = {name for name in own if changed(own[name], before[name])}
    assert after == {"edges", "edge_critic"}
    learnt = {name: p.detach().clone() for name, p in own["edges"].named_parameters()}
    for _ in range(3):
        run.advance()
    assert changed(own["colours"], before["colours"])
    assert changed(own["colour_critic"], before["colour_critic"])
    for name, parameter in own["edges"].named_parameters():
        assert torch.equal(parameter, learnt[name]), name
    assert not run.next_stage()


def test_the_l1_loss_is_divided_by_the_holes_share(small):
    own = learner(small)
    turn = Turn(own.stages[1], 0)
    batch = batch_of(own, 1)
    own.losses("colour_critic", batch, turn)
    losses = own.losses("colours", batch, turn)
    difference = np.abs(batch.made.detach().numpy() - batch.picture.numpy()).mean()
    assert float(losses["l1"].detach()) == pytest.approx(
        difference / batch.hole.numpy().mean(), rel=1e-5
    )


def test_a_generator_sees_nothing_inside_the_hole(small):
    run = learner(small)
    batch = batch_of(run)
    other = batch.picture * (1 - batch.hole) + torch.rand_like(batch.picture) * batch.hole
    run.networks.edges.eval()
    with torch.no_grad():
        for make in (
            lambda p: run.networks.edges_in(p[:, :1], batch.edges, batch.hole),
            lambda p: run.networks.colours_in(p, batch.edges, batch.hole),
        ):
            torch.testing.assert_close(make(batch.picture), make(other), atol=1e-5, rtol=0)


def test_stage_two_gets_true_edges_outside_and_predicted_ones_inside(small):
    run = learner(small)
    batch = batch_of(run, 1)
    predicted = run.given_edges(batch)
    inside, outside = batch.hole.bool(), ~batch.hole.bool()
    assert set(predicted[outside].unique().tolist()) <= {0.0, 1.0}
    assert not set(predicted[inside].unique().tolist()) <= {0.0, 1.0}
    run.params = run.params.model_copy(update={"true_edges": 1.0})
    assert torch.equal(run.given_edges(batch)[inside], batch.edges[inside])


def test_it_learns_two_peoples_faces(small):
    """After a few seconds the painting inside the hole of a face of the training is much nearer to
    the truth than grey is."""
    own = learner(
        small, edge_steps=2, steps=75, light=0.0, rotation=0, scaling=0, translation=0,
        adversarial=0, perceptual=0, style=0,
    )  # fmt: skip
    run = Training(own, 0, 10)
    for stage in own.stages:
        for _ in range(stage.steps):
            run.advance()
        run.next_stage()
    own.networks.edges.eval()
    own.networks.colours.eval()
    batch = batch_of(own, 1)
    with torch.no_grad():
        made = own.networks.colours_in(batch.picture, own.given_edges(batch), batch.hole)
    inside = batch.hole.expand_as(made).bool()
    error = float((made - batch.picture)[inside].abs().mean())
    flat = float((batch.picture[inside].mean() - batch.picture[inside]).abs().mean())
    assert error < 0.7 * flat
