"""The vectorised quintuplet loss against a loop over all quintuplets."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.recognition.quintuplet import hardest, semi_hard, squared_distances


def quintuplets(labels, masked):
    """All (A, P, N, Pm, Nm) of a batch."""
    rows = range(len(labels))
    for a in rows:
        if masked[a]:
            continue
        p = [i for i in rows if i != a and labels[i] == labels[a] and not masked[i]]
        n = [i for i in rows if labels[i] != labels[a] and not masked[i]]
        pm = [i for i in rows if labels[i] == labels[a] and masked[i]]
        nm = [i for i in rows if labels[i] != labels[a] and masked[i]]
        yield from itertools.product([a], p, n, pm, nm)


def loop_semi_hard(e, labels, masked, margin):
    def d(i, j):
        return (e[i] - e[j]).square().sum()

    found = []
    for a, p, n, pm, nm in quintuplets(labels.tolist(), masked.tolist()):
        bare, with_mask = d(a, n) - d(a, p), d(a, nm) - d(a, pm)
        if 0 < bare < margin and 0 < with_mask < margin:
            loss = d(a, p) + d(a, pm) - d(a, n) - d(a, nm) + margin
            found.append(loss.clamp(min=0))
    return torch.stack(found).mean() if found else e.sum() * 0


def loop_hardest(e, labels, masked, margin):
    def d(i, j):
        return (e[i] - e[j]).square().sum()

    worst = {}
    for a, p, n, pm, nm in quintuplets(labels.tolist(), masked.tolist()):
        loss = d(a, p) + d(a, pm) - d(a, n) - d(a, nm) + margin
        worst[a] = torch.maximum(worst[a], loss) if a in worst else loss
    values = [value.clamp(min=0) for value in worst.values()]
    return torch.stack(values).mean() if values else e.sum() * 0


PAIRS = [(semi_hard, loop_semi_hard), (hardest, loop_hardest)]


def batch(seed, labels, masked, spread):
    source = torch.Generator().manual_seed(seed)
    labels, masked = torch.tensor(labels), torch.tensor(masked, dtype=torch.bool)
    centre = torch.randn(int(labels.max()) + 1, 4, generator=source, dtype=torch.float64)
    e = centre[labels] + spread * torch.randn(len(labels), 4, generator=source, dtype=torch.float64)
    return torch.nn.functional.normalize(e, dim=1), labels, masked


@pytest.mark.parametrize(("fast", "slow"), PAIRS)
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rows=st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=2, max_size=12),
    spread=st.sampled_from([0.0, 0.1, 0.5, 2.0]),
    margin=st.sampled_from([0.05, 0.2, 1.0]),
)
def test_equals_the_loop_with_its_gradient(fast, slow, seed, rows, spread, margin):
    """Any batch: one identity, nobody masked, everybody masked, equal embeddings."""
    e, labels, masked = batch(seed, *zip(*rows, strict=True), spread)
    results = []
    for function in (fast, slow):
        leaf = e.clone().requires_grad_()
        loss = function(leaf, labels, masked, margin)
        loss.backward()
        results.append((loss.detach(), leaf.grad))
    assert torch.allclose(results[0][0], results[1][0], atol=1e-9)
    if spread:  # with equal embeddings maxima are not unique and nor is their gradient
        assert torch.allclose(results[0][1], results[1][1], atol=1e-8)


def test_by_hand():
    """One anchor with one of each: d = 0.2, 0.3, 0.1, 0.2."""
    e = torch.zeros(5, 5, dtype=torch.float64)
    for row, square in enumerate((0.2, 0.3, 0.1, 0.2), start=1):
        e[row, row] = square**0.5
    labels = torch.tensor([0, 0, 1, 0, 1])
    masked = torch.tensor([False, False, False, True, True])
    # As anchors, 0 has d(A, .) as above; 1 is at 0.2 + each other square from the others.
    first = 0.2 - 0.3 + 0.1 - 0.2 + 0.25
    second = 0.2 - (0.2 + 0.3) + (0.2 + 0.1) - (0.2 + 0.2) + 0.25
    assert hardest(e, labels, masked, 0.25).item() == pytest.approx(
        (max(0, first) + max(0, second)) / 2
    )
    # Semi-hard for anchor 0: gaps 0.1 and 0.1; for anchor 1: 0.3 is beyond the margin.
    assert semi_hard(e, labels, masked, 0.25).item() == pytest.approx(max(0, first))


@pytest.mark.parametrize("function", [semi_hard, hardest])
@pytest.mark.parametrize(
    ("labels", "masked"),
    [([0, 0, 0], [False, False, True]), ([0, 0, 1, 1], [False] * 4), ([0, 1], [True, True])],
)
def test_nothing_to_learn_is_a_zero_that_can_be_stepped_on(function, labels, masked):
    e = torch.nn.functional.normalize(torch.randn(len(labels), 3), dim=1).requires_grad_()
    loss = function(e, torch.tensor(labels), torch.tensor(masked), 0.2)
    loss.backward()
    assert loss.item() == 0
    assert not e.grad.any()


def test_distances_never_fall_below_zero():
    e = torch.nn.functional.normalize(torch.randn(50, 8), dim=1)
    found = squared_distances(torch.cat([e, e]))
    assert (found >= 0).all()
    assert torch.allclose(found, torch.cdist(torch.cat([e, e]), torch.cat([e, e])) ** 2, atol=1e-5)
