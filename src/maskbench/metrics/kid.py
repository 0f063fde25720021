"""Kernel Inception Distance (Bińkowski et al. 2018): unbiased MMD^2 with a cubic kernel."""

from __future__ import annotations

import numpy as np

from maskbench.errors import MaskbenchError
from maskbench.metrics.chosen import Chosen

SUBSET, SUBSETS = 1000, 100
"""The published protocol: mean over 100 subsets of 1,000 pictures."""


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """k(x, y) = (x.y / d + 1)^3, the paper's equation 3; (N, d), (M, d) -> (N, M) float64."""
    return (x.astype(np.float64) @ y.astype(np.float64).T / x.shape[1] + 1) ** 3


def unbiased_mmd2(
    x: np.ndarray,
    y: np.ndarray,
    of_x: np.ndarray | None = None,
    of_y: np.ndarray | None = None,
) -> float:
    """The unbiased estimator of MMD^2 (Gretton et al. 2012, equation 3). May be negative.

    The estimator takes all pictures for independent draws. Two pictures of one face are not, be it
    in two styles or by two methods: a pair of such is left out of all three means.

    Args:
        x, y: (N, d) and (M, d) features.
        of_x, of_y: (N,) and (M,) integers, the face that each picture shows; None: all differ.

    Returns:
        the distance; NaN with fewer than two different faces on a side, or no pair of different
        faces across.

    Raises:
        MaskbenchError: fewer than two pictures on a side.
    """
    if min(len(x), len(y)) < 2:
        raise MaskbenchError(
            "kid", f"{len(x)} and {len(y)} pictures", "it needs two on either side"
        )
    of_x = np.arange(len(x)) if of_x is None else of_x
    of_y = -1 - np.arange(len(y)) if of_y is None else of_y

    def mean(a: np.ndarray, b: np.ndarray, of_a: np.ndarray, of_b: np.ndarray) -> float:
        apart = of_a[:, None] != of_b[None]
        pairs = int(apart.sum())
        return float((_kernel(a, b) * apart).sum() / pairs) if pairs else np.nan

    return mean(x, x, of_x, of_x) + mean(y, y, of_y, of_y) - 2 * mean(x, y, of_x, of_y)


def kid(
    x: np.ndarray | Chosen,
    y: np.ndarray | Chosen,
    subset: int = SUBSET,
    subsets: int = SUBSETS,
    seed: int = 0,
    of_x: np.ndarray | None = None,
    of_y: np.ndarray | None = None,
) -> float:
    """Mean unbiased MMD^2 over random subsets; with no more than ``subset`` pictures on either
    side, the estimator on all of them (every subset would be the same one).

    Args:
        x, y: (N, d) and (M, d) features.
        subset, subsets: pictures in a subset, number of subsets.
        seed: of the draw of the subsets.
        of_x, of_y: as in :func:`unbiased_mmd2`.
    """
    if max(len(x), len(y)) <= subset:
        return unbiased_mmd2(x[:], y[:], of_x, of_y)
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(subsets):
        i = np.sort(rng.choice(len(x), min(subset, len(x)), replace=False))
        j = np.sort(rng.choice(len(y), min(subset, len(y)), replace=False))
        faces = (None if of_x is None else of_x[i], None if of_y is None else of_y[j])
        values.append(unbiased_mmd2(np.asarray(x[i]), np.asarray(y[j]), *faces))
    return float(np.mean(values))
