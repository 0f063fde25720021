"""The adapter: its fixed transform against a definition, its beginning, and what it learns."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.errors import MaskbenchError
from maskbench.recognition.adapter import Adapter, class_means, whitening
from maskbench.recognition.kinds.adapter import AdapterParams
from maskbench.recognition.losses import recognition_loss
from maskbench.recognition.roc import roc_of
from maskbench.training.seeding import seeded

SIZE = 6


def people(count=30, each=8, size=SIZE, seed=0):
    """Embeddings whose spread within people is large in the first half of the numbers, and which
    a mask moves: (N, size) float32, labels, masked."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(count), each)
    masked = np.tile(np.arange(each) % 2 == 1, count)
    spread = np.where(np.arange(size) < size // 2, 1.0, 0.2)
    centres = rng.normal(size=(count, size))
    values = centres[labels] + spread * rng.normal(size=(len(labels), size)) + 2
    values[masked] += np.eye(size)[0] * 3
    return (values * 7).astype(np.float32), labels, masked


def auc(embeddings, labels):
    unit = F.normalize(torch.as_tensor(embeddings)).numpy()
    first, second = np.triu_indices(len(unit), 1)
    scores, same = (unit[first] * unit[second]).sum(1), labels[first] == labels[second]
    return roc_of(scores[same], scores[~same]).auc()


def test_whitening_makes_the_spread_within_people_round():
    values, labels, _ = people()
    moved = values @ whitening(values, labels, 1e-9)
    apart = np.concatenate([moved[labels == k] - moved[labels == k].mean(0) for k in set(labels)])
    covariance = apart.T @ apart / (len(labels) - len(set(labels)))
    assert np.allclose(covariance, np.eye(SIZE), atol=1e-5)


@pytest.mark.parametrize("shrinkage", [0.3, 1.0])
def test_whitening_is_the_inverse_root_of_the_shrunk_covariance(shrinkage):
    values, labels, _ = people()
    covariance = np.zeros((SIZE, SIZE))
    for k in set(labels.tolist()):
        own = values[labels == k].astype(np.float64)
        covariance += np.cov(own.T) * (len(own) - 1)
    covariance /= len(labels) - len(set(labels.tolist()))
    shrunk = (1 - shrinkage) * covariance
    shrunk += shrinkage * np.trace(covariance) / SIZE * np.eye(SIZE)
    found = whitening(values, labels, shrinkage)
    assert np.allclose(found @ shrunk @ found, np.eye(SIZE), atol=1e-8)
    assert np.allclose(found, found.T)
    if shrinkage == 1:
        assert np.allclose(found, found[0, 0] * np.eye(SIZE))


def test_people_with_one_picture_do_not_count():
    values, labels, _ = people()
    alone = np.random.default_rng(3).normal(size=(5, SIZE)) * 100
    more = np.concatenate([values, alone]), np.concatenate([labels, 100 + np.arange(5)])
    assert np.allclose(whitening(*more, 0.4), whitening(values, labels, 0.4))


def test_no_spread_within_people_is_told():
    values = np.eye(SIZE)
    adapter = Adapter(SIZE, AdapterParams(transform="whiten"))
    with pytest.raises(MaskbenchError, match="nobody has two different pictures"):
        adapter.fit(values, np.arange(SIZE), np.zeros(SIZE, bool))


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (np.zeros((4, SIZE + 1)), r"\(4, 7\)"),
        (np.zeros((0, SIZE)), r"\(0, 6\)"),
        (np.full((4, SIZE), np.nan), "not finite"),
        (np.zeros((5, SIZE)), "5 embeddings, 4 labels"),
    ],
)
def test_unfit_embeddings_are_refused(values, what):
    with pytest.raises(MaskbenchError, match=what):
        Adapter(SIZE, AdapterParams()).fit(values, np.arange(4), np.zeros(4, bool))


