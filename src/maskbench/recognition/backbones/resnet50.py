"""ResNet-50 with the second paper's extension (its Table 1): 224 x 224 in, 512 numbers out."""

from __future__ import annotations

from torch import Tensor, nn

EMBEDDING = 512


class ExtendedResNet50(nn.Module):
    """(B, 3, size, size), normalised as for ImageNet -> embeddings (B, 512), not normalised.

    The last layer of torchvision's ResNet-50 is replaced by dropout (0.6, section 5), average
    pooling to 1x1, a linear layer 2048 -> 512 and batch normalisation.
    """

    def __init__(self, dropout: float = 0.6) -> None:
        super().__init__()
        from torchvision.models import resnet50  # takes a second and a half to import

        trunk = resnet50(weights=None)
        self.trunk = nn.Sequential(*list(trunk.children())[:-2])
        self.extension = nn.Sequential(
            nn.Dropout(dropout),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(2048, EMBEDDING),
            nn.BatchNorm1d(EMBEDDING),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.extension(self.trunk(x))


def resnet50(size: int, width: int) -> nn.Module:
    """For pictures of any size; its width is fixed."""
    return ExtendedResNet50()
