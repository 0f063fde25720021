"""Networks that are told attributes of a picture, and critics that name them.

Sources: Choi et al. 2018 (StarGAN, appendix 7.2), He et al. 2019 (AttGAN, table I), Zhang et al.
2018 (SaGAN, spatial attention).
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from maskbench.networks.translation import (
    Painted,
    Painter,
    ResnetGenerator,
    WholeCritic,
    normalisation,
    places,
)

LEAK = 0.01


class Judged(NamedTuple):
    """What a critic says of pictures.

    Attributes:
        scores: (B, 1, h, w) or (B, 1), how real they are.
        labels: (B, L) logits, their attributes.
    """

    scores: Tensor
    labels: Tensor


def tiled(labels: Tensor, pictures: Tensor) -> Tensor:
    """Labels (B, L) as maps of the size of pictures (B, C, H, W): (B, L, H, W)."""
    return labels[:, :, None, None].expand(-1, -1, *pictures.shape[2:])


class LabelledPainter(nn.Module):
    """A painter that is told labels, of which only those count that its training could see.

    Args:
        painter: called with pictures and ``maps`` (B, labels, s, s), or with labels (B, labels).
        labels: their number.
        as_maps: how the painter takes them.

    Attributes:
        taught: (labels,) 1 where training knew the label of its pictures, else 0.
    """

    taught: Tensor

    def __init__(self, painter: nn.Module, labels: int, *, as_maps: bool) -> None:
        super().__init__()
        self.painter, self.as_maps = painter, as_maps
        self.register_buffer("taught", torch.ones(labels))

    def forward(self, pictures: Tensor, labels: Tensor) -> Painted:
        """Pictures (B, 3, s, s) in [-1, 1] and labels (B, labels) -> what is painted."""
        told = labels * self.taught
        if self.as_maps:
            return self.painter(pictures, maps=tiled(told, pictures))
        return self.painter(pictures, told)


class LabelAutoencoder(nn.Module):
    """AttGAN's generator: 4x4 convolutions that halve, transposed ones that double. The labels join
    the code, and once more, with the encoder's last map but one, what the first doubling makes.

    With width 64 and five halvings it has 43.5 million parameters (13 labels).

    Args:
        inputs, outputs: channels. The outputs are linear.
        labels: their number.
        width: channels of the first convolution; doubled at each halving, at most 16-fold.
        halvings: at least two.
    """

    def __init__(self, inputs: int, outputs: int, labels: int, width: int, halvings: int) -> None:
        super().__init__()
        widths = [width * 2 ** min(index, 4) for index in range(halvings)]
        self.encoder = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, after, 4, 2, 1, bias=False),
                nn.BatchNorm2d(after), nn.LeakyReLU(LEAK),
            )
            for before, after in pairwise([inputs, *widths])
        )  # fmt: skip
        made = [width * 2 ** min(index, 4) for index in range(halvings - 1, 0, -1)]
        befores = [made[0] + labels, made[0] + widths[-2] + labels, *made[1:]]
        self.decoder = nn.ModuleList(
            nn.Sequential(
                nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False),
                nn.BatchNorm2d(after), nn.ReLU(),
            )
            for before, after in zip(befores[:-1], made, strict=True)
        )  # fmt: skip
        self.last = nn.ConvTranspose2d(befores[-1], outputs, 4, 2, 1)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """(B, inputs, H, W), sides multiples of 2 ** halvings, and labels (B, labels) ->
        (B, outputs, H, W)."""
        codes = []
        for layer in self.encoder:
            x = layer(x)
            codes.append(x)
        x = torch.cat([x, tiled(labels, x)], 1)
        for index, layer in enumerate(self.decoder):
            x = layer(x)
            if index == 0:
                x = torch.cat([x, codes[-2], tiled(labels, x)], 1)
        return self.last(x)


class AttentionPainter(nn.Module):
    """SaGAN's generator: an attribute network paints, an attention network says where.

    With width 32, three halvings and four blocks each has 6.11 million parameters.

    Args:
        labels: their number.
        width, blocks, halvings: of both networks.
        coordinates: both see where a pixel lies.
    """

    def __init__(
        self, labels: int, width: int, blocks: int, halvings: int, coordinates: bool = False
    ) -> None:
        super().__init__()
        network = partial(
            ResnetGenerator, width=width, blocks=blocks, norm="batch", padding="zeros", kernel=4,
            halvings=halvings,
        )  # fmt: skip
        self.coordinates = coordinates
        self.attribute = Painter(network, maps=labels, coordinates=coordinates)
        self.attention = network(3 + 2 * coordinates, 1)

    def forward(self, pictures: Tensor, maps: Tensor) -> Painted:
        """Pictures (B, 3, s, s) in [-1, 1] and maps (B, labels, s, s) -> the painted pictures and
        the attention as their opacity."""
        colours = self.attribute(pictures, maps=maps).pictures
        seen = torch.cat([pictures, places(pictures)], 1) if self.coordinates else pictures
        attention = torch.sigmoid(self.attention(seen).float())
        return Painted(pictures + (colours - pictures) * attention, attention)


class LabelCritic(nn.Module):
    """StarGAN's critic: 4x4 convolutions that halve, without normalisation; then a 3x3 convolution
    for the scores of patches and one of the whole map for the labels.

    With width 64, six layers and pictures of 128 pixels it has 44.8 million parameters; with width
    32 it is SaGAN's, 11.2 million.

    Args:
        size: side of the pictures.
        labels: their number.
        width: channels of the first convolution; doubled at each halving.
        layers: halvings.
    """

    def __init__(self, size: int, labels: int, width: int, layers: int) -> None:
        super().__init__()
        widths = [3, *(width * 2**index for index in range(layers))]
        self.layers = nn.Sequential(
            *(
                layer
                for before, after in pairwise(widths)
                for layer in (nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(LEAK))
            )
        )
        self.scores = nn.Conv2d(widths[-1], 1, 3, 1, 1, bias=False)
        self.labels = nn.Conv2d(widths[-1], labels, size >> layers, bias=False)

    def forward(self, pictures: Tensor) -> Judged:
        """Of pictures (B, 3, size, size) in [-1, 1]."""
        found = self.layers(pictures)
        return Judged(self.scores(found), self.labels(found).flatten(1))


class DenseLabelCritic(nn.Module):
    """AttGAN's critic: 4x4 convolutions that halve, with instance normalisation, then two layers
    for the score and two for the labels.

    With width 64, five layers, 1,024 units and pictures of 128 pixels it has 44.7 million
    parameters.

    Args:
        size: side of the pictures, at least 2 ** (layers + 1).
        labels: their number.
        width: channels of the first convolution; doubled at each halving, at most 16-fold.
        layers: halvings.
        units: of each head's first layer.
    """

    def __init__(self, size: int, labels: int, width: int, layers: int, units: int) -> None:
        super().__init__()
        widths = [3, *(width * 2 ** min(index, 4) for index in range(layers))]
        self.layers = nn.Sequential(
            *(
                layer
                for before, after in pairwise(widths)
                for layer in (
                    nn.Conv2d(before, after, 4, 2, 1, bias=False),
                    normalisation("affine_instance", after), nn.LeakyReLU(LEAK),
                )
            ),
            nn.Flatten(),
        )  # fmt: skip
        features = widths[-1] * (size >> layers) ** 2

        def head(outputs: int) -> nn.Module:
            first = nn.Linear(features, units)
            return nn.Sequential(first, nn.LeakyReLU(LEAK), nn.Linear(units, outputs))

        self.scores, self.labels = head(1), head(labels)

    def forward(self, pictures: Tensor) -> Judged:
        """Of pictures (B, 3, size, size) in [-1, 1]."""
        found = self.layers(pictures)
        return Judged(self.scores(found), self.labels(found))


class WholeLabelCritic(WholeCritic):
    """A critic of whole pictures whose last layer also names the labels."""

    def __init__(self, size: int, labels: int, width: int) -> None:
        super().__init__(size, width, 1 + labels)

    def forward(self, pictures: Tensor) -> Judged:  # type: ignore[override]
        """Of pictures (B, 3, size, size) in [-1, 1]."""
        found = super().forward(pictures)
        return Judged(found[:, :1], found[:, 1:])
