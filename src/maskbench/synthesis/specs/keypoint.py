"""Settings of ``keypoint``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from maskbench.config import Section
from maskbench.synthesis.specs import METHODS, SynthesisSpec


class KeypointParams(Section):
    """Block ``synthesis.methods.keypoint``."""

    fit: Literal["tps", "homography"] = Field(
        "tps",
        description="tps: thin-plate spline that follows cheeks and chin; homography: the six "
        "points of MaskTheFace",
    )
    brightness: bool = Field(True, description="match brightness and greyness to the face")


METHODS.register(
    SynthesisSpec(
        name="keypoint",
        title="Key-point matching",
        paper="Anwar and Raychowdhury 2020 (MaskTheFace), section 3; Py-WGAN-div's baseline",
        family="overlay",
        trained=False,
        Params=KeypointParams,
        implementation="maskbench.synthesis.placed.keypoint:Keypoint",
    )
)
