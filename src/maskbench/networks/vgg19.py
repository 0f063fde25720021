"""VGG-19 (Simonyan & Zisserman 2015), whose feature maps and encodings papers compare faces by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torchvision.models import VGG

FILE = "vgg19-dcbb9e9d.pth"
"""torchvision's ImageNet weights, as ``fetch_weights`` names them."""


def without_weights() -> VGG:
    """torchvision's network with shapes only: none of its 144 million numbers is made."""
    from torchvision.models import vgg19

    with torch.device("meta"):
        return vgg19(weights=None)
