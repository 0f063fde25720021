"""Edges of grey pictures by Canny's detector (scikit-image), as EdgeConnect takes them."""

from __future__ import annotations

import numpy as np
import torch
from skimage.feature import canny
from torch import Tensor


def edges_of(grey: Tensor, sigma: float, hole: Tensor | None = None) -> Tensor:
    """Edge maps.

    Args:
        grey: (B, 1, s, s) in [0, 1].
        sigma: of the Gaussian filter before the gradient, in pixels (2 as published, at 256).
        hole: (B, 1, s, s), 1 inside; nothing inside it is looked at, so that neither a mask nor its
            border makes an edge.

    Returns:
        (B, 1, s, s) float32, 1 on edges.
    """
    pictures = grey[:, 0].double().cpu().numpy()
    free = [None] * len(pictures) if hole is None else list(hole[:, 0].cpu().numpy() < 0.5)
    found = [canny(p, sigma=sigma, mask=m) for p, m in zip(pictures, free, strict=True)]
    return torch.from_numpy(np.stack(found)[:, None]).float().to(grey.device)
