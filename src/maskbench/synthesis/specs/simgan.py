"""Settings of ``simgan``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.specs.translation import Objective, TranslationParams


class SimGanParams(TranslationParams):
    """Block ``synthesis.methods.simgan``. What paper 3 does not print is Shrivastava et al.'s."""

    train_size: int = Field(256, ge=16, multiple_of=4, description="side of the pictures")
    generator_width: int = Field(64, ge=1, description="channels of the generator")
    critic_width: int = Field(96, ge=3, description="channels of the critic's first convolution")
    blocks: int = Field(8, ge=0, description="residual blocks; 4 in Shrivastava et al. 2017")
    norm: Literal["batch", "none"] = Field(
        "batch", description="in the residual blocks and before the critic's dense layer; none: "
        "Shrivastava et al. 2017"
    )  # fmt: skip
    critic_extra: int = Field(0, ge=0, description="further convolutions of the critic")
    beta: float = Field(
        8e-4, ge=0, description="weight of the change of a picture, the sum over its numbers in "
        "[-1, 1]: it weighs four times as much at twice the size"
    )  # fmt: skip
    pretraining: int = Field(
        1000, ge=0, description="steps of the generator on the change of the picture alone"
    )
    critic_pretraining: int = Field(200, ge=0, description="steps of the critic alone after them")
    steps: int = Field(11_000, ge=1, description="88 epochs of 2,000 pictures in paper 3")
    generator_lr: float = Field(1e-4, gt=0, description="Adam's learning rate, generator")
    critic_lr: float = Field(1e-4, gt=0, description="Adam's learning rate, critic")
    betas: tuple[float, float] = Field((0.9, 0.999), description="Adam's decay rates")
    decay_from: float = Field(
        1.0, ge=0, le=1, description="share of the steps after which both rates fall linearly to 0"
    )
    ema: float = Field(0.0, ge=0, lt=1, description="moving average of the generator; 0: none")
    objective: Objective = Field("log", description="as for the other methods of translation")
    pool: int = Field(
        1600, ge=0, description="made pictures of earlier steps, of which half of what the critic "
        "sees is; 0: none. (100 batches in public code)"
    )  # fmt: skip


METHODS.register(
    SynthesisSpec(
        name="simgan",
        title="SimGAN",
        paper="Paper 3, section 4; Shrivastava et al. 2017",
        family="translation",
        guides=("segmenter",),
        styled=False,
        Params=SimGanParams,
        implementation="maskbench.synthesis.painted.simgan:SimGan",
    )
)
