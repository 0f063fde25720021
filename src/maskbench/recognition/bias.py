"""Face-mask bias of an encoder and its projection (paper 3, section 5, equation 5.1)."""

from __future__ import annotations

import numpy as np


def mask_bias(faces: np.ndarray, masked: np.ndarray) -> np.ndarray:
    """The direction in which masks move embeddings: their mean difference, of length 1.

    Args:
        faces, masked: (M, D), row i of both is the same face, bare and masked.

    Raises:
        ValueError: no pairs, differing shapes, or masks that move nothing on average.
    """
    faces, masked = np.asarray(faces, np.float64), np.asarray(masked, np.float64)
    if faces.shape != masked.shape or not len(faces):
        raise ValueError(f"pairs are needed: {faces.shape} faces, {masked.shape} masked ones")
    bias = (masked - faces).mean(0)
    length = np.linalg.norm(bias)
    if not length:
        raise ValueError("masked and bare embeddings have the same mean: there is no bias")
    return bias / length


def without_bias(embeddings: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Embeddings (N, D) without what lies along ``bias`` (D,), which has length 1."""
    return embeddings - (embeddings @ bias)[:, None] * bias
