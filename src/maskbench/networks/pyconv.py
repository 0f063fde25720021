"""Pyramidal convolution (Duta et al. 2020): kernels of several sizes side by side.

The larger the kernel, the more groups it is split into, so that every level costs about the same
and the whole costs no more than one 3x3 convolution. The outputs of the levels are concatenated.
"""

from __future__ import annotations

import copy
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Level(NamedTuple):
    """One kernel of a pyramid: its size, its groups and its share of the output channels."""

    kernel: int
    groups: int
    share: float


# The published pyramids (kernel, groups, share of the outputs).
PYRAMIDS: dict[int, tuple[Level, ...]] = {
    2: (Level(3, 1, 1 / 2), Level(5, 4, 1 / 2)),
    3: (Level(3, 1, 1 / 4), Level(5, 4, 1 / 4), Level(7, 8, 1 / 2)),
    4: (Level(3, 1, 1 / 4), Level(5, 4, 1 / 4), Level(7, 8, 1 / 4), Level(9, 16, 1 / 4)),
}


class PyConv(nn.Module):
    """A pyramid of convolutions without bias, padding k // 2.

    Args:
        inputs, outputs: channels. Both must be divisible as the pyramid's groups ask: for
            four levels ``inputs`` by 16 and ``outputs`` by 64, for three by 8 and 16, for two by
            4 and 8.
        levels: 2, 3 or 4 kernels (3, 5, 7, 9 with 1, 4, 8, 16 groups).
        stride: of every kernel; the map is ceil(n / stride) wide.

    Raises:
        ValueError: channels that the groups do not divide.
    """

    def __init__(self, inputs: int, outputs: int, levels: int, stride: int = 1) -> None:
        super().__init__()
        self.inputs, self.outputs, self.stride = inputs, outputs, stride
        self.levels = nn.ModuleList()
        for level in PYRAMIDS[levels]:
            width = int(outputs * level.share)
            if width != outputs * level.share or width % level.groups or inputs % level.groups:
                raise ValueError(
                    f"PyConv{levels}: {inputs} -> {outputs} channels do not divide into "
                    f"{level.groups} groups of kernel {level.kernel}"
                )
            self.levels.append(
                nn.Conv2d(
                    inputs, width, level.kernel, stride, level.kernel // 2,
                    groups=level.groups, bias=False,
                )
            )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, ceil(H / stride), ceil(W / stride))."""
        return torch.cat([level(x) for level in self.levels], dim=1)


def plain(network: nn.Module) -> nn.Module:
    """A copy of a network with one 3x3 convolution in the place of each pyramid: what a pyramid of
    as many channels must not cost more than (Duta et al. 2020; paper 1, section 2.2)."""
    twin = copy.deepcopy(network)
    for name, part in list(twin.named_modules()):
        if isinstance(part, PyConv):
            like = next(part.parameters())
            one = nn.Conv2d(part.inputs, part.outputs, 3, part.stride, 1, bias=False)
            twin.set_submodule(name, one.to(like.device))
    return twin
