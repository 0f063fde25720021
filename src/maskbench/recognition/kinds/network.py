"""A network trained here, from scratch or from given weights."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from maskbench.config import Section
from maskbench.recognition.kinds import FACENET, RECOGNISERS, RecogniserSpec
from maskbench.recognition.kinds.learning import Learning, names, one_of
from maskbench.recognition.specs import BACKBONES, LOSSES

Backbone = Annotated[str, *one_of(names(BACKBONES), "backbone")]
Loss = Annotated[str, *one_of(names(LOSSES, "network"), "loss")]


class Augmentation(Section):
    """What happens to pictures while a network learns."""

    mirror: bool = Field(True, description="every second picture is mirrored")
    shift: float = Field(0.06, ge=0, lt=0.5, description="moved by up to this share of the side")
    light: float = Field(0.2, ge=0, lt=1, description="brightness and contrast changed by up to")


class NetworkParams(Learning):
    """The network and its training."""

    backbone: Backbone = Field(description="the network")
    loss: Loss = Field(description="the loss")
    size: int = Field(
        112, ge=16, multiple_of=16, description="side of the pictures in pixels; a multiple of 16"
    )
    width: int = Field(
        64, ge=4, description="channels of the first stage of iresnet and vgg16; 64: published"
    )
    start: str | None = Field(
        None,
        description="weights to start from: facenet, or a state.safetensors of an earlier training "
        "of the same backbone; null: from scratch",
    )
    augmentation: Augmentation = Field(default_factory=Augmentation, description="of pictures")
    precision: Literal["float32", "bfloat16"] = Field("float32", description="of the network")

    @model_validator(mode="after")
    def _fits_its_start(self) -> NetworkParams:
        if self.start == FACENET and self.backbone != "inception_resnet_v1":
            raise ValueError(
                f"facenet's weights are not {self.backbone}'s: set backbone: inception_resnet_v1"
            )
        return self


RECOGNISERS.register(
    RecogniserSpec(
        name="network",
        title="A network trained here",
        Params=NetworkParams,
        implementation="maskbench.recognition.trained_network:TrainedNetwork",
        learns="steps",
    )
)
