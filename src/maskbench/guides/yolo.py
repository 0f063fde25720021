"""YOLOv3 and its small variant (Redmon & Farhadi 2018), after Darknet's ``yolov3.cfg`` and
``yolov3-tiny.cfg``, which are in the public domain.

Every convolution is padded and followed by batch normalisation and a leaky ReLU, but the last of
each head. In each cell of a head's map and for each of its three anchors (sizes of boxes) the head
predicts an offset, a size, an objectness and a score for each class. ``yolov3-tiny`` has poolings
and two heads, ``yolov3`` Darknet-53's residual blocks and three heads.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ANCHORS = 3
"""Anchors of a head."""
HEADS = {"yolov3-tiny": 2, "yolov3": 3}
_BLOCKS = (1, 2, 8, 8, 4)  # Darknet-53's residual blocks after each halving
_LARGEST = 4.0  # boxes are at most exp(4) times as large as their anchor


def convolution(inputs: int, outputs: int, side: int, stride: int = 1) -> nn.Sequential:
    """Darknet's convolution: padded, batch normalisation, leaky ReLU (0.1)."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.LeakyReLU(0.1, inplace=True),
    )


class Residual(nn.Module):
    """Darknet-53's block: a 1x1 convolution to half of the channels and a 3x3 one back, added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            convolution(channels, channels // 2, 1), convolution(channels // 2, channels, 3)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class SteadyPool(nn.Module):
    """Darknet's pooling of size 2 and stride 1: the map keeps its size."""

    def forward(self, x: Tensor) -> Tensor:
        return F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=-torch.inf), 2, 1)


class Yolo(nn.Module):
    """(B, 3, s, s) in [-1, 1] -> predictions (B, N, 5 + classes), unbounded: x, y, width and height
    as :meth:`boxes` reads them, objectness, and a score for each class.

    N counts the anchors of all cells: the coarsest map first, in it the largest anchor first, then
    row by row.

    Args:
        design: a key of :data:`HEADS`.
        width: channels of the first convolution (published: 16 of the small, 32 of the full one);
            doubled at each halving.
        depth: halvings (published: 5), at least as many as heads. s is a multiple of 2 ** depth.
        classes: how many.

    Attributes:
        anchors: buffer (heads x 3, 2), width and height as shares of s, the largest first.
        strides: pixels a cell of each map.
    """

    anchors: Tensor

    def __init__(self, design: str, width: int, depth: int, classes: int) -> None:
        super().__init__()
        self.classes, heads, small = classes, HEADS[design], design == "yolov3-tiny"
        self.strides = tuple(2 ** (depth - head) for head in range(heads))
        self.register_buffer("anchors", torch.ones(heads * ANCHORS, 2))
        widths = [width * 2**scale for scale in range(depth + 2)]
        self.stages = nn.ModuleList(_small(widths) if small else _full(widths))
        routes = [widths[depth + 1], widths[depth - 1]] if small else widths[depth::-1][:heads]
        self.necks, self.heads, self.links = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        incoming = routes[0]
        for head in range(heads):
            channels = widths[depth - head]
            half = incoming if small and head else channels // 2
            self.necks.append(_neck(incoming, channels, small, head))
            last = nn.Conv2d(channels, ANCHORS * (5 + classes), 1)
            self.heads.append(nn.Sequential(convolution(half, channels, 3), last))
            if head + 1 < heads:
                self.links.append(convolution(half, half // 2, 1))
                incoming = half // 2 + routes[head + 1]

    def forward(self, x: Tensor) -> Tensor:
        maps, found = [], []
        for stage in self.stages:
            maps.append(x := stage(x))
        for index, (neck, head) in enumerate(zip(self.necks, self.heads, strict=True)):
            x = neck(x)
            raw = head(x)
            count, _, high, wide = raw.shape
            raw = raw.reshape(count, ANCHORS, 5 + self.classes, high, wide)
            found.append(raw.permute(0, 1, 3, 4, 2).flatten(1, 3))
            if index < len(self.links):
                x = F.interpolate(self.links[index](x), scale_factor=2.0, mode="nearest")
                x = torch.cat([x, maps[-2 - index]], dim=1)
        return torch.cat(found, dim=1)

    def boxes(self, raw: Tensor, size: int) -> Tensor:
        """The boxes of predictions: x0 y0 x1 y1 as shares of the picture's side.

        A centre lies in its cell at the sigmoid of x and y; a side is the anchor's times exp(width)
        or exp(height).

        Args:
            raw: (B, N, 5 + classes) what the network gives.
            size: s, side of the pictures that it was given.
        """
        sides = tuple(size // stride for stride in self.strides)
        corner, step = (values.to(raw.device) for values in _cells(sides))
        anchors = torch.cat(
            [
                each.repeat_interleave(side**2, 0)
                for each, side in zip(self.anchors.split(ANCHORS), sides, strict=True)
            ]
        )
        centre = corner + raw[..., :2].sigmoid() * step
        half = anchors * raw[..., 2:4].clamp(max=_LARGEST).exp() / 2
        return torch.cat([centre - half, centre + half], dim=-1)


def _cells(sides: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Of each prediction the corner (N, 2) of its cell and the side (N, 1) of it."""
    corners, steps = [], []
    for side in sides:
        y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
        corners.append(torch.stack([x, y], dim=-1).view(-1, 2).repeat(ANCHORS, 1) / side)
        steps.append(torch.full((ANCHORS * side**2, 1), 1 / side))
    return torch.cat(corners), torch.cat(steps)


def _small(widths: list[int]) -> list[nn.Module]:
    """A convolution and a pooling by turns; the last map has four times the channels of the one
    before it."""
    *first, low, high = widths
    stages: list[nn.Module] = [convolution(3, widths[0], 3)]
    for before, after in pairwise(first):
        stages.append(nn.Sequential(nn.MaxPool2d(2), convolution(before, after, 3)))
    stages.append(
        nn.Sequential(
            nn.MaxPool2d(2), convolution(first[-1], low, 3), SteadyPool(), convolution(low, high, 3)
        )
    )
    return stages


def _full(widths: list[int]) -> list[nn.Module]:
    """Darknet-53 without its classifier."""
    stages: list[nn.Module] = [convolution(3, widths[0], 3)]
    for before, after, blocks in zip(widths, widths[1:-1], _BLOCKS, strict=False):
        residual = [Residual(after) for _ in range(blocks)]
        stages.append(nn.Sequential(convolution(before, after, 3, stride=2), *residual))
    return stages


def _neck(incoming: int, channels: int, small: bool, head: int) -> nn.Module:
    """What leads to a head and to the next finer one."""
    if small:
        return nn.Identity() if head else convolution(incoming, channels // 2, 1)
    half = channels // 2
    return nn.Sequential(
        convolution(incoming, half, 1),
        convolution(half, channels, 3),
        convolution(channels, half, 1),
        convolution(half, channels, 3),
        convolution(channels, half, 1),
    )
