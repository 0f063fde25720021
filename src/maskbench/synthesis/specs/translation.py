"""Settings that the methods of image-to-image translation share; each method's block extends
them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from maskbench.config import Section
from maskbench.imaging.ranges import Augmentation
from maskbench.synthesis.specs.adversarial import GanParams
from maskbench.synthesis.specs.painted import PaintedParams
from maskbench.training.stage import Ramp

Objective = Literal["log", "lsgan", "wasserstein"]


class Switches(Section):
    """What a laptop needs and no paper of these methods has; all off: the method as published."""

    compose: bool = Field(
        False, description="a generator paints colours and an opacity, laid over the picture, "
        "instead of the whole picture"
    )  # fmt: skip
    coordinates: bool = Field(
        False, description="a generator sees where a pixel lies, as two more channels"
    )
    whole_critic: bool = Field(
        False, description="a critic sees the whole picture at once, not patches of it"
    )
    critic_augmentation: Augmentation | None = Field(
        None, description="how what a critic sees is moved and lit (differentiable augmentation)"
    )
    r1: float = Field(
        0.0, ge=0, description="weight of half the squared gradient of a critic at real pictures"
    )
    r1_every: int = Field(8, ge=1, description="steps between two such penalties, which count so "
                          "many times more")  # fmt: skip
    bare_cycle: float = Field(
        1.0, ge=0, description="how much a bare face's way there and back counts beside a masked "
        "one's: what a mask hides comes back only if it shows through"
    )  # fmt: skip
    held: float = Field(
        0.0, ge=0, description="weight of the distance between the mean opacity and the mean "
        "coverage of the masked domain; needs `compose`"
    )  # fmt: skip
    see_through: float = Field(
        0.0, ge=0, description="weight of 4 a (1 - a) of the opacity a, which rises from 0 after a "
        "quarter of the steps; needs `compose`"
    )  # fmt: skip


class PlannedStage(Section):
    """A stage of a schedule; what it does not say is as in the block."""

    name: str = Field(pattern=r"^\w+$", description="name in curves, tables and snapshots")
    steps: int = Field(ge=1, description="generator steps")
    continues: str | None = Field(
        None, description="the earlier stage from whose end this one goes on; none: the one before"
    )
    generator_lr: float | None = Field(None, gt=0, description="learning rate of the generator")
    critic_lr: float | None = Field(None, gt=0, description="learning rate of the critic")
    critic_steps: int | None = Field(None, ge=1, description="critic steps a generator step")
    weights: dict[str, float | Ramp] = Field(
        default_factory=dict, description="weights of losses by name"
    )


class SharedStage(Section):
    """The end of a stage of another method's training."""

    method: str = Field(description="block of the same spec, trained with the same seed")
    stage: str = Field(description="the last stage that both methods share")


class TranslationParams(GanParams, PaintedParams):
    """Settings of a translation between bare and masked faces."""

    train_size: int = Field(
        64, ge=16, multiple_of=4, description="side of the pictures that networks see and paint"
    )
    coverage_from: Literal["change", "segmenter"] = Field(
        "segmenter",
        description="segmenter: a pixel is covered where the guide of that name sees a mask; "
        "change: where the painting differs from the face",
    )
    blocks: int = Field(9, ge=0, description="residual blocks of a generator")
    objective: Objective = Field(
        "lsgan", description="log: cross entropy, non-saturating; lsgan: least squares; "
        "wasserstein: difference of the mean scores"
    )  # fmt: skip
    gradient_penalty: float = Field(
        0.0, ge=0, description="weight of WGAN-GP's penalty on the critic's gradient"
    )
    stages: tuple[PlannedStage, ...] = Field(
        (), description="a tree of trainings; none: one stage, `train`, of `steps` steps"
    )
    continues: SharedStage | None = Field(
        None, description="take over what another method has learnt by the end of a stage up to "
        "which both are the same; none: every stage is trained"
    )  # fmt: skip
    switches: Switches = Field(
        default_factory=Switches, description="additions for few pictures and steps"
    )

    @model_validator(mode="after")
    def _stages_are_a_tree(self) -> TranslationParams:
        earlier: list[str] = []
        for stage in self.stages:
            if stage.name in earlier:
                raise ValueError(f"stages: two are named {stage.name}")
            if stage.continues is not None and stage.continues not in earlier:
                raise ValueError(
                    f"stages: {stage.name} continues {stage.continues}, which is none of the "
                    f"earlier ones ({', '.join(earlier) or 'there are none'})"
                )
            earlier.append(stage.name)
        return self
