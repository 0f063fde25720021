"""Networks that turn pictures into features and class scores, behind one small interface.

    extractor = feature_extractor(weights_folder, published=True)
    features, logits = extractor(images)          # uint8 (N, H, W, 3) -> (N, dim), (N, classes)

``name`` goes into the ``backbone`` column of every number that they yield:

    inception_v3_fid    the Inception of FID (pytorch-fid's port of the TensorFlow network)
    inception_v3        torchvision's Inception, for the Inception Score
    efficientnet_lite0  the packaged network, which stands in where the others are absent
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskbench.datasets.weights import has_weights, weights_file
from maskbench.errors import FETCH_AGAIN, MaskbenchError
from maskbench.networks import efficientnet

FID_INCEPTION = "pt_inception-2015-12-05-6726825d.pth"
INCEPTION = "inception_v3_google-0cc3c7bd.pth"
EFFICIENTNET = "efficientnet_lite0.pth"


class FeatureExtractor(ABC):
    """A network on a device.

    Pictures go through in batches of one fixed size (the last one is filled up), so that a
    picture's features do not depend on its neighbours or on how many there are.

    Attributes:
        name: the network and its weights, for the ``backbone`` column.
        dim, classes: widths of the features and of the class scores (0: no class scores).
    """

    name: ClassVar[str]
    dim: ClassVar[int]
    classes: ClassVar[int]

    def __init__(self, network: nn.Module, batch_size: int = 16, device: str = "cpu") -> None:
        network = network.eval().requires_grad_(False).to(device)
        # Channels-last convolutions are the faster ones for each of these networks on CPUs.
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.batch_size, self.device = batch_size, device

    @abstractmethod
    def run(self, pixels: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Features (B, dim), logits (B, classes) and feature maps (may be none) of float pixels
        (B, 3, H, W) in 0..255."""

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features (N, dim) and logits (N, classes), float32, of uint8 pictures (N, H, W, 3)."""
        features = np.empty((len(images), self.dim), np.float32)
        logits = np.empty((len(images), self.classes), np.float32)
        for start in range(0, len(images), self.batch_size):
            part = slice(start, min(start + self.batch_size, len(images)))
            f, scores, _ = self.maps(images[part])
            features[part], logits[part] = f, scores
        return features, logits

    @torch.inference_mode()
    def maps(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[Tensor]]:
        """As calling it, for at most ``batch_size`` pictures, with the feature maps."""
        count = len(images)
        if count > self.batch_size:
            raise ValueError(f"{count} pictures in a batch of {self.batch_size}")
        whole = np.zeros((self.batch_size, *images.shape[1:]), np.uint8)
        whole[:count] = images
        pixels = torch.from_numpy(whole).to(self.device).permute(0, 3, 1, 2).float()
        features, logits, maps = self.run(pixels)
        return (
            features[:count].float().cpu().numpy(),
            logits[:count].float().cpu().numpy(),
            [m[:count] for m in maps],
        )


class PackagedFeatures(FeatureExtractor):
    """EfficientNet-Lite0: 1280 pooled features, 1000 ImageNet classes, five maps.

    Pictures are enlarged or reduced to 144 x 144 (bilinear, antialiased): the network is fully
    convolutional, still names objects at that size, and takes half the time of 224 x 224.
    """

    name, dim, classes = "efficientnet_lite0", efficientnet.FEATURES, efficientnet.CLASSES
    SIZE = 144

    @classmethod
    def open(cls, weights: Path, batch_size: int = 16, device: str = "cpu") -> PackagedFeatures:
        """Read it from the weights folder.

        Raises:
            MaskbenchError: the file is missing or holds something else.
        """
        return cls(efficientnet.load(weights_file(weights, EFFICIENTNET)), batch_size, device)

    def run(self, pixels: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        if pixels.shape[2:] != (self.SIZE, self.SIZE):
            pixels = F.interpolate(
                pixels, (self.SIZE, self.SIZE), mode="bilinear", antialias=True
            ).contiguous(memory_format=torch.channels_last)
        return self.network((pixels - 127) / 128)


class FidInceptionFeatures(FeatureExtractor):
    """The Inception network of FID, 2048 pooled features, with its 1008 classes.

    The arithmetic of pytorch-fid's own loop: 0..1, bilinear to 299 x 299 without aligned corners
    and without antialiasing, then -1..1. The class scores are those of the same graph, without
    the last layer's bias, as the code of Salimans et al. 2016 computes them.

    Args:
        network: ``pytorch_fid.inception.InceptionV3`` (blocks up to the last pooling).
        classifier: the last layer, (2048 -> 1008); without it there are no class scores.
    """

    name, dim, classes = "inception_v3_fid", 2048, 1008

    def __init__(
        self,
        network: nn.Module,
        classifier: nn.Linear | None = None,
        batch_size: int = 16,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(network, batch_size, device)
        self.dtype = dtype
        self.classifier = classifier.eval().to(device) if classifier is not None else None

    def run(self, pixels: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        # Resized in channels-last too: the result of the bilinear filter is the same.
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        kind = torch.device(self.device).type
        with torch.autocast(kind, self.dtype, enabled=self.dtype != torch.float32):
            features = self.network(pixels / 255)[0].flatten(1).float()
        if self.classifier is None:
            return features, features.new_zeros(len(features), self.classes), []
        return features, F.linear(features, self.classifier.weight), []


class TorchvisionFeatures(FeatureExtractor):
    """torchvision's Inception v3 on ImageNet, whose logits the PyTorch Inception Scores use."""

    name, dim, classes = "inception_v3", 2048, 1000

    def run(self, pixels: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        x = F.interpolate(pixels / 255, (299, 299), mode="bilinear", align_corners=False)
        # The published weights expect -1..1; transform_input would undo ImageNet's normalisation.
        logits = self.network((2 * x - 1).contiguous(memory_format=torch.channels_last))
        return logits.new_zeros(len(logits), self.dim), logits, []


def feature_extractor(
    weights: Path, published: bool, batch_size: int = 16, device: str = "cpu"
) -> FeatureExtractor:
    """The network for FID and KID: the Inception of FID where its file is present and
    ``published``, else the packaged one.

    Raises:
        MaskbenchError: no usable weights in the folder.
    """
    if published and has_weights(weights, FID_INCEPTION):
        path = weights_file(weights, FID_INCEPTION)
        network, classifier = fid_inception(read_state(path))
        return FidInceptionFeatures(network, classifier, batch_size, device)
    return PackagedFeatures.open(weights, batch_size, device)


def class_scorer(features: FeatureExtractor, weights: Path, published: bool) -> FeatureExtractor:
    """The network for the Inception Score: torchvision's Inception where its file is there, whose
    1000 ImageNet classes paper 1 names (section 4.2); else the network of the other features. The
    Inception of FID is that of the score's authors, with 1008 classes."""
    if not published or not has_weights(weights, INCEPTION):
        return features
    path = weights_file(weights, INCEPTION)
    from torchvision.models import inception_v3

    network = inception_v3(weights=None, init_weights=False, transform_input=False)
    _load(network, read_state(path), path)
    return TorchvisionFeatures(network, features.batch_size, features.device)


def fid_inception(
    state: dict[str, Any] | None = None, seed: int = 0
) -> tuple[nn.Module, nn.Linear]:
    """pytorch-fid's network and the classifier that it leaves out. Nothing is downloaded.

    Args:
        state: the published state dictionary. None: seeded weights with activations of even size
            through the depth (for benchmarks and tests).
        seed: of these weights.
    """
    from pytorch_fid import inception as published

    built: list[nn.Module] = []
    names = ("_inception_v3", "load_state_dict_from_url")
    build, fetch = (getattr(published, name) for name in names)

    def without_loading(*args: Any, **kwargs: Any) -> nn.Module:
        built.append(build(*args, **kwargs))
        # pytorch-fid loads its download right after building; the weights are set below instead.
        built[0].load_state_dict = lambda *_: None  # type: ignore
        return built[0]

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            published._inception_v3 = without_loading
            published.load_state_dict_from_url = lambda *_, **__: {}
            network = published.InceptionV3([3])
        finally:
            published._inception_v3, published.load_state_dict_from_url = build, fetch
        whole = built[0]
        del whole.load_state_dict
        if state is None:
            for module in whole.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    if state is not None:
        _load(whole, state, Path(FID_INCEPTION))
    classifier = whole.fc
    assert isinstance(classifier, nn.Linear)
    return network.eval().requires_grad_(False), classifier.eval().requires_grad_(False)


def read_state(path: Path) -> dict[str, Any]:
    """A state dictionary, read without unpickling objects."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        first = (str(error).splitlines() or [""])[0]
        raise MaskbenchError(path, f"unreadable weights ({first})", FETCH_AGAIN) from error


def _load(network: nn.Module, state: dict[str, Any], path: Path) -> None:
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise MaskbenchError(path, "weights of another network", FETCH_AGAIN) from error
