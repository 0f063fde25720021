"""Networks that turn one picture into another, and critics of whole pictures or patches.

Sources: Zhu et al. 2017 (CycleGAN, section 4 and appendix 7.2), Johnson et al. 2016 (residual
generator), Isola et al. 2017 (patch critic).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from maskbench.networks.critics import LEAK, initialise
from maskbench.networks.normalisation import Norm, normalisation

Padding = Literal["reflect", "zeros"]
FEWEST = 4  # side at which WholeCritic stops to halve


def initialise_normal(module: nn.Module, spread: float = 0.02) -> None:
    """Weights of convolutions and products from N(0, spread), biases 0 (Radford et al. 2016)."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(layer.weight, 0, spread)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


class ResidualBlock(nn.Module):
    """x + norm(conv(relu(norm(conv(x))))), 3x3 convolutions (Johnson et al. 2016)."""

    def __init__(self, width: int, norm: Norm = "instance", padding: Padding = "reflect") -> None:
        super().__init__()
        bias = norm in ("instance", "none")

        def half() -> list[nn.Module]:
            conv = nn.Conv2d(width, width, 3, 1, 1, padding_mode=padding, bias=bias)
            return [conv, normalisation(norm, width)]

        self.layers = nn.Sequential(*half(), nn.ReLU(), *half())

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, H, W) -> the same shape."""
        return x + self.layers(x)


class ResnetGenerator(nn.Module):
    """CycleGAN's generator: 7x7 convolution, two halvings, residual blocks, two doublings, 7x7.

    With width 64 and nine blocks it is the published one: 11.38 million parameters. StarGAN's and
    SaGAN's are of the same form.

    Args:
        inputs, outputs: channels. The outputs are linear: what follows bounds them.
        width: channels of the first convolution; doubled at each halving.
        blocks: residual blocks.
        norm: normalisation of all layers but the last.
        padding: of the convolutions that keep the size.
        kernel: side of the convolutions that halve and double.
        halvings: how often the picture is halved, and doubled again.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        width: int,
        blocks: int,
        norm: Norm = "instance",
        padding: Padding = "reflect",
        kernel: Literal[3, 4] = 3,
        halvings: int = 2,
    ) -> None:
        super().__init__()
        bias = norm in ("instance", "none")
        layers: list[nn.Module] = [
            nn.Conv2d(inputs, width, 7, 1, 3, padding_mode=padding, bias=bias),
            normalisation(norm, width), nn.ReLU(),
        ]  # fmt: skip
        widths = [width * 2**index for index in range(halvings + 1)]
        for before, after in pairwise(widths):
            layers += [
                nn.Conv2d(before, after, kernel, 2, 1, bias=bias),
                normalisation(norm, after), nn.ReLU(),
            ]  # fmt: skip
        layers += [ResidualBlock(widths[-1], norm, padding) for _ in range(blocks)]
        for before, after in pairwise(reversed(widths)):
            layers += [
                nn.ConvTranspose2d(
                    before, after, kernel, 2, 1, output_padding=kernel % 2, bias=bias
                ),
                normalisation(norm, after), nn.ReLU(),
            ]  # fmt: skip
        layers.append(nn.Conv2d(width, outputs, 7, 1, 3, padding_mode=padding))
        self.layers = nn.Sequential(*layers)
        initialise_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W), sides multiples of 2 ** halvings -> (B, outputs, H, W)."""
        return self.layers(x)


class Painted(NamedTuple):
    """What a painter makes.

    Attributes:
        pictures: (B, 3, s, s) in [-1, 1].
        opacity: (B, 1, s, s) in [0, 1], how much of it is painted; None without composition.
    """

    pictures: Tensor
    opacity: Tensor | None


class Painter(nn.Module):
    """A network that paints a picture: whole, or colours and an opacity laid over the picture.

    Args:
        network: (inputs, outputs) -> the network, which takes pictures with further maps as
            channels (B, inputs, s, s), and whatever else it is called with.
        maps: channels of further maps, such as labels.
        compose: it gives colours and an opacity a: picture (1 - a) + colours a.
        coordinates: it sees two more channels, where a pixel lies.
    """

    def __init__(
        self,
        network: Callable[[int, int], nn.Module],
        *,
        maps: int = 0,
        compose: bool = False,
        coordinates: bool = False,
    ) -> None:
        super().__init__()
        self.compose, self.coordinates = compose, coordinates
        self.network = network(3 + maps + 2 * coordinates, 3 + compose)

    def forward(self, pictures: Tensor, *further: Tensor, maps: Tensor | None = None) -> Painted:
        """Paint.

        Args:
            pictures: (B, 3, s, s) in [-1, 1].
            further: what else the network takes, such as a style vector.
            maps: (B, maps, s, s).
        """
        seen = [pictures] if maps is None else [pictures, maps]
        if self.coordinates:
            seen.append(places(pictures))
        stacked = torch.cat(seen, 1)
        made = self.network(stacked, *further).float()
        colours = torch.tanh(made[:, :3])
        if not self.compose:
            return Painted(colours, None)
        opacity = torch.sigmoid(made[:, 3:])
        return Painted(pictures + (colours - pictures) * opacity, opacity)


def places(pictures: Tensor) -> Tensor:
    """Where the pixels of pictures (B, C, H, W) lie: (B, 2, H, W) in [-1, 1], down and across."""
    down, across = (torch.linspace(-1, 1, side).to(pictures) for side in pictures.shape[-2:])
    grid = torch.stack(torch.meshgrid(down, across, indexing="ij"))
    return grid.expand(len(pictures), -1, -1, -1)


class PatchCritic(nn.Module):
    """A critic of patches: 4x4 convolutions, three of them with stride 2; with width 64 its patches
    are 70 pixels wide and it has 2.76 million parameters (Isola et al. 2017).

    Args:
        width: channels of the first convolution.
        layers: convolutions with stride 2 (three as published).
        extra: further 3x3 convolutions before the last one (paper 4 adds one).
        channels: of the picture.
        norm: of all layers but the first and the last.
    """

    def __init__(
        self, width: int, layers: int = 3, extra: int = 0, channels: int = 3,
        norm: Norm = "instance",
    ) -> None:  # fmt: skip
        super().__init__()
        bias = norm in ("instance", "none")
        widths = [width * 2 ** min(index, 3) for index in range(layers + 1)]
        stack: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(LEAK)]
        for index, (before, after) in enumerate(pairwise(widths)):
            stride = 2 if index + 1 < layers else 1
            stack += [
                nn.Conv2d(before, after, 4, stride, 1, bias=bias),
                normalisation(norm, after), nn.LeakyReLU(LEAK),
            ]  # fmt: skip
        for _ in range(extra):
            stack += [
                nn.Conv2d(widths[-1], widths[-1], 3, 1, 1, bias=bias),
                normalisation(norm, widths[-1]), nn.LeakyReLU(LEAK),
            ]  # fmt: skip
        stack.append(nn.Conv2d(widths[-1], 1, 4, 1, 1))
        self.layers = nn.Sequential(*stack)
        initialise_normal(self)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, channels, H, W) in [-1, 1] -> scores (B, 1, h, w)."""
        return self.layers(pictures)


class WholeCritic(nn.Module):
    """A critic that sees the whole picture: halved to 4 to 7 pixels by 4x4 convolutions without
    normalisation, then one dense layer to each output.

    Args:
        size: side of the pictures.
        width: channels of the first convolution; doubled at each halving, at most eightfold.
        outputs: numbers for each picture: the score, and whatever else is asked.
        channels: of the picture.
    """

    def __init__(self, size: int, width: int, outputs: int = 1, channels: int = 3) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before, index = channels, 0
        while size // 2 >= FEWEST:
            after = width * 2 ** min(index, 3)
            layers += [nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(LEAK)]
            before, size, index = after, size // 2, index + 1
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(before * size**2, outputs))
        initialise(self)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, channels, size, size) in [-1, 1] -> (B, outputs)."""
        return self.layers(pictures)
