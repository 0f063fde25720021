"""Kernel Inception Distance (Bińkowski et al. 2018): unbiased MMD^2 with a cubic kernel."""

from __future__ import annotations

import numpy as np

from maskbench.errors import MaskbenchError

SUBSET, SUBSETS = 1000, 100
"""The published protocol: mean over 100 subsets of 1,000 pictures."""


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """k(x, y) = (x.y / d + 1)^3, the paper's equation 3; (N, d), (M, d) -> (N, M) float64."""
    return (x.astype(np.float64) @ y.astype(np.float64).T / x.shape[1] + 1) ** 3


def unbiased_mmd2(x: np.ndarray, y: np.ndarray) -> float:
    """The unbiased estimator of MMD^2 (Gretton et al. 2012, equation 3). May be negative.

    Args:
        x, y: (N, d) and (M, d) features.

    Raises:
        MaskbenchError: fewer than two pictures on a side.
    """
    ones_x, ones_y = np.ones((1, len(x))), np.ones((1, len(y)))
    return float(weighted_mmd2(x, y, ones_x, ones_y)[0])


def weighted_mmd2(x: np.ndarray, y: np.ndarray, wx: np.ndarray, wy: np.ndarray) -> np.ndarray:
    """MMD^2 of weighted resamples. Pairs of a picture with its own copy are left out, otherwise
    resampling with replacement would bring the diagonal's bias back.

    Args:
        x, y: (N, d) and (M, d) features.
        wx, wy: (R, N) and (R, M), how often each picture stands in each resample.

    Returns:
        (R,); NaN where a resample holds fewer than two different pictures.

    Raises:
        MaskbenchError: fewer than two pictures on a side.
    """
    if min(len(x), len(y)) < 2:
        raise MaskbenchError(
            "kid", f"{len(x)} and {len(y)} pictures", "it needs two on either side"
        )

    def within(features: np.ndarray, w: np.ndarray) -> np.ndarray:
        kernel = _kernel(features, features)
        np.fill_diagonal(kernel, 0)
        pairs = w.sum(1) ** 2 - (w**2).sum(1)
        total = ((w @ kernel) * w).sum(1)
        return np.divide(total, pairs, out=np.full(len(w), np.nan), where=pairs > 0)

    across = ((wx @ _kernel(x, y)) * wy).sum(1) / (wx.sum(1) * wy.sum(1))
    return within(x, wx) + within(y, wy) - 2 * across


def kid(
    x: np.ndarray, y: np.ndarray, subset: int = SUBSET, subsets: int = SUBSETS, seed: int = 0
) -> float:
    """Mean unbiased MMD^2 over random subsets; with no more than ``subset`` pictures on either
    side, the estimator on all of them (every subset would be the same one).

    Args:
        x, y: (N, d) and (M, d) features.
        subset, subsets: pictures in a subset, number of subsets.
        seed: of the draw of the subsets.
    """
    if max(len(x), len(y)) <= subset:
        return unbiased_mmd2(x, y)
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(subsets):
        i = np.sort(rng.choice(len(x), min(subset, len(x)), replace=False))
        j = np.sort(rng.choice(len(y), min(subset, len(y)), replace=False))
        values.append(unbiased_mmd2(np.asarray(x[i]), np.asarray(y[j])))
    return float(np.mean(values))
