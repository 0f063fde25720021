"""Inception-ResNet v1 (Szegedy et al. 2017) as FaceNet's published PyTorch weights have it.

The names of the layers are those of these weights' state dictionary, so that it can be loaded as it
is. Pictures 160 x 160; nothing depends on that size but the size of the last map.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

EMBEDDING = 512


class BasicConv2d(nn.Module):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu_(self.bn(self.conv(x)))


class Residual(nn.Module):
    """Branches side by side, a 1x1 convolution of them all, added in small to the input."""

    def __init__(
        self,
        channels: int,
        outputs: int,
        branches: list[nn.Module],
        scale: float,
        last: bool = False,
    ) -> None:
        super().__init__()
        self.names = [f"branch{number}" for number in range(len(branches))]
        for name, branch in zip(self.names, branches, strict=True):
            self.add_module(name, branch)
        self.conv2d = nn.Conv2d(outputs, channels, 1)
        self.scale, self.last = scale, last

    def forward(self, x: Tensor) -> Tensor:
        joined = torch.cat([self.get_submodule(name)(x) for name in self.names], 1)
        out = x + self.scale * self.conv2d(joined)
        return out if self.last else torch.relu(out)


def block35(scale: float) -> Residual:
    return Residual(
        256,
        96,
        [
            BasicConv2d(256, 32, 1),
            nn.Sequential(BasicConv2d(256, 32, 1), BasicConv2d(32, 32, 3, padding=1)),
            nn.Sequential(
                BasicConv2d(256, 32, 1),
                BasicConv2d(32, 32, 3, padding=1),
                BasicConv2d(32, 32, 3, padding=1),
            ),
        ],
        scale,
    )


def cross(channels: int, inner: int, length: int, scale: float, last: bool = False) -> Residual:
    """Blocks 17 and 8: a 1x1 convolution beside one that is followed by a row and a column."""
    reach = length // 2
    return Residual(
        channels,
        2 * inner,
        [
            BasicConv2d(channels, inner, 1),
            nn.Sequential(
                BasicConv2d(channels, inner, 1),
                BasicConv2d(inner, inner, (1, length), padding=(0, reach)),
                BasicConv2d(inner, inner, (length, 1), padding=(reach, 0)),
            ),
        ],
        scale,
        last,
    )


class Reduction(nn.Module):
    """Branches of stride 2 beside a max pooling."""

    def __init__(self, branches: list[nn.Module]) -> None:
        super().__init__()
        self.names = [f"branch{number}" for number in range(len(branches) + 1)]
        for name, branch in zip(self.names, [*branches, nn.MaxPool2d(3, 2)], strict=True):
            self.add_module(name, branch)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.get_submodule(name)(x) for name in self.names], 1)


class InceptionResnetV1(nn.Module):
    """(B, 3, 160, 160), (pixel - 127.5) / 128 -> embeddings (B, 512), not normalised."""

    def __init__(self, dropout: float = 0.6) -> None:
        super().__init__()
        self.conv2d_1a = BasicConv2d(3, 32, 3, 2)
        self.conv2d_2a = BasicConv2d(32, 32, 3)
        self.conv2d_2b = BasicConv2d(32, 64, 3, padding=1)
        self.maxpool_3a = nn.MaxPool2d(3, 2)
        self.conv2d_3b = BasicConv2d(64, 80, 1)
        self.conv2d_4a = BasicConv2d(80, 192, 3)
        self.conv2d_4b = BasicConv2d(192, 256, 3, 2)
        self.repeat_1 = nn.Sequential(*[block35(0.17) for _ in range(5)])
        self.mixed_6a = Reduction(
            [
                BasicConv2d(256, 384, 3, 2),
                nn.Sequential(
                    BasicConv2d(256, 192, 1),
                    BasicConv2d(192, 192, 3, padding=1),
                    BasicConv2d(192, 256, 3, 2),
                ),
            ]
        )
        self.repeat_2 = nn.Sequential(*[cross(896, 128, 7, 0.10) for _ in range(10)])
        self.mixed_7a = Reduction(
            [
                nn.Sequential(BasicConv2d(896, 256, 1), BasicConv2d(256, 384, 3, 2)),
                nn.Sequential(BasicConv2d(896, 256, 1), BasicConv2d(256, 256, 3, 2)),
                nn.Sequential(
                    BasicConv2d(896, 256, 1),
                    BasicConv2d(256, 256, 3, padding=1),
                    BasicConv2d(256, 256, 3, 2),
                ),
            ]
        )
        self.repeat_3 = nn.Sequential(*[cross(1792, 192, 3, 0.20) for _ in range(5)])
        self.block8 = cross(1792, 192, 3, 1.0, last=True)
        self.avgpool_1a = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.last_linear = nn.Linear(1792, EMBEDDING, bias=False)
        self.last_bn = nn.BatchNorm1d(EMBEDDING, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv2d_2b(self.conv2d_2a(self.conv2d_1a(x)))
        x = self.conv2d_4b(self.conv2d_4a(self.conv2d_3b(self.maxpool_3a(x))))
        x = self.mixed_6a(self.repeat_1(x))
        x = self.mixed_7a(self.repeat_2(x))
        x = self.block8(self.repeat_3(x))
        x = self.dropout(self.avgpool_1a(x)).flatten(1)
        return self.last_bn(self.last_linear(x))


def inception_resnet_v1(size: int, width: int) -> nn.Module:
    """For pictures of any size; its width is fixed."""
    return InceptionResnetV1()
