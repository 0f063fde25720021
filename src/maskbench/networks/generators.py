"""Generators: networks that say how a mask picture must be moved to sit on a face.

All but the last return the update of the homography's eight numbers for the spatial transformer.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from maskbench.networks.critics import LEAK, PyConvTrunk, initialise, strides
from maskbench.networks.stn import KINDS, NUMBERS

INPUTS = 7  # the face's three channels and the warped mask's four


class Updates(nn.Module):
    """The last layer of a placing generator: features -> eight bounded numbers.

    It starts at zero, that is at the untouched mask picture: an untrained generator that moves the
    picture at random can lose it out of the frame, from where no gradient brings it back.

    Args:
        features: inputs.
        reach: largest update of a translation, a scale, a shear and a perspective number.
    """

    reach: Tensor

    def __init__(self, features: int, reach: dict[str, float]) -> None:
        super().__init__()
        self.linear = nn.Linear(features, NUMBERS)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        self.register_buffer("reach", torch.tensor([reach[kind] for kind in KINDS]))

    def forward(self, features: Tensor) -> Tensor:
        """(B, features) -> (B, 8), |p_i| < reach_i."""
        return torch.tanh(self.linear(features).float()) * self.reach


class PyConvGenerator(nn.Module):
    """Paper 1's generator: face and mask stacked, 7x7 convolution, four PyConv layers, dense."""

    def __init__(self, size: int, width: int, hidden: int, reach: dict[str, float]) -> None:
        super().__init__()
        self.trunk = PyConvTrunk(INPUTS, size, width)
        side = size
        for stride in strides(size, 5):
            side = -(-side // stride)
        self.dense = nn.Sequential(
            nn.Flatten(), nn.Linear(self.trunk.outputs * side**2, hidden), nn.LeakyReLU(LEAK)
        )
        initialise(self.dense)
        self.updates = Updates(hidden, reach)

    def forward(self, stacked: Tensor) -> Tensor:
        """(B, 7, size, size) -> (B, 8)."""
        return self.updates(self.dense(self.trunk(stacked)))


class DenseGenerator(nn.Module):
    """Fully connected, as in the first GAN (Goodfellow et al. 2014)."""

    def __init__(self, size: int, width: int, reach: dict[str, float]) -> None:
        super().__init__()
        self.dense = nn.Sequential(
            nn.Flatten(),
            nn.Linear(INPUTS * size * size, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
        )
        self.updates = Updates(width, reach)

    def forward(self, stacked: Tensor) -> Tensor:
        """(B, 7, size, size) -> (B, 8)."""
        return self.updates(self.dense(stacked))


class ConvGenerator(nn.Module):
    """Strided convolutions with batch normalisation and ReLU, DCGAN's rules, then dense."""

    def __init__(self, size: int, width: int, hidden: int, reach: dict[str, float]) -> None:
        super().__init__()
        layers, before, side = conv_stack(INPUTS, size, width)
        self.trunk = nn.Sequential(*layers)
        self.dense = nn.Sequential(nn.Flatten(), nn.Linear(before * side**2, hidden), nn.ReLU())
        self.updates = Updates(hidden, reach)

    def forward(self, stacked: Tensor) -> Tensor:
        """(B, 7, size, size) -> (B, 8)."""
        return self.updates(self.dense(self.trunk(stacked)))


def conv_stack(inputs: int, size: int, width: int) -> tuple[Sequence[nn.Module], int, int]:
    """Four 5x5 convolutions with batch normalisation; layers, channels and side of the result."""
    layers: list[nn.Module] = []
    before, side = inputs, size
    for index, stride in enumerate(strides(size, 4)):
        after = width * 2 ** min(index, 2)
        layers.append(nn.Conv2d(before, after, 5, stride, 2, bias=False))
        layers += [nn.BatchNorm2d(after), nn.ReLU()]
        before, side = after, -(-side // stride)
    return layers, before, side


class PictureGenerator(nn.Module):
    """Paints the whole picture itself, without a spatial transformer (for ``gan_direct``).

    Two halvings, ``blocks`` residual convolutions, two doublings; DCGAN's normalisation.
    """

    def __init__(self, width: int, blocks: int = 2) -> None:
        super().__init__()
        wide = 4 * width

        def down(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
            conv = nn.Conv2d(inputs, outputs, 5, stride, 2, bias=False)
            return [conv, nn.BatchNorm2d(outputs), nn.ReLU()]

        def up(inputs: int, outputs: int) -> list[nn.Module]:
            conv = nn.Conv2d(inputs, outputs, 5, 1, 2, bias=False)
            return [nn.Upsample(scale_factor=2), conv, nn.BatchNorm2d(outputs), nn.ReLU()]

        middle: list[nn.Module] = []
        for _ in range(blocks):
            middle += down(wide, wide, 1)
        self.layers = nn.Sequential(
            *down(INPUTS, width, 1),
            *down(width, 2 * width, 2),
            *down(2 * width, wide, 2),
            *middle,
            *up(wide, 2 * width),
            *up(2 * width, width),
            nn.Conv2d(width, 3, 5, 1, 2),
        )

    def forward(self, stacked: Tensor) -> Tensor:
        """(B, 7, size, size) -> (B, 3, size, size) in [0, 1]."""
        return torch.sigmoid(self.layers(stacked).float())
