"""Settings that every method that paints shares; each method's block extends them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from maskbench.config import Section


class PaintedParams(Section):
    """What of a painting counts as the mask."""

    coverage_from: Literal["change", "segmenter"] = Field(
        "change",
        description="change: a pixel is covered where the painting differs from the face; "
        "segmenter: where the guide of that name sees a mask",
    )
    changed: float = Field(
        0.1, gt=0, lt=1, description="a pixel counts as covered where its mean change over the "
        "channels, low-passed to the training resolution, is larger than this"
    )  # fmt: skip
