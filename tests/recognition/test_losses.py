"""Each loss against its formula written out."""

import math

import pytest
import torch
import torch.nn.functional as F

from maskbench.errors import MaskbenchError
from maskbench.recognition import quintuplet
from maskbench.recognition.losses import recognition_loss
from maskbench.recognition.specs import LOSSES

PEOPLE, SIZE = 5, 8


def batch(seed=0):
    source = torch.Generator().manual_seed(seed)
    labels = torch.arange(PEOPLE).repeat_interleave(4)
    masked = torch.tensor([False, True]).repeat(2 * PEOPLE)
    centres = torch.randn(PEOPLE, SIZE, generator=source)
    return centres[labels] + torch.randn(len(labels), SIZE, generator=source), labels, masked


def cosines(loss, embeddings):
    return F.normalize(embeddings) @ F.normalize(loss.inner.W, dim=0)


def test_softmax():
    e, labels, masked = batch()
    loss = recognition_loss("softmax", PEOPLE, SIZE, 0)
    logits = e @ loss.classes.weight.T + loss.classes.bias
    expected = -torch.log_softmax(logits, 1)[torch.arange(len(e)), labels].mean()
    assert torch.allclose(loss(e, labels, masked, 0.0), expected)


@pytest.mark.parametrize("name", ["cosface", "arcface"])
def test_margins_on_the_target_alone(name):
    e, labels, masked = batch()
    loss = recognition_loss(name, PEOPLE, SIZE, 0)
    logits = cosines(loss, e)
    for row, label in enumerate(labels.tolist()):
        cosine = logits[row, label].item()
        angle = math.acos(cosine)
        if name == "cosface":
            changed = cosine - 0.35
        else:
            assert angle + 0.5 <= math.pi  # beyond, implementations differ
            changed = math.cos(angle + 0.5)
        logits[row, label] = changed
    expected = F.cross_entropy(64 * logits, labels)
    assert torch.allclose(loss(e, labels, masked, 0.0), expected, rtol=1e-4)


def test_triplet_takes_semi_hard_triplets_alone():
    e, labels, masked = batch()
    unit = F.normalize(e)
    d = torch.cdist(unit, unit) ** 2
    found = []
    rows = range(len(e))
    for a in rows:
        for p in rows:
            for n in rows:
                if a != p and labels[a] == labels[p] and labels[a] != labels[n]:
                    gap = (d[a, n] - d[a, p]).item()
                    if 0 < gap <= 0.2:
                        found.append(0.2 - gap)
    assert len(found) > 10
    value = recognition_loss("triplet", PEOPLE, SIZE, 0)(e, labels, masked, 0.0)
    assert value.item() == pytest.approx(sum(found) / len(found), rel=1e-4)


def test_quintuplet_mines_semi_hard_for_seven_tenths_and_then_the_hardest():
    e, labels, masked = batch()
    loss = recognition_loss("quintuplet", PEOPLE, SIZE, 0)
    unit = F.normalize(e)
    semi, hard = (f(unit, labels, masked, 0.2) for f in (quintuplet.semi_hard, quintuplet.hardest))
    assert semi != hard
    for done, expected in [(0.0, semi), (0.69, semi), (0.7, hard), (1.0, hard)]:
        assert torch.equal(loss(e, labels, masked, done), expected)


@pytest.mark.parametrize("name", LOSSES.all())
def test_every_loss_moves_the_embeddings_together(name):
    """A few steps on the embeddings themselves bring people's pictures nearer to each other."""
    e, labels, masked = batch(3)
    e = e.requires_grad_()
    loss = recognition_loss(name, PEOPLE, SIZE, 1)
    frozen = e.detach().clone()
    same = labels[:, None] == labels[None]
    if name == "self_restrained":  # it compares masked faces with frozen bare ones, nothing else
        same = same[masked][:, ~masked]

    def contrast():
        unit = F.normalize(e.detach())
        similar = unit @ unit.T
        if name == "self_restrained":
            similar = unit[masked] @ F.normalize(frozen[~masked]).T
        return (similar[same].mean() - similar[~same].mean()).item()

    before = contrast()
    optimiser = torch.optim.Adam([e, *loss.parameters()], 0.02)
    for step in range(60):
        optimiser.zero_grad()
        loss(e, labels, masked, step / 60, frozen).backward()
        optimiser.step()
    assert contrast() > before + 0.1


def test_the_seed_decides_the_class_weights_and_nothing_else_is_drawn():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    first, again, other = (recognition_loss("arcface", PEOPLE, SIZE, s) for s in (0, 0, 1))
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(first.inner.W, again.inner.W)
    assert not torch.equal(first.inner.W, other.inner.W)


@pytest.mark.parametrize("name", [n for n, s in LOSSES.all().items() if s.margin is not None])
def test_margin_and_scale_reach_the_loss(name):
    """A wider margin is harder to satisfy; a scale stretches the cosines."""
    e, labels, masked = batch(3)

    def value(**settings):
        loss = recognition_loss(name, PEOPLE, SIZE, 0, **settings)
        return float(loss(e, labels, masked, 0.9, e.roll(1, 0)).detach())

    assert value() == value(margin=LOSSES.get(name).margin)
    assert value(margin=1.5 * LOSSES.get(name).margin) > value()
    if LOSSES.get(name).scale is not None:
        assert value() == value(scale=64)
        assert value(scale=32) < value()


def test_unknown_losses_are_named():
    with pytest.raises(MaskbenchError, match="arcface"):
        recognition_loss("arcfase", PEOPLE, SIZE, 0)
