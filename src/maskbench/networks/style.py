"""Mask styles as vectors: a generator that follows one, and the network that reads one off a
photograph.

Sources: Huang and Belongie 2017 (AdaIN), Choi et al. 2020 (StarGAN v2: AdaIN from a style code, an
encoder with one branch a domain), Duta et al. 2020 (iResNet's stages), paper 4, sections III-D and
IV-A.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskbench.networks.normalisation import InstanceNorm, Norm, normalisation
from maskbench.networks.translation import ResnetGenerator

MAP = 4  # side of the encoder's last map


class AdaIN(nn.Module):
    """Instance normalisation whose gain and shift come from a style code: (1 + gain) IN(x) + shift.

    Args:
        style: length of the code.
        channels: of the maps.
    """

    def __init__(self, style: int, channels: int) -> None:
        super().__init__()
        self.normalise = InstanceNorm(channels)
        self.dense = nn.Linear(style, 2 * channels)
        nn.init.zeros_(self.dense.bias)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """(B, channels, H, W) and (B, style) -> (B, channels, H, W)."""
        gain, shift = self.dense(code)[:, :, None, None].chunk(2, 1)
        return (1 + gain) * self.normalise(x) + shift


class StyledGenerator(ResnetGenerator):
    """CycleGAN's generator with AdaIN instead of instance normalisation where it doubles the size.

    A learnt constant is added to the code, and stands alone where there is none, so that a training
    that brings codes in goes on from where it was.

    Args:
        style: length of the code.
        options: of :class:`.translation.ResnetGenerator`.
    """

    def __init__(
        self, inputs: int, outputs: int, width: int, blocks: int, *, style: int, **options: Any
    ) -> None:
        super().__init__(inputs, outputs, width, blocks, **options)
        for place, layer in enumerate(self.layers):
            if isinstance(layer, nn.ConvTranspose2d):
                self.layers[place + 1] = AdaIN(style, layer.out_channels)
        self.constant = nn.Parameter(torch.randn(style))

    def forward(self, x: Tensor, code: Tensor | None = None) -> Tensor:
        """(B, inputs, H, W), sides multiples of 4, and (B, style) -> (B, outputs, H, W)."""
        shown = self.constant.expand(len(x), -1) if code is None else self.constant + code
        for layer in self.layers:
            x = layer(x, shown) if isinstance(layer, AdaIN) else layer(x)
        return x


class ResBlock(nn.Module):
    """A residual block of an iResNet stage. Two 3x3 convolutions are in each; normalisation and
    ReLU stand around them by its place.

    Args:
        inputs, outputs: channels.
        place: ``start``: conv-norm-ReLU-conv-norm, halves the size; its shortcut is a 3x3 max
            pooling with stride 2, a 1x1 convolution and a normalisation. ``middle``:
            norm-ReLU-conv-norm-ReLU-conv. ``end``: as ``middle``, and norm-ReLU after the addition.
        first: it follows the start, whose normalised maps it does not normalise again.
    """

    def __init__(
        self, inputs: int, outputs: int, place: str, norm: Norm = "batch", first: bool = False
    ) -> None:
        super().__init__()
        starts, bias = place == "start", norm == "none"
        before: list[nn.Module] = [] if starts or first else [normalisation(norm, inputs)]
        self.body = nn.Sequential(
            *before, *([] if starts else [nn.ReLU()]),
            nn.Conv2d(inputs, outputs, 3, 2 if starts else 1, 1, bias=bias),
            normalisation(norm, outputs), nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=bias),
            *([normalisation(norm, outputs)] if starts else []),
        )  # fmt: skip
        self.shortcut: nn.Module = nn.Identity()
        if starts:
            self.shortcut = nn.Sequential(
                nn.MaxPool2d(3, 2, 1), nn.Conv2d(inputs, outputs, 1, bias=bias),
                normalisation(norm, outputs),
            )  # fmt: skip
        self.after: nn.Module = nn.Identity()
        if place == "end":
            self.after = nn.Sequential(normalisation(norm, outputs), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W), or half as high and wide at the start."""
        return self.after(self.shortcut(x) + self.body(x))


def res_stage(inputs: int, outputs: int, norm: Norm = "batch") -> nn.Sequential:
    """iResNet's stage of three blocks: start, middle, end (Duta et al. 2020, section 3.1)."""
    return nn.Sequential(
        ResBlock(inputs, outputs, "start", norm),
        ResBlock(outputs, outputs, "middle", norm, first=True),
        ResBlock(outputs, outputs, "end", norm),
    )


class StyleEncoder(nn.Module):
    """Paper 4's mask style encoder: a 3x3 convolution, two stages of iResNet, and one dense layer a
    kind of mask. These start at 0: all codes are 0 until they learn.

    Args:
        width: channels of the first stage; the second has twice as many.
        style: length of a code.
        kinds: dense layers (branches).
        norm: of the stages: ``batch``, or ``none`` as in StarGAN v2.
    """

    def __init__(self, width: int, style: int, kinds: int, norm: Norm = "batch") -> None:
        super().__init__()
        self.style = style
        self.trunk = nn.Sequential(
            nn.Conv2d(3, width, 3, 1, 1), res_stage(width, width, norm),
            res_stage(width, 2 * width, norm),
        )  # fmt: skip
        self.branches = nn.Linear(2 * width * MAP**2, kinds * style)
        nn.init.zeros_(self.branches.weight)
        nn.init.zeros_(self.branches.bias)
        for layer in self.trunk.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, pictures: Tensor, kinds: Tensor) -> Tensor:
        """(B, 3, s, s) in [-1, 1] and the number of each picture's kind (B,) -> (B, style)."""
        found = F.adaptive_avg_pool2d(self.trunk(pictures), MAP).flatten(1)
        codes = self.branches(found).unflatten(1, (-1, self.style))
        return codes[torch.arange(len(codes)), kinds]
