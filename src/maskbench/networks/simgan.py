"""SimGAN's refiner and discriminator (Shrivastava et al. 2017, appendix; paper 3, section 4)."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from maskbench.networks.translation import LEAK, ResidualBlock, WholeCritic, initialise

Norm = Literal["batch", "none"]


def initialise_glorot(module: nn.Module) -> None:
    """Weights by Glorot and Bengio (2010), uniform, and biases 0: what Keras does by itself, in
    which paper 3 was programmed."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


class Refiner(nn.Module):
    """3x3 convolution, residual blocks with ReLU after the sum (He et al. 2015), 1x1 convolution,
    all at the size of the picture.

    With four blocks without normalisation it is Shrivastava et al.'s, 297 thousand parameters;
    paper 3's best has eight with batch normalisation.

    Args:
        inputs, outputs: channels. The outputs are linear: what follows bounds them.
        width: channels in between.
        blocks: residual blocks.
        norm: normalisation within them.
    """

    def __init__(
        self, inputs: int, outputs: int, width: int = 64, blocks: int = 8, norm: Norm = "batch"
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(inputs, width, 3, 1, 1), nn.ReLU()]
        for _ in range(blocks):
            layers += [ResidualBlock(width, norm, "zeros"), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, outputs, 1))
        initialise_glorot(self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W)."""
        return self.layers(x)


class RefinerCritic(nn.Module):
    """Five convolutions and two poolings, then, as paper 3 adds, one dense layer behind batch
    normalisation.

    Convolutions and the first pooling are Shrivastava et al.'s (78 thousand parameters at width
    96), but for the rectifier behind the last convolution. The second pooling and its place are
    ours: the paper names none.

    Args:
        size: side of the pictures.
        width: channels of the first convolution, at least 3; two thirds in the second, one third in
            the next two, two in the last.
        norm: of what the dense layer sees.
        extra: further 3x3 convolutions (two in the last row of paper 3's Table 2).
    """

    def __init__(
        self, size: int, width: int = 96, norm: Norm = "batch", extra: int = 0, channels: int = 3
    ) -> None:
        super().__init__()
        third = width // 3
        layers: list[nn.Module] = [
            nn.Conv2d(channels, width, 3, 2, 1), nn.ReLU(),
            nn.Conv2d(width, 2 * third, 3, 2, 1), nn.ReLU(),
            nn.MaxPool2d(3, 1, 1),
            nn.Conv2d(2 * third, third, 3, 1, 1), nn.ReLU(),
        ]  # fmt: skip
        for _ in range(extra):
            layers += [nn.Conv2d(third, third, 3, 1, 1), nn.ReLU()]
        layers += [
            nn.Conv2d(third, third, 1), nn.ReLU(),
            nn.MaxPool2d(2, 2, ceil_mode=True),
            nn.Conv2d(third, 2, 1),
        ]  # fmt: skip
        self.layers = nn.Sequential(*layers)
        for _ in range(3):  # two strides and a pooling
            size = -(-size // 2)
        seen = 2 * size**2
        normal = nn.BatchNorm1d(seen) if norm == "batch" else nn.Identity()
        self.head = nn.Sequential(nn.Flatten(), normal, nn.Linear(seen, 1))
        initialise_glorot(self)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, channels, size, size) in [-1, 1] -> (B, 1)."""
        return self.head(self.layers(pictures))


class DeeperWholeCritic(WholeCritic):
    """A critic that sees the whole picture, with further 3x3 convolutions before its dense layer:
    the last row of paper 3's Table 2 with the switch ``whole_critic``.

    Args:
        size, width: as for :class:`WholeCritic`.
        extra: further convolutions.
    """

    def __init__(self, size: int, width: int, extra: int) -> None:
        super().__init__(size, width)
        *halving, flat, dense = self.layers
        after = width * 2 ** min(len(halving) // 2 - 1, 3)
        further: list[nn.Module] = []
        for _ in range(extra):
            further += [nn.Conv2d(after, after, 3, 1, 1), nn.LeakyReLU(LEAK)]
        self.layers = nn.Sequential(*halving, *further, flat, dense)
        initialise(self)
