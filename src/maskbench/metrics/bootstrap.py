"""Bootstrap intervals with faces as clusters (Efron & Tibshirani 1993, chapters 8 and 13).

Pictures of one face with several mask styles are not independent, so faces are resampled and every
style of a drawn face goes with it. The draw depends on the seed and the number of faces alone:
replicate b of two methods measured on the same faces is the same resample, and the difference of
their replicates is a paired one.
"""

from __future__ import annotations

import numpy as np

LEVEL = 0.95


def draw_faces(faces: int, resamples: int, seed: int) -> np.ndarray:
    """How often each face stands in each resample.

    Returns:
        (resamples, faces) float64; rows sum to ``faces``.
    """
    rng = np.random.default_rng(seed)
    return rng.multinomial(faces, np.full(faces, 1 / faces), size=resamples).astype(np.float64)


def replicate_means(values: np.ndarray, face: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """The mean of a picture metric in every resample.

    Args:
        values: (N,); NaN = not defined for that picture, left out.
        face: (N,) int, the face (column of ``draws``) of each picture.
        draws: (R, F) from :func:`draw_faces`.

    Returns:
        (R,); NaN where a resample holds no defined value.
    """
    known = np.isfinite(values)
    faces = draws.shape[1]
    sums = np.bincount(face[known], weights=values[known], minlength=faces)
    counts = np.bincount(face[known], minlength=faces).astype(np.float64)
    total = draws @ counts
    return np.divide(draws @ sums, total, out=np.full(len(draws), np.nan), where=total > 0)


def interval(replicates: np.ndarray) -> tuple[float | None, float | None]:
    """The 95% percentile interval; (None, None) with fewer than two finite replicates."""
    finite = replicates[np.isfinite(replicates)]
    if len(finite) < 2:
        return None, None
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
