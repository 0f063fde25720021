"""The registry of restorers, which take masks off; each module beside this one registers one.

A synthesis method with the role ``unmasker`` is a restorer too, by its own registration.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from maskbench.config import Section
from maskbench.registry import Registry, Spec


class HoleParams(Section):
    """How a hole is made of a coverage."""

    threshold: int = Field(
        64, ge=1, le=255, description="a pixel is the mask's from this coverage (of 255) on"
    )
    grow: float = Field(
        0.03, ge=0, lt=0.5, description="the hole reaches this far beyond the mask, share of the "
        "side: soft edges, shadows and a segmenter's errors lie there"
    )  # fmt: skip
    feather: float = Field(
        0.02, ge=0, lt=0.5, description="width of the soft seam within the hole, share of the side"
    )
    least_cover: float = Field(
        0.02, ge=0, le=1, description="a picture of which less than this share is covered is left "
        "as it is: it shows no mask"
    )  # fmt: skip


class RestorerParams(HoleParams):
    """What the block of everything that takes masks off has: a restorer, or a method of synthesis.
    These keys are read when masks are removed, so that changing them needs no training."""

    masks_from: Literal["coverage", "segmenter"] = Field(
        "coverage",
        description="where a mask is: its known coverage (overlays; paper 2), or what the "
        "segmenter finds; really masked pictures have no coverage and always take the segmenter",
    )


RESTORERS: Registry[Spec] = Registry(__name__, "restoration.restorers", "restorer")
