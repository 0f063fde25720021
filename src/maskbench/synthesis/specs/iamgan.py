"""Settings of ``iamgan``. No code and no numbers of it are public: all weights are ours."""

from __future__ import annotations

from pydantic import Field

from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.specs.cyclegan import CycleParams


class IamGanParams(CycleParams):
    """Block ``synthesis.methods.iamgan``: a CycleGAN's, and the identity that it must keep."""

    pixels: float = Field(
        10.0, ge=0, description="weight of the mean absolute change outside the mask"
    )
    features: float = Field(
        1.0, ge=0, description="weight of 1 - the cosine of both faces outside the mask, as a "
        "face recogniser sees them"
    )  # fmt: skip
    recogniser_steps: int = Field(
        2000, ge=1, description="steps in which the recogniser learns the training people first"
    )
    recogniser_size: int = Field(
        112, ge=16, multiple_of=16, description="side of the pictures that the recogniser sees"
    )
    recogniser_width: int = Field(64, ge=1, description="channels of its first stage")
    recogniser_batch: int = Field(32, ge=2, description="bare faces that it sees a step")
    recogniser_lr: float = Field(1e-3, gt=0, description="its learning rate, falling to 0")


METHODS.register(
    SynthesisSpec(
        name="iamgan",
        title="IAMGAN",
        paper="Geng et al. 2020, as paper 4 describes it (sections II-B and III-C)",
        family="translation",
        guides=("segmenter",),
        styled=False,
        Params=IamGanParams,
        implementation="maskbench.synthesis.painted.iamgan:IamGan",
    )
)
