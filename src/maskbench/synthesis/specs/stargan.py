"""Settings of ``stargan``."""

from __future__ import annotations

from pydantic import Field

from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.specs.attributes import AttributeParams


class StarGanParams(AttributeParams):
    """Block ``synthesis.methods.stargan``."""

    steps: int = Field(40_000, ge=1, description="generator steps (200,000 of the critic)")
    blocks: int = Field(6, ge=0, description="residual blocks of the generator")
    generator_lr: float = Field(1e-4, gt=0, description="Adam's learning rate, generator")
    critic_lr: float = Field(1e-4, gt=0, description="Adam's learning rate, critic")


METHODS.register(
    SynthesisSpec(
        name="stargan",
        title="StarGAN",
        paper="Paper 4, section IV-B; Choi et al. 2018",
        family="translation",
        guides=("segmenter",),
        Params=StarGanParams,
        implementation="maskbench.synthesis.painted.stargan:StarGan",
    )
)
