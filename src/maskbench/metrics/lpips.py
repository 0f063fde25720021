"""LPIPS (Zhang et al. 2018, equation 1): distance of two pictures in a network's feature maps.

``alexnet`` is the published metric: AlexNet with the learned weights of each channel, which the
``lpips`` package ships. Where the AlexNet file is absent, ``efficientnet_lite0`` is the same
equation with every channel weighing 1 (the paper's "baseline" form) on the packaged network:
unit-normalised maps, squared difference summed over channels, mean over space, mean over layers.
The two scales differ; numbers of one are not to be compared with numbers of the other.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from maskbench.datasets.weights import has_weights, weights_file
from maskbench.errors import FETCH_AGAIN, MaskbenchError
from maskbench.metrics.features import FeatureExtractor, PackagedFeatures, read_state

ALEXNET = "alexnet-owt-7be5be79.pth"


def unweighted_distance(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    """Equation 1 with w = 1.

    Args:
        a, b: for each layer the maps (B, C, H, W) of either picture.

    Returns:
        (B,), 0 for equal maps, at most 4.
    """
    layers = []
    for x, y in zip(a, b, strict=True):
        x, y = (m / (m.square().sum(1, keepdim=True).sqrt() + 1e-10) for m in (x, y))
        layers.append((x - y).square().sum(1).mean((1, 2)))
    return torch.stack(layers).mean(0)


class PackagedLpips:
    """Unweighted LPIPS on EfficientNet-Lite0; shares its passes with FID where both use it."""

    name: ClassVar[str] = PackagedFeatures.name

    def __init__(self, extractor: PackagedFeatures) -> None:
        self.extractor = extractor

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Distances (B,) of uint8 pictures (B, H, W, 3), B at most the extractor's batch."""
        return self.of_maps(self.extractor.maps(a)[2], self.extractor.maps(b)[2])

    @staticmethod
    @torch.inference_mode()
    def of_maps(a: Sequence[Tensor], b: Sequence[Tensor]) -> np.ndarray:
        """Distances from the maps that the extractor returned."""
        return unweighted_distance(a, b).double().cpu().numpy()


class AlexnetLpips:
    """The published LPIPS v0.1 with AlexNet.

    Args:
        state: torchvision's AlexNet state dictionary.
    """

    name: ClassVar[str] = "alexnet"

    def __init__(self, state: dict[str, Tensor], device: str = "cpu") -> None:
        import lpips

        # pnet_rand: the trunk is built without the package's download; its weights follow here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it calls torchvision in an old way
            self.network = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
        trunk: nn.Module = self.network.net
        own = trunk.state_dict()
        try:
            # The package cuts AlexNet into slices but keeps the numbers of its layers.
            renamed = {key: state["features." + key.split(".", 1)[1]] for key in own}
            trunk.load_state_dict(renamed)
        except (KeyError, RuntimeError) as error:
            raise MaskbenchError(ALEXNET, "weights of another network", FETCH_AGAIN) from error
        self.network = self.network.eval().requires_grad_(False).to(device)
        self.device = device

    @torch.inference_mode()
    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Distances (B,) of uint8 pictures (B, H, W, 3)."""
        x, y = (
            torch.from_numpy(np.ascontiguousarray(p)).to(self.device).permute(0, 3, 1, 2).float()
            / 127.5
            - 1
            for p in (a, b)
        )
        return self.network(x, y).flatten().double().cpu().numpy()


def perceptual_distance(
    weights: Path, published: bool, features: FeatureExtractor
) -> AlexnetLpips | PackagedLpips:
    """The published LPIPS where AlexNet's file is in the folder and ``published``, else the
    packaged one, on ``features`` itself where that is the packaged network."""
    if published and has_weights(weights, ALEXNET):
        return AlexnetLpips(read_state(weights_file(weights, ALEXNET)), features.device)
    if not isinstance(features, PackagedFeatures):
        features = PackagedFeatures.open(weights, features.batch_size, features.device)
    return PackagedLpips(features)
