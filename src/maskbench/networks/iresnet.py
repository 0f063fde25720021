"""Improved ResNets of ArcFace (Deng et al. 2019, Duta et al. 2020): 112 x 112 in, 512 out."""

from __future__ import annotations

from torch import Tensor, nn

EMBEDDING = 512
LAYERS = {"iresnet18": (2, 2, 2, 2), "iresnet50": (3, 4, 14, 3)}


class Block(nn.Module):
    """Normalise, convolve, normalise, PReLU, convolve (with the stride), normalise, add."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm2d(inputs),
            nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.PReLU(outputs),
            nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x) + self.shortcut(x)


class IResNet(nn.Module):
    """(B, 3, size, size) in [-1, 1] -> embeddings (B, 512), not normalised.

    Args:
        name: a key of :data:`LAYERS`.
        size: side of the pictures, a multiple of 16.
        width: channels of the first stage; 64 as published.
    """

    def __init__(self, name: str, size: int = 112, width: int = 64, dropout: float = 0.0) -> None:
        super().__init__()
        stages: list[nn.Module] = [
            nn.Conv2d(3, width, 3, 1, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.PReLU(width),
        ]
        before = width
        for number, blocks in enumerate(LAYERS[name]):
            after = width * 2**number
            for index in range(blocks):
                stages.append(Block(before, after, 2 if index == 0 else 1))
                before = after
        self.trunk = nn.Sequential(*stages, nn.BatchNorm2d(before), nn.Dropout(dropout))
        self.head = nn.Linear(before * (size // 16) ** 2, EMBEDDING)
        self.last = nn.BatchNorm1d(EMBEDDING)
        # Lengths carry nothing in ArcFace: the last normalisation has no gain of its own.
        nn.init.ones_(self.last.weight)
        self.last.weight.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.head(self.trunk(x).flatten(1)))


def iresnet18(size: int, width: int) -> nn.Module:
    """The smallest of the family."""
    return IResNet("iresnet18", size, width)


def iresnet50(size: int, width: int) -> nn.Module:
    """That of paper 4."""
    return IResNet("iresnet50", size, width)
