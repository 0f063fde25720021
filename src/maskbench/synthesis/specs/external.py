"""Settings of ``external``: pictures that another tool has made."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from maskbench.config import Section
from maskbench.synthesis.specs import METHODS, SynthesisSpec


class ExternalParams(Section):
    """Block ``synthesis.methods.external``; a tool has a block of its own name with ``use``."""

    pictures: str = Field(
        "",
        description="folder of the masked pictures, absolute or below MASKBENCH_DATA, each named "
        "as the bare picture with any ending: in the same subfolder, or alone under that name",
    )
    coverage: str = Field(
        "",
        description="folder of the masks' coverage maps, named alike, white where a mask is; none: "
        "a pixel is covered where the picture differs from the bare one",
    )
    changed: float = Field(
        0.1, gt=0, lt=1, description="mean change over the channels from which a pixel is covered"
    )
    show: Literal["crops", "whole"] = Field(
        "crops",
        description="crops: the tool masked the cropped faces; whole: the pictures that they were "
        "cropped from, at their size",
    )
    missing: Literal["refuse", "bare"] = Field(
        "refuse",
        description="a face without a picture: refuse the run, or count it as one that wears none",
    )


METHODS.register(
    SynthesisSpec(
        name="external",
        title="External",
        paper="none: pictures of another tool",
        trained=False,
        styled=False,
        Params=ExternalParams,
        implementation="maskbench.synthesis.painted.external:External",
    )
)
