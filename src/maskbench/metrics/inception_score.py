"""Inception Score (Salimans et al. 2016, section 4): exp of E_x KL(p(y|x) || p(y))."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from maskbench.errors import MaskbenchError
from maskbench.metrics.chosen import Chosen

_BLOCK = 1024  # pictures


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax over the classes: (N, C) -> (N, C) float64."""
    z = logits.astype(np.float64)
    z = np.exp(z - z.max(axis=1, keepdims=True))
    return z / z.sum(axis=1, keepdims=True)


def _neg_entropy(p: np.ndarray) -> np.ndarray:
    """Sum of p log p over the last axis, 0 log 0 = 0."""
    return (p * np.log(np.where(p > 0, p, 1))).sum(axis=-1)


def inception_score(p: np.ndarray, splits: int = 1) -> float:
    """The score of pictures with class probabilities ``p``.

    The published protocol averages over 10 splits of 5,000 pictures; the score grows with the size
    of a split, so few pictures are better kept in one.

    Args:
        p: (N, C) probabilities, rows sum to 1.
        splits: consecutive parts whose scores are averaged.

    Raises:
        MaskbenchError: fewer pictures than splits.
    """
    if splits < 1 or len(p) < splits:
        raise MaskbenchError("is", f"{len(p)} pictures for {splits} splits", "use fewer splits")
    return float(np.mean([_score([part]) for part in np.array_split(p, splits)]))


def score_of_logits(logits: np.ndarray | Chosen) -> float:
    """The score of pictures with class scores (N, C), in one split; a block is in memory.

    Raises:
        MaskbenchError: there are no pictures.
    """
    if len(logits) == 0:
        raise MaskbenchError("is", "no pictures", "measure some")
    starts = range(0, len(logits), _BLOCK)
    return _score(probabilities(logits[start : start + _BLOCK]) for start in starts)


def _score(blocks: Iterable[np.ndarray]) -> float:
    entropies: list[np.ndarray] = []
    total = np.zeros(())
    for p in blocks:
        # The sum so far is the first row, so that the order of the sum is that of the pictures.
        total = np.concatenate([total[None], p]).sum(0) if entropies else p.sum(0)
        entropies.append(_neg_entropy(p))
    single = np.concatenate(entropies)
    return float(np.exp(single.mean() - _neg_entropy(total / len(single))))
