"""Losses that trained guides give: the adaptive correction and the local invariance of paper 4."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def correction_factor(x: Tensor, alpha: float, c: float) -> Tensor:
    """lambda_cor = 1 + |a - 2| / a ((x^2 / (c^2 |a - 2|) + 1)^(a / 2) - 1), paper 4's formula (1):
    1 + the general robust loss (Barron 2019, eq. 1), at a = 2 and 0 its limits (eq. 8).

    Args:
        x: (B,) penalties, 0 where a mask is worn rightly.
        alpha: the shape a.
        c: the scale, above 0.

    Returns:
        (B,), at least 1.
    """
    squared, width = (x / c).square(), abs(alpha - 2)
    if width == 0:
        return 1 + squared / 2
    if alpha == 0:
        return 1 + torch.log1p(squared / 2)
    # expm1 and log1p: a power near 0 loses no digits
    return 1 + width / alpha * torch.expm1(alpha / 2 * torch.log1p(squared / width))


def wearing_penalty(
    presence: Tensor, wanted: Tensor, penalties: Tensor, threshold: float | None
) -> Tensor:
    """x = W D: the summed penalties of the parts that are seen but should be hidden, or hidden but
    should be seen.

    Args:
        presence: (B, P) in [0, 1], how sure a detector is to see each part.
        wanted: (P,), 1 for a part to be seen and 0 for one to be hidden.
        penalties: (P,), the vector W.
        threshold: from which a part counts as seen (D is 0 or 1); None: D = |presence - wanted|.

    Returns:
        (B,); without a threshold it has a gradient.
    """
    seen = presence if threshold is None else (presence >= threshold).float()
    return (seen - wanted).abs() @ penalties


@torch.no_grad()
def free_of_masks(segmenter: Any, pictures: Tensor) -> Tensor:
    """Where pictures (B, 3, s, s) in [-1, 1] show no mask: (B, 1, s, s), 0 or 1, a constant. With a
    gradient, a larger mask would lower a loss outside of it."""
    return (segmenter.find(pictures) < 0.5).float()


def local_invariance(made: Tensor, faces: Tensor, free: Tensor) -> Tensor:
    """L_inv = E ||G(f) S - f S||^2, paper 4's formula (3), as a mean over all pixels.

    Args:
        made, faces: (B, 3, s, s).
        free: (B, 1, s, s), S: 1 outside the mask of the made picture.
    """
    return ((made - faces) * free).square().mean()
