"""Settings that the methods with labels share; each method's block extends them."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from maskbench.synthesis.specs.translation import Objective, TranslationParams


class AttributeParams(TranslationParams):
    """``batch_size`` counts the pictures of one domain: the published batches are twice as large.
    ``steps`` are the generator's."""

    train_size: int = Field(128, ge=16, multiple_of=4, description="side of the pictures")
    batch_size: int = Field(8, ge=1, description="pictures of each domain a step")
    critic_steps: int = Field(5, ge=1, description="critic steps before each generator step")
    betas: tuple[float, float] = Field((0.5, 0.999), description="Adam's decay rates")
    ema: float = Field(0.0, ge=0, lt=1, description="moving average of the generator's weights")
    objective: Objective = Field(
        "wasserstein", description="log: cross entropy, non-saturating; lsgan: least squares; "
        "wasserstein: difference of the mean scores"
    )  # fmt: skip
    gradient_penalty: float = Field(
        10.0, ge=0, description="weight of WGAN-GP's penalty on the critic's gradient"
    )
    halvings: int = Field(2, ge=1, description="how often a generator halves the picture")
    critic_layers: int = Field(
        6, ge=1, description="how often a critic halves the picture, if it is not `whole_critic`"
    )
    labels: float = Field(1.0, ge=0, description="weight of the wanted labels, generator")
    labels_critic: float = Field(1.0, ge=0, description="weight of the true labels, critic")
    cycle: float = Field(10.0, ge=0, description="weight of the way there and back")
    unchanged: float = Field(
        0.0, ge=0, description="weight of the change of a picture that keeps its labels"
    )

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        size, factor = self.train_size, 2**self.halvings
        if size % factor:
            raise ValueError(f"train_size: {size} is no multiple of {factor}: set fewer halvings")
        if not self.switches.whole_critic and not size >> self.critic_layers:
            raise ValueError(f"critic_layers: {size} pixels cannot be halved that often: set fewer")
        return self
