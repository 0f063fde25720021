"""Settings of ``refine``."""

from __future__ import annotations

from pydantic import Field

from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.specs.keypoint import KeypointParams
from maskbench.synthesis.specs.simgan import SimGanParams


class RefineParams(SimGanParams, KeypointParams):
    """Block ``synthesis.methods.refine``: SimGAN's settings and the overlay's. The coverage is the
    overlay's, whatever ``coverage_from`` says."""

    copies: int = Field(4, ge=1, description="overlays of different styles of a training face")


METHODS.register(
    SynthesisSpec(
        name="refine",
        title="Refined overlay",
        paper="none: SimGAN (paper 3, section 4) on key-point overlays",
        family="translation",
        guides=("segmenter",),
        reference="starts from the overlay that pictures are compared with",
        Params=RefineParams,
        implementation="maskbench.synthesis.painted.refine:Refine",
    )
)
