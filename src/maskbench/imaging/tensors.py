"""Pictures as tensors: (B, C, H, W) float32 in [0, 1]."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from maskbench.imaging.resize import resized

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def as_tensor(images: Sequence[np.ndarray] | np.ndarray, size: int | None = None) -> Tensor:
    """uint8 pictures (H, W, C) or (H, W) -> (B, C or 1, H, W) float32 in [0, 1].

    Args:
        images: the pictures, all of one size unless ``size`` is given.
        size: side of the result; None: as they are.
    """
    same = [np.asarray(i) if size is None else resized(np.asarray(i), size) for i in images]
    stacked = np.stack(same)
    stacked = stacked[..., None] if stacked.ndim == 3 else stacked
    return torch.from_numpy(stacked).permute(0, 3, 1, 2).contiguous().float() / 255


def as_images(pictures: Tensor) -> np.ndarray:
    """(B, C, H, W) in [0, 1] -> uint8 (B, H, W, C)."""
    values = pictures.detach().float().clamp(0, 1).mul(255).round().to(torch.uint8)
    return values.permute(0, 2, 3, 1).cpu().numpy()


def resize(pictures: Tensor, size: int) -> Tensor:
    """(B, C, H, W) in [0, 1] to (B, C, size, size), low-pass filtered where it shrinks
    (averaged over squares where that goes)."""
    factor, rest = divmod(pictures.shape[-1], size)
    if rest == 0:
        return pictures if factor == 1 else F.avg_pool2d(pictures, factor)
    return F.interpolate(
        pictures, (size, size), mode="bilinear", align_corners=False, antialias=True
    ).clamp(0, 1)


def luma(pictures: Tensor) -> Tensor:
    """(B, 3, H, W) -> (B, 1, H, W)."""
    weights = pictures.new_tensor(LUMA).view(1, 3, 1, 1)
    return (pictures * weights).sum(1, keepdim=True)
