"""Settings of ``attgan``."""

from __future__ import annotations

from pydantic import Field

from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.specs.attributes import AttributeParams


class AttGanParams(AttributeParams):
    """Block ``synthesis.methods.attgan``. Its rates are a tenth in the second half of the steps,
    whatever ``decay_from`` says."""

    steps: int = Field(
        190_000, ge=1, description="generator steps (published: 200 epochs of 182,000 pictures)"
    )
    batch_size: int = Field(16, ge=1, description="pictures of each domain a step")
    halvings: int = Field(5, ge=2, description="layers of the encoder and of the decoder")
    critic_layers: int = Field(
        5, ge=1, description="how often a critic halves the picture, if it is not `whole_critic`"
    )
    critic_units: int = Field(1024, ge=1, description="units of the critic's heads")
    labels: float = Field(10.0, ge=0, description="weight of the wanted labels, generator")
    cycle: float = Field(0.0, ge=0, description="weight of the way there and back")
    unchanged: float = Field(
        100.0, ge=0, description="weight of the change of a picture that keeps its labels"
    )
    intensity: float = Field(
        1.0, gt=0, description="a label that is set when a mask is put on; in training labels are "
        "-0.5 and 0.5"
    )  # fmt: skip


METHODS.register(
    SynthesisSpec(
        name="attgan",
        title="AttGAN",
        paper="Paper 4, section IV-B; He et al. 2019",
        family="translation",
        guides=("segmenter",),
        Params=AttGanParams,
        implementation="maskbench.synthesis.painted.attgan:AttGan",
    )
)
