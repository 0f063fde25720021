"""Set metrics of some rows of an array are those of a copy of these rows, to the last bit."""

import numpy as np
import pytest

from maskbench.errors import MaskbenchError
from maskbench.metrics import fid as of_fid
from maskbench.metrics import inception_score as of_score
from maskbench.metrics.chosen import Chosen
from maskbench.metrics.fid import fid
from maskbench.metrics.inception_score import inception_score, probabilities, score_of_logits
from maskbench.metrics.kid import kid


@pytest.fixture
def features(tmp_path):
    """Two memory maps."""
    maps = []
    for seed in range(2):
        values = np.random.default_rng(seed).normal(seed, 1, (90, 6)).astype(np.float32)
        np.save(tmp_path / f"{seed}.npy", values)
        maps.append(np.load(tmp_path / f"{seed}.npy", mmap_mode="r"))
    return maps


@pytest.mark.parametrize("count", [5, 60])  # fewer and more than there are dimensions
def test_distances(features, count, monkeypatch):
    monkeypatch.setattr(of_fid, "_BLOCK", 16)
    rows = np.random.default_rng(2).permutation(90)[:count]
    copies = [np.array(one[rows]) for one in features]
    chosen = [Chosen(one, rows) for one in features]
    assert fid(*chosen) == fid(*copies)
    assert kid(*chosen, subset=40) == kid(*copies, subset=40)


def test_score(monkeypatch):
    """Block by block the sums are those of all pictures at once."""
    monkeypatch.setattr(of_score, "_BLOCK", 16)
    logits = np.random.default_rng(0).normal(0, 3, (90, 7)).astype(np.float32)
    rows = np.arange(1, 90, 2)
    score = score_of_logits(Chosen(logits, rows))
    assert score == inception_score(probabilities(logits[rows]))
    assert score_of_logits(np.zeros((3, 4), np.float32)) == pytest.approx(1)
    with pytest.raises(MaskbenchError, match="no pictures"):
        score_of_logits(np.zeros((0, 4), np.float32))
