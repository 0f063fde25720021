"""Perceptual and style losses on a classifier's feature maps.

Johnson et al. 2016 and Gatys et al. 2016. EdgeConnect takes VGG-19: L1 distance of the maps relu1_1
to relu5_1 (its equation 6) and of the Gram matrices of relu2_2, relu3_4, relu4_4 and relu5_2
(equation 7). Where VGG-19's file is absent, the packaged ImageNet network stands in with four
maps for both; each of them is divided by the root mean square of the true picture's, since the
scales of that network's layers lie far apart.
"""

from __future__ import annotations

import pickle
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskbench.datasets.weights import has_weights, weights_file
from maskbench.errors import FETCH_AGAIN, MaskbenchError
from maskbench.networks import efficientnet, vgg19

VGG19 = vgg19.FILE
EFFICIENTNET = "efficientnet_lite0.pth"
# Positions of the ReLUs in torchvision's ``vgg19().features``.
_CONTENT = {"relu1_1": 1, "relu2_1": 6, "relu3_1": 11, "relu4_1": 20, "relu5_1": 29}
_STYLE = {"relu2_2": 8, "relu3_4": 17, "relu4_4": 26, "relu5_2": 31}
_LAST = efficientnet.TAPS[3]
_MEAN, _SD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class FeatureMaps(nn.Module, ABC):
    """Feature maps of pictures (B, 3, H, W) in [0, 1]; frozen."""

    name: ClassVar[str]

    @abstractmethod
    def maps(self, pictures: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """The maps of the perceptual and of the style loss."""

    def losses(self, painted: Tensor, true: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
        """Perceptual loss of whole pictures and style loss of their holes, both scalars.

        Args:
            painted, true: (B, 3, H, W) in [0, 1].
            hole: (B, 1, H, W), 1 inside.
        """
        with torch.no_grad():
            wanted, _ = self.maps(true)
            _, wanted_style = self.maps(true * hole)
            sizes, style_sizes = self.sizes(wanted), self.sizes(wanted_style)
            wanted = _divided(wanted, sizes)
            grams = [gram(m) for m in _divided(wanted_style, style_sizes)]
        content, _ = self.maps(painted)
        _, style = self.maps(painted * hole)
        perceptual = _distance(_divided(content, sizes), wanted)
        return perceptual, _distance([gram(m) for m in _divided(style, style_sizes)], grams)

    def sizes(self, maps: list[Tensor]) -> list[Tensor]:
        """By what each layer's maps are divided; 1 where the network's own scale is kept."""
        return [torch.ones((), device=m.device) for m in maps]


def gram(maps: Tensor) -> Tensor:
    """Gram matrices (B, C, C) of maps (B, C, H, W), divided by C H W."""
    count, channels, height, width = maps.shape
    flat = maps.float().reshape(count, channels, height * width)
    return flat @ flat.transpose(1, 2) / (channels * height * width)


def _divided(maps: list[Tensor], sizes: list[Tensor]) -> list[Tensor]:
    return [m.float() / size for m, size in zip(maps, sizes, strict=True)]


def _distance(a: list[Tensor], b: list[Tensor]) -> Tensor:
    """Sum over layers of the mean absolute difference."""
    return torch.stack(
        [(x.float() - y.float()).abs().mean() for x, y in zip(a, b, strict=True)]
    ).sum()


class Vgg19Maps(FeatureMaps):
    """VGG-19 (Simonyan & Zisserman 2015) up to relu5_2.

    Args:
        state: torchvision's state dictionary, of which only the convolutions are read.

    Raises:
        KeyError, RuntimeError: it is another network's.
    """

    name = "vgg19"

    def __init__(self, state: dict[str, Tensor]) -> None:
        super().__init__()
        # The 124 million numbers of its classifier are never made.
        layers = vgg19.without_weights().features[: _STYLE["relu5_2"] + 1]
        self.layers = layers.to_empty(device="cpu")
        self.layers.load_state_dict({key: state[f"features.{key}"] for key in layers.state_dict()})
        for layer in self.layers:
            if isinstance(layer, nn.ReLU):
                layer.inplace = False  # else a map would be overwritten before it is compared

    def maps(self, pictures: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        found: dict[int, Tensor] = {}
        mean, sd = (pictures.new_tensor(v).view(1, 3, 1, 1) for v in (_MEAN, _SD))
        x = (pictures - mean) / sd
        for position, layer in enumerate(self.layers):
            x = layer(x)
            found[position] = x
        return [found[p] for p in _CONTENT.values()], [found[p] for p in _STYLE.values()]


class PackagedMaps(FeatureMaps):
    """EfficientNet-Lite0's maps at a half to a sixteenth of the picture's side; at a thirty-second
    nothing is left of the pictures that a CPU can train with."""

    name = "efficientnet_lite0"

    def __init__(self, network: efficientnet.EfficientNetLite0) -> None:
        super().__init__()
        self.network = network

    def maps(self, pictures: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        network = self.network
        x = F.relu6(network._bn0(network._conv_stem((pictures * 255 - 127) / 128)))
        found = []
        for number, block in enumerate(network._blocks[: _LAST + 1]):
            x = block(x)
            if number in efficientnet.TAPS:
                found.append(x)
        return found, found

    def sizes(self, maps: list[Tensor]) -> list[Tensor]:
        return [m.float().square().mean().sqrt().clamp(min=1e-6) for m in maps]


def feature_maps(weights: Path, published: bool = True) -> FeatureMaps:
    """VGG-19 where its file is in the weights folder and ``published``, else the packaged network.

    Raises:
        MaskbenchError: neither is there, or a file is damaged.
    """
    if published and has_weights(weights, VGG19):
        path = weights_file(weights, VGG19)
        try:
            network: FeatureMaps = Vgg19Maps(torch.load(path, "cpu", weights_only=True))
        except (
            OSError,
            RuntimeError,
            ValueError,
            KeyError,
            EOFError,
            pickle.UnpicklingError,
        ) as error:
            first = (str(error).splitlines() or [""])[0]
            raise MaskbenchError(path, f"not the VGG-19 weights ({first})", FETCH_AGAIN) from error
    else:
        network = PackagedMaps(efficientnet.load(weights_file(weights, EFFICIENTNET)))
    return network.eval().requires_grad_(False)
