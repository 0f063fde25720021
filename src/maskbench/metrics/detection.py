"""How well boxes are found, and how well scores tell two groups apart, of weighted pictures: with
the weights of the resamples the numbers are bootstrap replicates."""

from __future__ import annotations

import numpy as np


def average_precision(
    scores: np.ndarray, hits: np.ndarray, weights: np.ndarray, total: np.ndarray
) -> np.ndarray:
    """The area under the curve of precision over recall, precision at each recall being the best
    that a recall as high or higher has (PASCAL VOC 2010). Found boxes of equal score stand or fall
    together.

    Args:
        scores: (n,) of the found boxes.
        hits: (n,) bool, whether each is a true one, none of which is found twice.
        weights: (R, n) how often each counts, in each of R resamples.
        total: (R,) the true boxes, counted in the same way.

    Returns:
        (R,) in 0..1; NaN where there is no true box.
    """
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.diff(-scores[order], append=np.inf))
    found, right = (
        np.cumsum(counted[:, order], axis=1, dtype=float)[:, last]
        for counted in (weights, weights * hits)
    )
    precision = np.divide(right, found, out=np.zeros_like(right), where=found > 0)
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    area = (best * np.diff(right, axis=1, prepend=0)).sum(1)
    return np.divide(area, total, out=np.full(len(weights), np.nan), where=total > 0)


def weighted_auc(scores: np.ndarray, positive: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The probability that a positive scores above a negative, ties counting half (Mann-Whitney).

    Args:
        scores: (n,), n > 0.
        positive: (n,) bool.
        weights: (R, n) how often each counts, in each of R resamples.

    Returns:
        (R,) in 0..1; NaN where one of the groups is empty.
    """
    order = np.argsort(scores, kind="stable")
    first = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    above, below = (
        np.add.reduceat((weights * chosen)[:, order], first, axis=1, dtype=float)
        for chosen in (positive, ~positive)
    )
    won = (above * (np.cumsum(below, axis=1) - below / 2)).sum(1)
    pairs = above.sum(1) * below.sum(1)
    return np.divide(won, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)
