"""Light a warped mask as the face is lit, without landmarks.

The key-point overlay matches a mask's brightness to the skin at known landmarks. A method that
places masks without landmarks cannot; left as drawn, its masks would differ from the real
pictures' by their brightness alone, and a critic would judge that instead of the place. Here the
log luminance of the face *under the mask* gives a smooth surface in its stead. It depends on the
placement, but nothing is learnt through it: the factor is a constant to the generator.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from maskbench.imaging.tensors import luma

GRID = 24  # the surface is fitted on this many points a side
GOOD_LIGHT = 165 / 255  # luminance of skin on which a mask is left as drawn
EXPOSURE, SHAPE = 0.5, 0.8  # shares of the level and of the surface that are light, not skin
LOG_RANGE = (-1.1, 0.22)
RIDGE = (1e-6, 0.05, 0.3, 1.0)


def without_colour(faces: Tensor, tolerance: float = 3.5 / 255) -> Tensor:
    """Which pictures are grey: (B, 3, H, W) -> (B,) bool."""
    spread = faces.amax(1) - faces.amin(1)
    return spread.flatten(1).amax(1) <= tolerance


def match_colour(faces: Tensor, textures: Tensor) -> Tensor:
    """Textures (B, 4, h, w) in grey where their faces are grey."""
    grey = without_colour(faces).view(-1, 1, 1, 1)
    plain = torch.cat([luma(textures[:, :3]).expand(-1, 3, -1, -1), textures[:, 3:]], 1)
    return torch.where(grey, plain, textures)


@torch.no_grad()
def light(faces: Tensor, alpha: Tensor) -> Tensor:
    """The factor of a mask's brightness, from the face beneath it.

    Args:
        faces: (B, 3, H, W) in [0, 1].
        alpha: (B, 1, H, W) coverage of the warped mask.

    Returns:
        (B, 1, H, W), between 0.33 and 1.25; the exposure alone where nothing is covered.
    """
    count, _, height, width = faces.shape
    small = F.interpolate(luma(faces), (GRID, GRID), mode="area")
    weight = F.interpolate(alpha, (GRID, GRID), mode="area").flatten(1) + 1e-4
    logs = small.flatten(1).clamp_min(4 / 255).log()
    design = _basis(GRID, GRID, faces)
    ridge = torch.diag(torch.tensor(RIDGE, device=faces.device)) * weight.sum(1).view(-1, 1, 1) / 40
    robust = torch.ones_like(logs)
    for _ in range(3):  # Cauchy weights: lips, nostrils and beard count little
        weighted = design * (weight * robust).unsqueeze(2)
        normal = weighted.transpose(1, 2) @ design + ridge
        right = weighted.transpose(1, 2) @ logs.unsqueeze(2)
        surface = torch.linalg.solve(normal, right)
        residual = logs - (design @ surface).squeeze(2)
        robust = 1 / (1 + (residual / 0.25).square())
    fitted = (design @ surface).squeeze(2)
    share = weight * robust
    level = (fitted * share).sum(1, keepdim=True) / share.sum(1, keepdim=True)
    good = torch.log(torch.tensor(GOOD_LIGHT, device=faces.device))
    full = (_basis(height, width, faces) @ surface).squeeze(2)
    log = EXPOSURE * (level - good) + SHAPE * (full - level)
    return log.clamp(*LOG_RANGE).exp().view(count, 1, height, width)


def _basis(height: int, width: int, like: Tensor) -> Tensor:
    """1, u, v, u^2 on a grid, u to the right and v down in [-1, 1]: (1, height * width, 4)."""
    v = (torch.arange(height, device=like.device) * 2 + 1) / height - 1
    u = (torch.arange(width, device=like.device) * 2 + 1) / width - 1
    v, u = (axis.flatten() for axis in torch.meshgrid(v, u, indexing="ij"))
    return torch.stack([torch.ones_like(u), u, v, u * u], dim=1).unsqueeze(0)


def relight(warped: Tensor, factor: Tensor) -> Tensor:
    """Multiply the colour of a premultiplied picture; it never exceeds its alpha."""
    colour = torch.minimum(warped[:, :3] * factor, warped[:, 3:])
    return torch.cat([colour, warped[:, 3:]], 1)
