"""Settings of ``half_mask`` and ``occlusion``: flat rectangles that follow no face."""

from __future__ import annotations

from pydantic import Field

from maskbench.config import Section
from maskbench.synthesis.specs import METHODS, SynthesisSpec


class FlatParams(Section):
    """What both have."""

    shade: int = Field(128, ge=0, le=255, description="grey level of the rectangle")


class HalfMaskParams(FlatParams):
    """Block ``synthesis.methods.half_mask``."""

    top: float = Field(
        0.5, ge=0, lt=1, description="where the rectangle begins, share of the height (noses "
        "have their middle at 0.48 on ORL); it reaches to the other three sides"
    )  # fmt: skip


class OcclusionParams(FlatParams):
    """Block ``synthesis.methods.occlusion``. The ranges are those of Zhong et al. 2020."""

    area: tuple[float, float] = Field((0.02, 0.4), description="share of the picture, from and to")
    aspect: tuple[float, float] = Field(
        (0.3, 3.33), description="height against width, from and to; a side longer than the "
        "picture's is cut"
    )  # fmt: skip


for name, title, params, implementation in (
    ("half_mask", "Half mask", HalfMaskParams, "HalfMask"),
    ("occlusion", "Occlusion", OcclusionParams, "Occlusion"),
):
    METHODS.register(
        SynthesisSpec(
            name=name,
            title=title,
            paper="Paper 4, Figure 7",
            trained=False,
            styled=False,
            reference="follows no face",
            Params=params,
            implementation=f"maskbench.synthesis.placed.flat:{implementation}",
        )
    )
