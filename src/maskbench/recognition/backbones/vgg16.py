"""VGG-16 (Simonyan & Zisserman 2015, configuration D) as the second paper tried it: its author's
code puts a linear layer, 1000 -> 128, behind the whole network."""

from __future__ import annotations

from torch import Tensor, nn

EMBEDDING = 128
CLASSES = 1000
CONVOLUTIONS = ((1, 1), (2, 2), (4, 4, 4), (8, 8, 8), (8, 8, 8))
"""Channels of each stage, in multiples of the first; a maximum over 2 x 2 pixels ends a stage."""


class Vgg16(nn.Module):
    """(B, 3, size, size), normalised as for ImageNet -> embeddings (B, 128), not normalised.

    Layers and initial weights are those of torchvision's ``vgg16`` (no batch normalisation).

    Args:
        width: channels of the first stage; 64 as published. The two hidden layers have 64 times as
            many units.
        dropout: of the hidden layers.
    """

    def __init__(self, width: int = 64, dropout: float = 0.5) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for stage in CONVOLUTIONS:
            for multiple in stage:
                layers += [nn.Conv2d(before, multiple * width, 3, padding=1), nn.ReLU(inplace=True)]
                before = multiple * width
            layers.append(nn.MaxPool2d(2))
        hidden = 64 * width
        self.layers = nn.Sequential(
            *layers,
            nn.AdaptiveAvgPool2d(7),
            nn.Flatten(),
            nn.Linear(before * 7 * 7, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, CLASSES),
        )
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
            elif isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, 0, 0.01)
                nn.init.zeros_(layer.bias)
        self.last = nn.Linear(CLASSES, EMBEDDING)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.layers(x))


def vgg16(size: int, width: int) -> nn.Module:
    """For pictures of at least 32 pixels a side."""
    return Vgg16(width)
