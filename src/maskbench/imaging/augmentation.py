"""Random translation, rotation and scaling, as the paper augments its masked faces.

The same distribution is drawn for bare and for masked faces: a critic must never be able to
tell the two domains apart by how the head lies in the crop.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from maskbench.imaging.ranges import Augmentation


def random_maps(count: int, ranges: Augmentation, generator: torch.Generator) -> Tensor:
    """Random affine maps, from canonical result to canonical source coordinates.

    Returns:
        (count, 3, 3); the determinant is negative where the picture is mirrored.
    """

    def uniform() -> Tensor:
        return torch.rand(count, generator=generator) * 2 - 1

    angle = uniform() * math.radians(ranges.rotation)
    size = torch.exp(uniform() * -math.log1p(-ranges.scaling))
    dx, dy = uniform() * 2 * ranges.translation, uniform() * 2 * ranges.translation
    mirror = torch.where((uniform() > 0) & ranges.flip, -1.0, 1.0)
    wide = torch.exp(uniform() * -math.log1p(-ranges.stretch) / 2)
    cos, sin = torch.cos(angle) / size, torch.sin(angle) / size
    zero, one = torch.zeros(count), torch.ones(count)
    # the stretch acts first on the result's coordinates, then the turn, then the shift
    across, down = mirror / wide, wide
    rows = (cos * across, -sin * down, dx, sin * across, cos * down, dy, zero, zero, one)
    return torch.stack(rows, dim=1).view(count, 3, 3)


def move(images: Tensor, maps: Tensor, outside: str = "reflection") -> Tensor:
    """Sample each picture (B, C, H, W) under its map (B, 3, 3) or (B, 2, 3), from canonical result
    to canonical source coordinates; what comes in from outside is the mirrored picture, or
    ``zeros`` or the ``border``'s pixels."""
    grid = F.affine_grid(maps[:, :2].to(images.device), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode=outside, align_corners=False)


def augment(
    images: Tensor, ranges: Augmentation, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Move, turn, scale and mirror each picture by its own random amounts.

    Args:
        images: (B, C, H, W) in [0, 1].
        ranges: the amounts.
        generator: source of the randomness, on the CPU.

    Returns:
        The pictures (B, C, H, W) in [0, 1] and their maps (B, 3, 3), see :func:`random_maps`.
    """
    maps = random_maps(len(images), ranges, generator)
    moved = move(images, maps)
    if ranges.light:
        gain, shift = torch.rand(2, len(images), 1, 1, 1, generator=generator).mul(2).sub(1)
        moved = relit(moved, gain * ranges.light, shift * ranges.light / 2)
    return moved, maps


def relit(images: Tensor, contrast: Tensor, brightness: Tensor) -> Tensor:
    """Pictures (B, C, H, W) in [0, 1] with other contrast (0: as it is) and brightness (added),
    both (B, 1, 1, 1)."""
    gain, shift = (1 + contrast).to(images.device), brightness.to(images.device)
    return ((images - 0.5) * gain + 0.5 + shift).clamp(0, 1)


def standardise(images: Tensor, window: Tensor | None = None) -> Tensor:
    """Each colour of each picture with mean 0 and standard deviation 1/2.

    Args:
        images: (B, C, H, W).
        window: (H, W), 0..1, what counts; None: everything. What does not count comes out as 0.
    """
    seen = torch.ones_like(images[0, 0]) if window is None else window
    total = seen.sum()
    mean = (images * seen).sum((2, 3), keepdim=True) / total
    variance = ((images - mean).square() * seen).sum((2, 3), keepdim=True) / total
    return (images - mean) * seen / (2 * (variance + 1e-3).sqrt())  # a single colour stays calm


def blur(images: Tensor, sigma: float) -> Tensor:
    """Gaussian blur with ``sigma`` pixels; the border is mirrored.

    Args:
        images: (B, C, H, W).
        sigma: below a third of a pixel nothing is done.
    """
    if sigma < 1 / 3:
        return images
    reach = min(math.ceil(3 * sigma), images.shape[-1] - 1)
    x = torch.arange(-reach, reach + 1, device=images.device, dtype=images.dtype)
    kernel = torch.exp(-(x**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).view(1, 1, 1, -1)
    count, channels, height, width = images.shape
    flat = images.reshape(count * channels, 1, height, width)
    flat = F.pad(flat, (reach, reach, reach, reach), mode="reflect")
    flat = F.conv2d(F.conv2d(flat, kernel), kernel.transpose(2, 3))
    return flat.view(count, channels, height, width)
