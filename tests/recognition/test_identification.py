"""Ranks against a loop; ties count against."""

import numpy as np
import pytest

from maskbench.recognition import identification
from maskbench.recognition.identification import cmc, ranks


def unit(values):
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def slow(gallery, names, probes, wanted):
    found = []
    for probe, name in zip(probes, wanted, strict=True):
        best = {}
        for picture, person in zip(gallery, names, strict=True):
            best[person] = max(best.get(person, -9.0), float(probe @ picture))
        found.append(sum(score >= best[name] for score in best.values()))
    return found


@pytest.mark.parametrize("block", [4_000_000, 50])
def test_ranks_and_cmc_equal_a_loop(monkeypatch, block):
    monkeypatch.setattr(identification, "_BLOCK", block)
    rng = np.random.default_rng(0)
    names = rng.permutation(np.repeat([f"p{k:02}" for k in range(15)], 2))
    # Integers: similarities are exact, and many are equal.
    gallery, probes = rng.integers(-2, 3, (30, 4)) * 1.0, rng.integers(-2, 3, (40, 4)) * 1.0
    wanted = rng.choice(names, 40)
    found = ranks(gallery, names, probes, wanted)
    assert found.tolist() == slow(gallery, names, probes, wanted)
    curve = cmc(found, 15)
    assert curve[0] == (found == 1).mean() and curve[4] == (found <= 5).mean()
    assert curve[-1] == 1 and (np.diff(curve) >= 0).all()


def test_equal_embeddings_rank_last():
    same = unit(np.ones((3, 2)))
    assert ranks(same, ["a", "b", "c"], same[:1], ["b"]).tolist() == [3]


def test_shuffled_names_give_chance():
    rng = np.random.default_rng(3)
    gallery, probes = unit(rng.normal(size=(50, 8))), unit(rng.normal(size=(4000, 8)))
    wanted = rng.integers(0, 50, 4000)
    curve = cmc(ranks(gallery, np.arange(50), probes, wanted), 50)
    assert abs(curve[0] - 1 / 50) < 0.01 and abs(curve[4] - 5 / 50) < 0.02


def test_a_probe_of_nobody_in_the_gallery_is_named():
    one = unit(np.ones((1, 2)))
    with pytest.raises(ValueError, match="not in the gallery: z"):
        ranks(one, ["a"], one, ["z"])
    with pytest.raises(ValueError, match="not in the gallery"):
        ranks(one[:0], [], one[:0], [])
