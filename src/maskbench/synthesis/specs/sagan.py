"""Settings of ``sagan``."""

from __future__ import annotations

from pydantic import Field

from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.specs.attributes import AttributeParams


class SaGanParams(AttributeParams):
    """Block ``synthesis.methods.sagan``. It always composes: ``switches.compose`` changes
    nothing."""

    steps: int = Field(62_500, ge=1, description="generator steps (published: 1,000,000 pictures)")
    generator_width: int = Field(32, ge=1, description="channels of both networks' first layer")
    critic_width: int = Field(32, ge=1, description="channels of the critic's first layer")
    critic_steps: int = Field(3, ge=1, description="critic steps before each generator step")
    blocks: int = Field(4, ge=0, description="residual blocks of both networks")
    halvings: int = Field(3, ge=1, description="how often both networks halve the picture")
    decay_from: float = Field(
        1.0, ge=0, le=1, description="share of the steps after which both rates fall linearly to 0"
    )
    cycle: float = Field(20.0, ge=0, description="weight of the way there and back")
    unchanged: float = Field(
        100.0, ge=0, description="weight of the change of a picture that keeps its labels"
    )


METHODS.register(
    SynthesisSpec(
        name="sagan",
        title="SaGAN",
        paper="Paper 4, section IV-B; Zhang et al. 2018 (spatial attention)",
        family="translation",
        guides=("segmenter",),
        Params=SaGanParams,
        implementation="maskbench.synthesis.painted.sagan:SaGan",
    )
)
