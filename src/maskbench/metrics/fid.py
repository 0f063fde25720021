"""Fréchet Inception Distance (Heusel et al. 2017, equation 6), without a matrix square root.

    d^2 = |m1 - m2|^2 + Tr(C1) + Tr(C2) - 2 Tr((C1 C2)^(1/2))

With C1 = A A' and C2 = B B', the eigenvalues of C1 C2 are the squared singular values of A' B, so
the last trace is the nuclear norm of A' B. It needs no square root of a singular or unsymmetric
product (where ``scipy.linalg.sqrtm`` loses digits), is never complex, and with few pictures A and B
are the centred features themselves: n x n instead of d x d.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg

from maskbench.errors import MaskbenchError
from maskbench.metrics.chosen import Chosen

FEWER = "n < feature dimensions"
"""Flag of a distance from fewer pictures than feature dimensions: the covariances are singular and
the value falls with n; compare it only with values from equally many pictures."""

_BLOCK = 4096


def _statistics(features: np.ndarray | Chosen) -> tuple[np.ndarray, float, np.ndarray]:
    """Mean (d,), trace of the covariance, and a factor (r, d) with covariance = factor' factor."""
    n, d = features.shape
    mean = np.zeros(d)
    for i in range(0, n, _BLOCK):
        mean += features[i : i + _BLOCK].sum(0, dtype=np.float64)
    mean /= n
    if n <= d:
        factor = (features[:].astype(np.float64) - mean) / np.sqrt(n - 1)
        return mean, float((factor**2).sum()), factor
    cov = np.zeros((d, d))
    for i in range(0, n, _BLOCK):
        part = features[i : i + _BLOCK] - mean  # of eight bytes, as the mean is
        cov += part.T @ part
        del part  # 42 MB, before the next one is made
    cov /= n - 1
    return mean, float(np.trace(cov)), _factor(cov)


def _factor(cov: np.ndarray) -> np.ndarray:
    """A matrix F with cov = F' F, for a symmetric positive semi-definite ``cov``."""
    values, vectors = scipy.linalg.eigh(cov)
    return np.sqrt(np.clip(values, 0, None))[:, None] * vectors.T


def _distance(
    one: tuple[np.ndarray, float, np.ndarray], two: tuple[np.ndarray, float, np.ndarray]
) -> float:
    (m1, t1, f1), (m2, t2, f2) = one, two
    cross = scipy.linalg.svdvals(f1 @ f2.T).sum()
    return float(((m1 - m2) ** 2).sum() + t1 + t2 - 2 * cross)


def fid(x: np.ndarray | Chosen, y: np.ndarray | Chosen) -> float:
    """FID of two sets of features, (N, d) and (M, d); of memory maps a block is in memory.

    Raises:
        MaskbenchError: fewer than two pictures on a side, which have no covariance.
    """
    if min(len(x), len(y)) < 2:
        raise MaskbenchError(
            "fid", f"{len(x)} and {len(y)} pictures", "it needs two on either side"
        )
    return _distance(_statistics(x), _statistics(y))