@pytest.mark.parametrize("transform", ["none", "centre", "whiten"])
@pytest.mark.parametrize("form", ["none", "matrix", "network"])
@pytest.mark.parametrize("keep", [0.0, 0.25])
def test_begins_as_the_fixed_transform(transform, form, keep):
    """Cosines of results are the weighted mean of the frozen and the transformed cosine."""
    values, labels, masked = people()
    params = AdapterParams(transform=transform, form=form, keep=keep, hidden=5)
    adapter = Adapter(SIZE, params)
    adapter.fit(values, labels, masked)
    x = torch.from_numpy(values)
    out = adapter.eval()(x).detach()
    assert out.shape == (len(values), adapter.dim)
    assert torch.allclose(out.norm(dim=1), torch.ones(len(out)), atol=1e-5)
    assert torch.allclose(out, adapter.fixed(x), atol=1e-5)
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    moved = unit if transform == "none" else unit - unit.mean(0)
    if transform == "whiten":
        moved = moved @ whitening(unit, labels, params.shrinkage)
    moved = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    expected = (1 - keep) * moved @ moved.T + keep * unit @ unit.T
    assert np.allclose((out @ out.T).numpy(), expected, atol=1e-4)


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 1000))
def test_length_of_frozen_embeddings_does_not_matter(scale, seed):
    values, labels, masked = people(seed=seed)
    results = []
    for factor in (1.0, scale):
        adapter = seeded(lambda: Adapter(SIZE, AdapterParams(hidden=8)), seed)
        adapter.fit(values * factor, labels, masked)
        torch.nn.init.constant_(adapter.change[-1].weight, 0.1)
        results.append(adapter.eval()(torch.from_numpy(values * np.float32(factor))))
    assert torch.allclose(*results, atol=1e-4)


def test_zeros_give_numbers():
    adapter = Adapter(SIZE, AdapterParams(transform="none"))
    assert torch.isfinite(adapter.eval()(torch.zeros(2, SIZE))).all()


def trained(values, labels, masked, **keys):
    adapter = seeded(lambda: Adapter(values.shape[1], AdapterParams(**keys)), 0)
    adapter.fit(values, labels, masked)
    loss = recognition_loss("arcface", int(labels.max()) + 1, adapter.dim, 0)
    x, y = torch.from_numpy(values), torch.from_numpy(labels)
    with torch.no_grad():
        loss.inner.W.copy_(class_means(adapter.fixed(x), y).T)
    optimiser = torch.optim.AdamW([*adapter.parameters(), *loss.parameters()], 3e-3)
    torch.manual_seed(0)
    for _ in range(150):
        optimiser.zero_grad()
        loss(adapter(x), y, torch.from_numpy(masked), 0.0).backward()
        optimiser.step()
    return adapter.eval().requires_grad_(False)


@pytest.mark.parametrize("keys", [{"hidden": 32}, {"form": "matrix"}])
def test_learns_what_people_it_never_saw_keep(keys):
    """Trained on some people, it tells others apart better than their frozen embeddings do."""
    values, labels, masked = people(count=60, size=16)
    new = labels >= 40
    adapter = trained(values[~new], labels[~new], masked[~new], dropout=0.2, keep=0, **keys)
    before = auc(values[new], labels[new])
    after = auc(adapter(torch.from_numpy(values[new])), labels[new])
    assert after > before + 0.03


def test_state_dict_is_all_of_it():
    values, labels, masked = people()
    params = AdapterParams(transform="whiten", hidden=8)
    first, second = Adapter(SIZE, params), Adapter(SIZE, params)
    first.fit(values, labels, masked)
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.add_(0.1)
    second.load_state_dict(first.state_dict())
    x = torch.from_numpy(values)
    assert torch.equal(first.eval()(x), second.eval()(x))


def test_class_means():
    values, labels, _ = people(count=3)
    order = np.random.default_rng(0).permutation(len(values))
    found = class_means(torch.from_numpy(values[order]), torch.from_numpy(labels[order]))
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    for k in range(3):
        mean = unit[labels == k].mean(0)
        assert np.allclose(found[k], mean / np.linalg.norm(mean), atol=1e-5)
