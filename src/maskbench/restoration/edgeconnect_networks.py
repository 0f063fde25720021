"""EdgeConnect's networks (Nazeri et al. 2019, section 3 and appendix A).

Generators, in their notation c7s1-64, d128, d256, eight residual blocks of 256 whose first
convolution is dilated by 2, u128, u64, c7s1: the encoder and decoder of Johnson et al. 2016, with
instance normalisation. Discriminators: the 70 x 70 PatchGAN (Isola et al. 2017). The edge
generator and both discriminators are spectrally normalised (Miyato et al. 2018).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from maskbench.networks.normalisation import InstanceNorm


def _normed(layer: nn.Module, spectral: bool) -> nn.Module:
    nn.init.normal_(layer.weight, 0.0, 0.02)  # type: ignore[arg-type]
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return spectral_norm(layer) if spectral else layer


class Residual(nn.Module):
    """x + a dilated and a plain 3x3 convolution, each instance-normalised, ReLU between them."""

    def __init__(self, width: int, dilation: int, spectral: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(dilation),
            _normed(nn.Conv2d(width, width, 3, dilation=dilation, bias=not spectral), spectral),
            InstanceNorm(width),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            _normed(nn.Conv2d(width, width, 3, bias=not spectral), spectral),
            InstanceNorm(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Generator(nn.Module):
    """(B, inputs, H, W) -> (B, outputs, H, W) in [0, 1]; sides are multiples of 4.

    Args:
        inputs: 3 for edges (grey, edges, hole), 4 for colours (RGB, edges).
        outputs: 1 for edges, 3 for colours.
        width: channels of the first convolution (64 as published).
        blocks: residual blocks (8 as published).
        spectral: spectral normalisation (the edge generator's).
        last: what brings the result into [0, 1]: a sigmoid (edges) or (tanh + 1) / 2 (colours).
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        width: int = 64,
        blocks: int = 8,
        spectral: bool = False,
        last: Literal["sigmoid", "tanh"] = "tanh",
    ) -> None:
        super().__init__()
        self.last = last
        layers: list[nn.Module] = [
            nn.ReflectionPad2d(3),
            _normed(nn.Conv2d(inputs, width, 7), spectral),
            InstanceNorm(width),
            nn.ReLU(inplace=True),
        ]
        for before in (width, 2 * width):
            layers += [
                _normed(nn.Conv2d(before, 2 * before, 4, stride=2, padding=1), spectral),
                InstanceNorm(2 * before),
                nn.ReLU(inplace=True),
            ]
        layers += [Residual(4 * width, 2, spectral) for _ in range(blocks)]
        for before in (4 * width, 2 * width):
            layers += [
                _normed(nn.ConvTranspose2d(before, before // 2, 4, stride=2, padding=1), spectral),
                InstanceNorm(before // 2),
                nn.ReLU(inplace=True),
            ]
        layers += [nn.ReflectionPad2d(3), _normed(nn.Conv2d(width, outputs, 7), False)]
        self.body = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        return torch.sigmoid(x) if self.last == "sigmoid" else (torch.tanh(x) + 1) / 2


class Discriminator(nn.Module):
    """(B, inputs, H, W) -> logits (B, 1, h, w), each of a 70 x 70 patch, and the five layers' maps.

    Args:
        inputs: 2 for edges (grey, edges), 3 for colours.
        width: channels of the first convolution (64 as published).
    """

    def __init__(self, inputs: int, width: int = 64) -> None:
        super().__init__()
        widths = (inputs, width, 2 * width, 4 * width, 8 * width)
        strides = (2, 2, 2, 1)
        self.layers = nn.ModuleList(
            nn.Sequential(
                _normed(nn.Conv2d(before, after, 4, stride=stride, padding=1, bias=False), True),
                nn.LeakyReLU(0.2, inplace=True),
            )
            for before, after, stride in zip(widths, widths[1:], strides, strict=False)
        )
        self.last = _normed(nn.Conv2d(8 * width, 1, 4, padding=1, bias=False), True)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        maps: list[Tensor] = []
        for layer in self.layers:
            x = layer(x)
            maps.append(x)
        logits = self.last(x)
        return logits, [*maps, logits]
