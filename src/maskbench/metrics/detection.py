"""How well boxes are found, and how well scores tell two groups apart, of weighted pictures: with
the weights of a resample each is a bootstrap replicate."""

from __future__ import annotations

import numpy as np


def average_precision(
    scores: np.ndarray, hits: np.ndarray, weights: np.ndarray, total: float
) -> float:
    """The area under the curve of precision over recall, precision at each recall being the best
    that a recall as high or higher has (PASCAL VOC 2010). Found boxes of equal score stand or fall
    together.

    Args:
        scores: (n,) of the found boxes.
        hits: (n,) bool, whether each is a true one, none of which is found twice.
        weights: (n,) how often each counts.
        total: the true boxes, counted in the same way.

    Returns:
        0..1; NaN where there is no true box.
    """
    if total <= 0:
        return float("nan")
    values, group = np.unique(-scores, return_inverse=True)
    found, right = (
        np.cumsum(np.bincount(group, counted, len(values))) for counted in (weights, weights * hits)
    )
    precision = np.divide(right, found, out=np.zeros(len(right)), where=found > 0)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((best * np.diff(right, prepend=0)).sum() / total)


def weighted_auc(scores: np.ndarray, positive: np.ndarray, weights: np.ndarray) -> float:
    """The probability that a positive scores above a negative, ties counting half (Mann-Whitney).

    Args:
        scores: (n,).
        positive: (n,) bool.
        weights: (n,) how often each counts.

    Returns:
        0..1; NaN where one of the groups is empty.
    """
    values, group = np.unique(scores, return_inverse=True)
    above, below = (
        np.bincount(group, weights * chosen, len(values)) for chosen in (positive, ~positive)
    )
    pairs = above.sum() * below.sum()
    won = (above * (np.cumsum(below) - below / 2)).sum()
    return float(won / pairs) if pairs > 0 else float("nan")
