"""MobileFaceNet (Chen et al. 2018, Table 1): 112 x 112 in, 128 numbers out, a million weights."""

from __future__ import annotations

from torch import Tensor, nn

EMBEDDING = 128
# expansion, channels, repeats, stride of the first
BOTTLENECKS = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))


def convolution(
    inputs: int,
    outputs: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    groups: int = 1,
    linear: bool = False,
) -> nn.Sequential:
    """Convolution and batch normalisation, and PReLU unless it is linear."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([] if linear else [nn.PReLU(outputs)]))


class Bottleneck(nn.Module):
    """Widen, convolve each channel, narrow linearly; added to the input where shapes agree."""

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.layers = nn.Sequential(
            convolution(inputs, inner, 1),
            convolution(inner, inner, 3, stride, 1, groups=inner),
            convolution(inner, outputs, 1, linear=True),
        )
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        out = self.layers(x)
        return x + out if self.adds else out


class MobileFaceNet(nn.Module):
    """(B, 3, size, size) in [-1, 1] -> embeddings (B, 128), not normalised.

    Args:
        size: side of the pictures, a multiple of 16; the global depthwise convolution is as large
            as the last map.
    """

    def __init__(self, size: int = 112) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            convolution(3, 64, 3, 2, 1),
            convolution(64, 64, 3, 1, 1, groups=64),
        ]
        before = 64
        for expansion, channels, repeats, stride in BOTTLENECKS:
            for index in range(repeats):
                layers.append(Bottleneck(before, channels, expansion, stride if index == 0 else 1))
                before = channels
        self.layers = nn.Sequential(
            *layers,
            convolution(before, 512, 1),
            convolution(512, 512, size // 16, groups=512, linear=True),
            convolution(512, EMBEDDING, 1, linear=True),
            nn.Flatten(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def mobilefacenet(size: int, width: int) -> nn.Module:
    """For pictures of a size; its width is fixed."""
    return MobileFaceNet(size)
