"""The self-restrained triplet loss against a loop over all triplets and by hand."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.recognition.self_restrained import self_restrained_triplet


def loop(adapted, frozen, labels, masked, margin):
    rows = range(len(labels))
    a_unit, b_unit = F.normalize(adapted), F.normalize(frozen.detach())
    d_ap, d_an, d_pn = [], [], []
    for a in rows:
        for p in rows:
            for n in rows:
                bare = not masked[p] and not masked[n]
                if masked[a] and bare and labels[p] == labels[a] != labels[n]:
                    d_ap.append((a_unit[a] - b_unit[p]).square().sum())
                    d_an.append((a_unit[a] - b_unit[n]).square().sum())
                    d_pn.append((b_unit[p] - b_unit[n]).square().sum())
    if not d_ap:
        return adapted.sum() * 0, None
    d_ap, d_an, d_pn = torch.stack(d_ap), torch.stack(d_an), torch.stack(d_pn)
    restrained = bool(d_an.mean() >= d_pn.mean())
    away = d_pn.mean() if restrained else d_an
    return (d_ap - away + margin).clamp(min=0).mean(), restrained


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rows=st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=12),
    margin=st.sampled_from([0.1, 0.5, 2.0]),
)
def test_equals_the_loop_with_its_gradient(seed, rows, margin):
    """Any batch: one identity, nobody masked, everybody masked."""
    labels, masked = (torch.tensor(column) for column in zip(*rows, strict=True))
    source = torch.Generator().manual_seed(seed)
    frozen = torch.randn(len(rows), 5, generator=source, dtype=torch.float64)
    start = frozen + torch.randn(len(rows), 5, generator=source, dtype=torch.float64)
    found = []
    for function in (self_restrained_triplet, lambda *args: loop(*args)[0]):
        adapted, given_frozen = start.clone().requires_grad_(), frozen.clone().requires_grad_()
        loss = function(adapted, given_frozen, labels, masked.bool(), margin)
        loss.backward()
        assert given_frozen.grad is None  # the frozen side is never trained
        found.append((loss.detach(), adapted.grad))
    assert torch.allclose(found[0][0], found[1][0], atol=1e-9)
    assert torch.allclose(found[0][1], found[1][1], atol=1e-9)


def at(*degrees):
    return torch.tensor([[math.cos(math.radians(d)), math.sin(math.radians(d))] for d in degrees])


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        # d(a, n) = 1 < d(p, n) = 2: the plain triplet, 2 - 2 cos 30 - 1 + 1.5
        (30.0, 2 - math.sqrt(3) - 1 + 1.5),
        # d(a, n) = 3 >= d(p, n) = 2: d(a, p) - mean d(p, n) + 1.5 with the same d(a, p)
        (-30.0, 2 - math.sqrt(3) - 2 + 1.5),
    ],
)
def test_by_hand(anchor, expected):
    """One masked face of person 0, bare ones of both people a right angle apart."""
    # rows: the masked anchor, person 0 bare at 0 degrees, person 1 bare at 90
    frozen = at(45.0, 0.0, 90.0)
    adapted = at(anchor, 10.0, 20.0).requires_grad_()
    labels, masked = torch.tensor([0, 0, 1]), torch.tensor([True, False, False])
    loss = self_restrained_triplet(adapted, frozen, labels, masked, margin=1.5)
    assert loss.item() == pytest.approx(max(0.0, expected), abs=1e-6)
    loss.backward()
    assert not adapted.grad[1:].any()  # bare rows take no part
