"""Variety of masks, for guides that have only seen overlays.

An overlay is a layer (premultiplied colour and coverage) on a bare face, both known. The layer is
moved a little, so that masks slip, and painted anew in random colours and patterns with its folds
and shadows kept, so that no colour means "mask"; then the whole picture is moved, lit, blurred.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from maskbench.guides.specs.segmenter import Variety
from maskbench.imaging import augmentation
from maskbench.imaging.tensors import luma


class Random:
    """Random numbers for a batch, from one generator on the CPU."""

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self.count, self.generator = count, generator

    def uniform(self, low: float, high: float, channels: int = 1) -> Tensor:
        """(B, channels, 1, 1)."""
        values = torch.rand(self.count, channels, 1, 1, generator=self.generator)
        return values * (high - low) + low

    def chance(self, share: float) -> Tensor:
        """(B, 1, 1, 1) bool."""
        return self.uniform(0, 1) < share

    def normal(self, size: int, channels: int) -> Tensor:
        """(B, channels, size, size)."""
        return torch.randn(self.count, channels, size, size, generator=self.generator)


def vary(
    bare: Tensor, masked: Tensor, coverage: Tensor, ranges: Variety, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Pictures of masked faces that no overlay has made, and where their masks are.

    Args:
        bare: (B, 3, s, s) in [0, 1], the face without its mask.
        masked: (B, 3, s, s) the same with it.
        coverage: (B, 1, s, s) in [0, 1], of the mask; 0 everywhere leaves the face bare.
        ranges: how much they vary.
        generator: source of the randomness, on the CPU.

    Returns:
        pictures (B, 3, s, s) and coverages (B, 1, s, s), both in [0, 1], and how the faces were
        moved, (B, 2, 3) from canonical result to canonical source coordinates. Grey pictures stay
        grey.
    """
    random = Random(len(bare), generator)
    colourless = (bare - bare.mean(1, keepdim=True)).abs().amax((1, 2, 3), keepdim=True) < 0.02
    layer = (masked - bare * (1 - coverage)).clamp(min=0)
    layer = torch.where(random.chance(ranges.repaint), repaint(layer, coverage, random), layer)
    layer = torch.where(random.chance(ranges.marks), mark(layer, coverage, random), layer)
    both = torch.cat([layer, coverage], dim=1)
    slips = turns(random, 60 * ranges.slip, 0.0, ranges.slip, ranges.stretch, mirror=False)
    slipped = augmentation.move(both, slips, "zeros")
    layer, coverage = slipped[:, :3], slipped[:, 3:]
    picture = bare * (1 - coverage) + torch.minimum(layer, coverage)
    maps = turns(random, ranges.rotation, ranges.scaling, ranges.translation)
    moved = augmentation.move(torch.cat([picture, coverage], dim=1), maps)
    picture, coverage = moved[:, :3].clamp(0, 1), moved[:, 3:].clamp(0, 1)
    picture = _lit(picture, ranges, random)
    grey = random.chance(ranges.grey) | colourless
    picture = torch.where(grey, luma(picture).expand_as(picture), picture)
    return picture, coverage, maps


