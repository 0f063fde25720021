"""A backbone by its name, with what its pictures are divided by."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from maskbench.recognition.backbones import (
    inception_resnet,
    iresnet,
    mobilefacenet,
    resnet50,
)


@dataclass(frozen=True)
class Backbone:
    """A network and the range of its pictures.

    Attributes:
        network: (B, 3, size, size) -> (B, dim).
        dim: length of the embeddings.
        mean, deviation: of the pixels 0..255, a value a channel: the network sees
            ``(pixel - mean) / deviation``.
    """

    network: nn.Module
    dim: int
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]

    def scaled(self, pixels: Tensor) -> Tensor:
        """Float pixels (B, 3, H, W) in 0..255 as the network wants them."""
        mean, deviation = (
            torch.tensor(values, device=pixels.device)[:, None, None]
            for values in (self.mean, self.deviation)
        )
        return (pixels - mean) / deviation


_IMAGENET = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
_CENTRED = ((127.5,) * 3, (127.5,) * 3)
_FACENET = ((127.5,) * 3, (128.0,) * 3)


def build(name: str, size: int, width: int, seed: int) -> Backbone:
    """An untrained backbone.

    Args:
        name: iresnet18, iresnet50, mobilefacenet, resnet50 or inception_resnet_v1.
        size: side of the pictures in pixels.
        width: channels of iresnet's first stage.
        seed: of the initial weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if name in iresnet.LAYERS:
            return Backbone(iresnet.IResNet(name, size, width), iresnet.EMBEDDING, *_CENTRED)
        if name == "mobilefacenet":
            network: nn.Module = mobilefacenet.MobileFaceNet(size)
            return Backbone(network, mobilefacenet.EMBEDDING, *_CENTRED)
        if name == "resnet50":
            return Backbone(resnet50.ExtendedResNet50(), resnet50.EMBEDDING, *_IMAGENET)
        if name == "inception_resnet_v1":
            network = inception_resnet.InceptionResnetV1()
            return Backbone(network, inception_resnet.EMBEDDING, *_FACENET)
    raise ValueError(f"no backbone {name}")
