"""Settings of ``cyclegan``."""

from __future__ import annotations

from pydantic import Field

from maskbench.restoration.specs import RestorerParams
from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.specs.translation import TranslationParams


class CycleParams(TranslationParams):
    """What translations there and back share, with the values of Zhu et al. 2017."""

    train_size: int = Field(256, ge=16, multiple_of=4, description="side of the pictures")
    steps: int = Field(400_000, ge=1, description="200 epochs of 2,000 pictures in paper 3")
    batch_size: int = Field(1, ge=1, description="pictures of each domain a step")
    betas: tuple[float, float] = Field((0.5, 0.999), description="Adam's decay rates")
    ema: float = Field(0.0, ge=0, lt=1, description="moving average of the generators; 0: none")
    cycle: float = Field(10.0, ge=0, description="weight of the way there and back")
    identity: float = Field(
        5.0, ge=0, description="weight of the change of pictures that are of the target domain "
        "already (0.5 times the cycle's weight in the reference)"
    )  # fmt: skip
    pool: int = Field(50, ge=0, description="made pictures that a critic may see again; 0: none")


class CycleGanParams(CycleParams, RestorerParams):
    """Block ``synthesis.methods.cyclegan``; also what a restorer's block says."""


METHODS.register(
    SynthesisSpec(
        name="cyclegan",
        title="CycleGAN",
        paper="Paper 3, section 3; Zhu et al. 2017",
        family="translation",
        roles=frozenset({"masker", "unmasker"}),
        guides=("segmenter",),
        styled=False,
        Params=CycleGanParams,
        implementation="maskbench.synthesis.painted.cyclegan:CycleGan",
    )
)
