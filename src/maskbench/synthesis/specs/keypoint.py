"""Settings of ``keypoint``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from maskbench.config import Section
from maskbench.synthesis.specs import METHODS, SynthesisSpec

Fit = Literal["tps", "homography", "flat"]
FIT = (
    "tps: thin-plate spline that follows cheeks and chin; homography: the six points of "
    "MaskTheFace; flat: the homography nearest to tps"
)


class KeypointParams(Section):
    """Block ``synthesis.methods.keypoint``."""

    fit: Fit = Field("tps", description=FIT)
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
