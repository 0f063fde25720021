"""A small network trained on a frozen network's embeddings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from maskbench.config import Section
from maskbench.recognition.kinds import RECOGNISERS, RecogniserSpec
from maskbench.recognition.kinds.learning import Learning, Network, Optimiser, names, one_of
from maskbench.recognition.specs import LOSSES

Loss = Annotated[str, *one_of(names(LOSSES, "adapter"), "loss of adapters")]


class AdapterParams(Section):
    """What an adapter is made of."""

    transform: Literal["none", "centre", "whiten"] = Field(
        "centre",
        description="the fixed part: none: embeddings of length 1; centre: less their training "
        "mean; whiten: and equally spread in every direction within people",
    )
    shrinkage: float = Field(
        0.5,
        gt=0,
        le=1,
        description="for whiten: the covariance within people is drawn by this share to the "
        "multiple of the identity of the same trace; 1: only the mean is subtracted",
    )
    form: Literal["network", "matrix", "none"] = Field(
        "network",
        description="what is learnt: a network of one hidden layer, a matrix, or nothing, which "
        "leaves the fixed transform alone",
    )
    hidden: int = Field(512, ge=1, description="units of the network")
    dropout: float = Field(0.5, ge=0, lt=1, description="share of them left out in training")
    keep: float = Field(
        0.7, ge=0, lt=1, description="weight of the frozen cosine in the cosine of two results"
    )


class AdaptedParams(Learning):
    """The frozen network, the adapter and its training."""

    network: Network = Field("dlib_resnet", description="the frozen network")
    loss: Loss = Field("arcface", description="the loss")
    optimiser: Optimiser = Field("adamw", description="sgd: with momentum 0.9")
    lr: float = Field(1e-3, gt=0, description="learning rate at the start")
    adapter: AdapterParams = Field(default_factory=AdapterParams, description="its own keys")

    @model_validator(mode="after")
    def _has_something_to_learn(self) -> AdaptedParams:
        if self.adapter.form == "none" and self.loss != "arcface" and self.loss != "cosface":
            raise ValueError("adapter.form none leaves nothing to learn for this loss")
        if self.loss == "self_restrained" and (
            self.adapter.keep or self.adapter.transform != "none"
        ):
            raise ValueError(
                "self_restrained compares with frozen embeddings: set adapter.keep to 0 and "
                "adapter.transform to none"
            )
        return self


RECOGNISERS.register(
    RecogniserSpec(
        name="adapter",
        title="A small network on a frozen network's embeddings",
        Params=AdaptedParams,
        implementation="maskbench.recognition.trained_adapter:TrainedAdapter",
        learns="steps",
    )
)
