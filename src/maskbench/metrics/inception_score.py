"""Inception Score (Salimans et al. 2016, section 4): exp of E_x KL(p(y|x) || p(y))."""

from __future__ import annotations

import numpy as np

from maskbench.errors import MaskbenchError


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
    parts = np.array_split(p, splits)
    return float(np.mean([np.exp(_neg_entropy(x).mean() - _neg_entropy(x.mean(0))) for x in parts]))
