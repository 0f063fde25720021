"""Spatial transformer: the mask picture under a homography of eight numbers, laid over a face.

Parametrisation of ST-GAN (Lin et al. 2018): the numbers fill a traceless matrix, whose exponential
has determinant 1. Zero is the identity, the negative is the inverse, and two updates are composed
by adding their numbers. The homography maps canonical *output* coordinates to canonical *picture*
coordinates (the inverse warp); canonical means [-1, 1] from edge to edge, x to the right and y
down, so the same numbers mean the same placement at every resolution.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

NUMBERS = 8
# What each number does near 0, in the order of p1..p8.
KINDS = (
    "translation", "shear", "scale", "perspective", "translation", "shear", "scale", "perspective",
)  # fmt: skip


def homography(p: Tensor) -> Tensor:
    """H = exp(A), A = [[p3, p2, p1], [p6, -p3 - p7, p5], [p4, p8, p7]].

    Args:
        p: (B, 8) numbers p1..p8.

    Returns:
        (B, 3, 3) float32 homographies of determinant 1.
    """
    p1, p2, p3, p4, p5, p6, p7, p8 = p.float().unbind(1)
    rows = (p3, p2, p1, p6, -p3 - p7, p5, p4, p8, p7)
    return torch.matrix_exp(torch.stack(rows, dim=1).view(-1, 3, 3))


def sampling_grid(h: Tensor, height: int, width: int) -> Tensor:
    """Where each output pixel looks in the picture.

    Args:
        h: (B, 3, 3) homographies from canonical output to canonical picture coordinates.

    Returns:
        (B, height, width, 2) canonical (x, y). Points behind the projection's horizon lie far
        outside [-1, 1], so that they are sampled as zero.
    """
    xs = (torch.arange(width, device=h.device, dtype=h.dtype) * 2 + 1) / width - 1
    ys = (torch.arange(height, device=h.device, dtype=h.dtype) * 2 + 1) / height - 1
    y, x = torch.meshgrid(ys, xs, indexing="ij")
    points = torch.stack([x, y, torch.ones_like(x)]).view(3, -1)
    mapped = h @ points
    depth = mapped[:, 2]
    in_front = depth > 1e-3
    safe = torch.where(in_front, depth, torch.ones_like(depth))
    xy = mapped[:, :2] / safe.unsqueeze(1)
    xy = torch.where(in_front.unsqueeze(1), xy, torch.full_like(xy, 1e3))
    return xy.transpose(1, 2).reshape(-1, height, width, 2)


def warp(picture: Tensor, h: Tensor, size: int | None = None) -> Tensor:
    """Sample a picture under homographies, bilinear, zero outside the picture.

    Args:
        picture: (B, C, H, W); colour must be premultiplied by alpha (:func:`premultiply`), else
            the colour of transparent pixels bleeds into the edge as a halo.
        h: (B, 3, 3) from :func:`homography`.
        size: side of the result; the picture's own by default.

    Returns:
        (B, C, size, size).
    """
    height, width = (size, size) if size else picture.shape[-2:]
    grid = sampling_grid(h, height, width)
    return F.grid_sample(
        picture.float(), grid, mode="bilinear", padding_mode="zeros", align_corners=False
    )


def premultiply(rgba: Tensor) -> Tensor:
    """(B, 4, H, W) straight alpha in [0, 1] -> colour times alpha, with alpha last."""
    return torch.cat([rgba[:, :3] * rgba[:, 3:], rgba[:, 3:]], dim=1)


def composite(face: Tensor, warped: Tensor) -> Tensor:
    """Lay a premultiplied picture over a face.

    Args:
        face: (B, 3, H, W) in [0, 1].
        warped: (B, 4, H, W) premultiplied, in [0, 1].

    Returns:
        (B, 3, H, W) = colour + (1 - alpha) face.
    """
    return warped[:, :3] + (1 - warped[:, 3:]) * face


def equivariance_gap(p: Tensor, maps: Tensor, other: Tensor, other_maps: Tensor) -> Tensor:
    """How far two placements on differently moved copies of the same faces disagree.

    The mask of a face moved by M (the copy shows f(M x)) should move along: H(p) = H M, where H
    is the placement on the face as it was; a mirrored face wears the mirrored mask. From each copy
    the placement on the original follows, and the map between the two should be the identity.

    Args:
        p, other: (B, 8) placements on the copies.
        maps, other_maps: (B, 3, 3) affine maps M of the copies.

    Returns:
        The mean squared Frobenius distance of that map (of determinant 1) from the identity, a
        scalar. It does not depend on the mask's size.
    """
    maps, other_maps = maps.to(p.device), other_maps.to(p.device)
    turned = torch.linalg.det(maps) * torch.linalg.det(other_maps) < 0
    mirror = torch.eye(3, device=p.device).repeat(len(p), 1, 1)
    mirror[turned, 0, 0] = -1
    between = maps @ homography(-p) @ mirror @ homography(other) @ torch.linalg.inv(other_maps)
    volume = torch.linalg.det(between).abs().pow(1 / 3).view(-1, 1, 1)
    return (between / volume - torch.eye(3, device=p.device)).square().sum((1, 2)).mean()
