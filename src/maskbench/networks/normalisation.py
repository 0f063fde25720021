"""Normalisation layers by name, and an instance normalisation whose gradient is right."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

Norm = Literal["instance", "affine_instance", "batch", "none"]


class InstanceNorm(nn.InstanceNorm2d):
    """Instance normalisation (Ulyanov et al. 2016).

    On CPUs torch 2.14 computes a wrong gradient for a single picture if the gradient that comes in
    lies channels last, as a convolution may leave it. Here it is made contiguous first.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) -> the same shape."""
        normalised = super().forward(x)
        if normalised.requires_grad:
            normalised.register_hook(Tensor.contiguous)
        return normalised


def normalisation(kind: Norm, channels: int) -> nn.Module:
    """A normalisation layer by name."""
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    if kind == "none":
        return nn.Identity()
    return InstanceNorm(channels, affine=kind == "affine_instance")
