"""Settings of ``mfgan``. Paper 4 prints the steps of its stages, the batch and the optimiser; the
other defaults are those of the works that it builds on, or ours."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from maskbench.config import Section
from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.specs.cyclegan import CycleParams
from maskbench.synthesis.specs.translation import Objective, PlannedStage


class Penalties(Section):
    """Paper 4's vector W: how much counts for each part that is seen or hidden wrongly. The paper
    prints no values."""

    face: float = Field(1.0, ge=0, description="not seen")
    eyes: float = Field(1.0, ge=0, description="not seen")
    nose: float = Field(1.0, ge=0, description="seen")
    mouth: float = Field(1.0, ge=0, description="seen")
    ears: float = Field(1.0, ge=0, description="not seen")
    forehead: float = Field(1.0, ge=0, description="not seen")


class MfganParams(CycleParams):
    """Block ``synthesis.methods.mfgan``. A weight of 0 takes a module out: ``correction``,
    ``invariance`` or ``style``."""

    steps: int = Field(450_000, ge=1, description="of a training without `stages`")
    stages: tuple[PlannedStage, ...] = Field(
        (
            PlannedStage(name="correct", steps=100_000, weights={"invariance": 0, "style": 0}),
            PlannedStage(name="authentic", steps=200_000, weights={"style": 0}),
            PlannedStage(name="diverse", steps=150_000),
        ),
        description="the modules come in one after another (paper 4, section IV-A); rates fall, "
        "if at all, in the last stage alone",
    )
    objective: Objective = Field("log", description="the standard adversarial loss")
    decay_from: float = Field(
        1.0, ge=0, le=1, description="share of the last stage after which the rates fall to 0"
    )
    ema: float = Field(0.999, ge=0, lt=1, description="moving average, as in StarGAN v2; 0: none")
    identity: float = Field(
        0.0, ge=0, description="weight of the change of pictures that are of the target domain "
        "already; not in the paper's formulas"
    )  # fmt: skip
    correction: float = Field(
        1.0, ge=0, description="weight of the penalties in x of formula (1); 0: no lambda_cor"
    )
    penalties: Penalties = Field(default_factory=Penalties, description="the vector W")
    alpha: float = Field(1.0, description="shape of formula (1)")
    c: float = Field(1.0, gt=0, description="scale of formula (1)")
    threshold: float | None = Field(
        0.5, gt=0, lt=1, description="score from which a part counts as detected; null: the score "
        "itself is compared, which gives lambda_cor a gradient"
    )  # fmt: skip
    invariance: float = Field(10.0, ge=0, description="weight of L_inv, formula (3)")
    style: float = Field(
        1.0,
        ge=0,
        description="weight of L_sty, formula (5); 0: the style encoder is not used, nor L_ds",
    )
    diversity: float = Field(
        1.0, ge=0, description="weight of L_ds, formula (6), which falls to 0 in the last stage"
    )
    style_length: int = Field(64, ge=1, description="numbers of a style code")
    encoder_width: int = Field(64, ge=1, description="channels of the encoder's first ResStage")
    encoder_norm: Literal["batch", "none"] = Field(
        "batch", description="normalisation in the ResStage blocks; none: as StarGAN v2's encoder"
    )
    unlabelled: float = Field(
        0.0, ge=0, le=1, description="share of the references whose kind is taken for unknown, so "
        "that the branch for unlabelled photographs learns where all are labelled"
    )  # fmt: skip


METHODS.register(
    SynthesisSpec(
        name="mfgan",
        title="MFGAN",
        paper="Paper 4 (Xiong et al. 2022), sections III and IV-A",
        family="translation",
        guides=("segmenter", "feature_detector"),
        reference_guided=True,
        Params=MfganParams,
        implementation="maskbench.synthesis.painted.mfgan:Mfgan",
    )
)
