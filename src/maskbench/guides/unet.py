"""U-Net (Ronneberger, Fischer & Brox 2015, figure 1).

Two 3x3 convolutions with ReLU at each scale, 2x2 max pooling on the way down, 2x2 up-convolutions
and copied maps on the way up, a 1x1 convolution at the end. Two departures: convolutions are
padded, so that the result has the size of the picture (the original loses 92 pixels a side and
tiles its pictures), and are followed by batch normalisation, which lets SGD start from random
weights and end in the steps that a CPU can afford.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def _convolutions(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    """(B, 3, H, W) in [-1, 1] -> logits (B, 1, H, W); sides are multiples of fold x 2 ** depth.

    Args:
        width: channels of the first scale (64 as published); doubled at each further one.
        depth: poolings (4 as published).
        inputs: channels of the picture.
        outputs: channels of the result.
        fold: squares of fold x fold pixels become channels before the first convolution and pixels
            again after the last (Shi et al. 2016): thin things stay visible at the cost of a
            picture that is fold times smaller each way. 1: as published.
    """

    def __init__(
        self, width: int = 64, depth: int = 4, inputs: int = 3, outputs: int = 1, fold: int = 1
    ) -> None:
        super().__init__()
        self.fold, inputs, outputs = fold, inputs * fold**2, outputs * fold**2
        widths = [width * 2**scale for scale in range(depth + 1)]
        self.down = nn.ModuleList(
            _convolutions(before, after)
            for before, after in zip([inputs, *widths], widths, strict=False)
        )
        self.pool = nn.MaxPool2d(2)
        self.grow = nn.ModuleList(
            nn.ConvTranspose2d(2 * after, after, 2, stride=2) for after in reversed(widths[:-1])
        )
        self.up = nn.ModuleList(_convolutions(2 * after, after) for after in reversed(widths[:-1]))
        self.last = nn.Conv2d(width, outputs, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                # Standard deviation sqrt(2 / N), N incoming nodes of a neuron: the paper, section 3
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        copied: list[Tensor] = []
        x = F.pixel_unshuffle(x, self.fold)
        for scale, block in enumerate(self.down):
            x = block(self.pool(x) if scale else x)
            copied.append(x)
        copied.pop()
        for grow, block in zip(self.grow, self.up, strict=True):
            x = block(torch.cat([copied.pop(), grow(x)], dim=1))
        return F.pixel_shuffle(self.last(x), self.fold)