def repaint(layer: Tensor, coverage: Tensor, random: Random) -> Tensor:
    """A layer in a random colour, or in two with a border between them that runs in stripes, in
    checks, in dots or as it likes. Light and shadow, relative to the mask's mean, stay.

    Args:
        layer: (B, 3, s, s) premultiplied, in [0, 1].
        coverage: (B, 1, s, s).
    """
    size = layer.shape[-1]
    light = luma(layer) / coverage.clamp(min=0.05)
    mean = luma(layer).sum((2, 3), keepdim=True) / coverage.sum((2, 3), keepdim=True).clamp(min=1)
    light = (light / mean.clamp(min=0.05)).clamp(0.2, 2) ** random.uniform(0.3, 1.3)
    along = torch.arange(size) / size
    x, y = along.view(1, 1, 1, -1), along.view(1, 1, -1, 1)
    angle, waves = random.uniform(0, math.pi), random.uniform(3, 14) * 2 * math.pi
    stripes = torch.sin((x * angle.cos() + y * angle.sin()) * waves + random.uniform(0, 6.3))
    across = torch.sin((y * angle.cos() - x * angle.sin()) * waves)
    coarse = F.interpolate(random.normal(6, 1), (size, size), mode="bicubic", align_corners=False)
    fine = F.interpolate(
        random.normal(max(6, size // 4), 1), (size, size), mode="bilinear", align_corners=False
    )
    kind = random.uniform(0, 1)
    pattern = torch.where(kind < 0.3, stripes, stripes * across)
    pattern = torch.where(kind < 0.5, pattern, stripes + across - 1)  # dots
    pattern = torch.where(kind < 0.6, pattern, coarse)
    pattern = torch.where(kind < 0.7, pattern, fine)
    pattern = torch.where(kind < 0.8, pattern, torch.full_like(pattern, -1.0))  # plain
    share = torch.sigmoid(pattern * torch.exp(random.uniform(0.7, 3)))  # soft or sharp borders
    paint = random.uniform(0, 1, 3) * (1 - share) + random.uniform(0, 1, 3) * share
    pale = random.chance(0.3)  # white and light blue masks are what most people wear
    paint = torch.where(pale, 1 - (1 - paint) * 0.3, paint)
    return (paint * light).clamp(0, 1) * coverage


def mark(layer: Tensor, coverage: Tensor, random: Random) -> Tensor:
    """A layer with an oval of another colour on it, plain or with bars, near the mask's middle."""
    size = layer.shape[-1]
    along = (torch.arange(size) + 0.5) / size
    x, y = along.view(1, 1, 1, -1), along.view(1, 1, -1, 1)
    total = coverage.sum((2, 3), keepdim=True).clamp(min=1)
    middle = [(coverage * axis).sum((2, 3), keepdim=True) / total for axis in (x, y)]
    dx, dy = x - middle[0] - random.uniform(-0.1, 0.1), y - middle[1] - random.uniform(-0.1, 0.1)
    radius = torch.hypot(dx / random.uniform(0.03, 0.15), dy / random.uniform(0.02, 0.1))
    soft = random.uniform(0.05, 0.6)
    share = ((1 + soft / 2 - radius) / soft).clamp(0, 1) * random.uniform(0.4, 1)
    bars = 0.5 + 0.5 * torch.sin(dy * random.uniform(60, 160))
    share = share * torch.where(random.chance(0.3), bars, torch.ones_like(bars))
    colour = random.uniform(0, 1, 3) * random.uniform(0.2, 1)
    return layer * (1 - share) + colour * coverage * share


def turns(
    random: Random,
    rotation: float,
    scaling: float,
    translation: float,
    stretch: float = 0.0,
    mirror: bool = True,
) -> Tensor:
    """Maps (B, 2, 3), from canonical result to canonical source coordinates, that turn (degrees),
    scale, shift (shares of the side), stretch each way around the centre and mirror at random."""
    angle = random.uniform(-1, 1) * math.radians(rotation)
    zoom = torch.exp(random.uniform(-1, 1) * math.log1p(-scaling))
    wide, high = (torch.exp(random.uniform(-1, 1) * math.log1p(-stretch)) for _ in range(2))
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    flip = torch.where(random.chance(0.5) & mirror, -1.0, 1.0)
    dx, dy = (random.uniform(-2, 2) * translation for _ in range(2))
    return torch.cat(
        [cos * flip * wide, -sin * wide, dx, sin * flip * high, cos * high, dy], dim=1
    ).view(-1, 2, 3)


def _lit(pictures: Tensor, ranges: Variety, random: Random) -> Tensor:
    """Another camera: gamma, contrast, brightness, colour, focus, noise."""
    lit = pictures.clamp(min=1e-4) ** torch.exp(random.uniform(-1, 1) * ranges.light)
    gain = 1 + random.uniform(-1, 1) * ranges.light
    lit = (lit - 0.5) * gain + 0.5 + random.uniform(-0.5, 0.5) * ranges.light
    lit = lit * (1 + random.uniform(-1, 1, 3) * ranges.colour)
    if ranges.blur:
        sigma = (random.uniform(-1, 1) * ranges.blur).clamp(min=0.05)  # half of them stay sharp
        reach = max(1, math.ceil(2 * ranges.blur))
        x = torch.arange(-reach, reach + 1, dtype=lit.dtype).view(1, -1)
        kernel = torch.exp(-x.square() / (2 * sigma.view(-1, 1).square()))
        kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(3, 0)
        count, channels, height, width = lit.shape
        flat = F.pad(lit, (reach,) * 4, mode="reflect").view(1, count * channels, *(
            side + 2 * reach for side in (height, width)
        ))  # fmt: skip
        flat = F.conv2d(flat, kernel.view(-1, 1, 1, 2 * reach + 1), groups=count * channels)
        flat = F.conv2d(flat, kernel.view(-1, 1, 2 * reach + 1, 1), groups=count * channels)
        lit = flat.view(count, channels, height, width)
    noise = random.normal(lit.shape[-1], 3) * random.uniform(0, 1) * ranges.noise
    return (lit + noise).clamp(0, 1)
