"""Critics: networks that judge whether a picture shows a person who really wears a mask."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from maskbench.networks.pyconv import PyConv

MAP = 5  # side of the score map
LEAK = 0.2


def strides(size: int, layers: int) -> list[int]:
    """Stride 2 as long as the map stays at least five wide, then 1.

    At 144 and five layers every stride is 2: 144, 72, 36, 18, 9, 5.
    """
    out = []
    for _ in range(layers):
        half = -(-size // 2)
        out.append(2 if half >= MAP else 1)
        size = half if half >= MAP else size
    return out


def initialise(module: nn.Module) -> None:
    """He et al. (2015) initialisation, for networks without batch normalisation: PyTorch's default
    shrinks the signal at every layer, and without normalisation nothing restores it."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, a=LEAK, nonlinearity="leaky_relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


class PyConvTrunk(nn.Module):
    """7x7 convolution and four PyConv layers without batch normalisation (paper 1, section 3).

    The pyramids have 4, 3, 2 and 2 kernels: the first has 3, 5, 7 and 9 as the paper says; deeper
    maps are too small for the large ones (as in the PyConv paper's own networks).

    Args:
        inputs: channels of the picture.
        size: side of the picture.
        width: channels of the first pyramid, a multiple of 64; the stem has a quarter, the last
            pyramid has ``2 * width``.
    """

    LEVELS = (4, 3, 2, 2)

    def __init__(self, inputs: int, size: int, width: int) -> None:
        super().__init__()
        steps = strides(size, 5)
        self.outputs = 2 * width
        widths = (width, width, 2 * width, 2 * width)
        layers: list[nn.Module] = [
            nn.Conv2d(inputs, width // 4, 7, steps[0], 3),
            nn.LeakyReLU(LEAK),
        ]
        before = width // 4
        for levels, after, stride in zip(self.LEVELS, widths, steps[1:], strict=True):
            layers += [PyConv(before, after, levels, stride), nn.LeakyReLU(LEAK)]
            before = after
        self.layers = nn.Sequential(*layers)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, size, size) -> (B, 2 width, m, m), m = 5 at size 144."""
        return self.layers(x)


class PyConvCritic(nn.Module):
    """Paper 1's discriminator: no fully connected layer; a 3x3 convolution gives 5x5x1 scores.

    Below 144 pixels the trunk's map is averaged to 5x5 first.
    """

    def __init__(self, size: int, width: int, channels: int = 3) -> None:
        super().__init__()
        self.trunk = PyConvTrunk(channels, size, width)
        self.head = nn.Conv2d(self.trunk.outputs, 1, 3, 1, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, size, size) in [-1, 1] -> (B, 1, 5, 5)."""
        return self.head(F.adaptive_avg_pool2d(self.trunk(pictures), MAP))


class DenseCritic(nn.Module):
    """The fully connected discriminator of the first GAN (Goodfellow et al. 2014)."""

    def __init__(self, size: int, width: int, channels: int = 3, dropout: float = 0.0) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(channels * size * size, width),
            nn.LeakyReLU(LEAK),
            nn.Dropout(dropout),
            nn.Linear(width, width),
            nn.LeakyReLU(LEAK),
            nn.Dropout(dropout),
            nn.Linear(width, 1),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, size, size) in [-1, 1] -> (B, 1)."""
        return self.layers(pictures)


class ConvCritic(nn.Module):
    """The strided discriminator of DCGAN (Radford et al. 2016), ended by a 5x5x1 score map.

    Args:
        normalise: batch normalisation in all but the first layer, as DCGAN has it.
    """

    def __init__(self, size: int, width: int, channels: int = 3, normalise: bool = True) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for index, stride in enumerate(strides(size, 4)):
            after = width * 2 ** min(index, 2)
            layers.append(nn.Conv2d(before, after, 5, stride, 2, bias=not normalise or index == 0))
            if normalise and index:
                layers.append(nn.BatchNorm2d(after))
            layers.append(nn.LeakyReLU(LEAK))
            before = after
        self.trunk = nn.Sequential(*layers)
        self.head = nn.Conv2d(before, 1, 3, 1, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, size, size) in [-1, 1] -> (B, 1, 5, 5)."""
        return self.head(F.adaptive_avg_pool2d(self.trunk(pictures), MAP))
