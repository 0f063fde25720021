"""The kinds of recognisers: the typed blocks of ``recognition.recognisers`` in params.yaml.

A recogniser is a block with a name of its own; its ``kind`` says what it is:

pretrained   a published or packaged network, as it is
network      a network trained here, from scratch or from given weights
adapter      a small network trained on a frozen network's embeddings
projection   a frozen network whose embeddings lose their face-mask bias (paper 3)
restored     a frozen network on faces whose masks were taken off first (papers 2 and 3)

Adding a recogniser is adding a block: rules, tables and figures take it up from there.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    TypeAdapter,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from maskbench.config import Section, validate
from maskbench.errors import MaskbenchError, unknown_name
from maskbench.recognition.specs import BACKBONES, LOSSES, NETWORKS
from maskbench.registry import Registry

BARE = "bare"
"""The training set without masked pictures."""
EVERY = "every"


def _names(registry: Registry[Any], kind: str = "") -> tuple[str, ...]:
    return tuple(name for name, spec in registry.all().items() if not kind or kind in spec.kinds)


def _one_of(names: tuple[str, ...], what: str) -> tuple[AfterValidator, WithJsonSchema]:
    """What makes a text one of some names: a check that tells the nearest, and the schema."""

    def check(name: str) -> str:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(names)}"
            raise ValueError(f"unknown {what}, {hint}")
        return name

    return AfterValidator(check), WithJsonSchema({"enum": list(names), "type": "string"})


Network = Annotated[str, *_one_of(_names(NETWORKS), "network")]
Backbone = Annotated[str, *_one_of(_names(BACKBONES), "backbone")]
Loss = Annotated[str, *_one_of(_names(LOSSES, "network"), "loss")]
AdapterLoss = Annotated[str, *_one_of(_names(LOSSES, "adapter"), "loss of adapters")]

Training = str | tuple[str, ...]
_TRAINING = (
    "a synthesis method whose masked pictures are learnt from beside the bare ones; "
    "bare: bare pictures alone; several of them as a list, or `every` for bare and all methods of "
    "this configuration: then each is a training of its own"
)


class Augmentation(Section):
    """What happens to pictures while a network learns."""

    mirror: bool = Field(True, description="every second picture is mirrored")
    shift: float = Field(0.06, ge=0, lt=0.5, description="moved by up to this share of the side")
    light: float = Field(0.2, ge=0, lt=1, description="brightness and contrast changed by up to")


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


class Pretrained(Section):
    """A network as it was published."""

    kind: Literal["pretrained"] = "pretrained"
    network: Network = Field(description="which network")


class Learning(Section):
    """What every training of a recogniser has."""

    training: Training = Field("keypoint", description=_TRAINING)

    @field_validator("training")
    @classmethod
    def _names_some(cls, value: Training) -> Training:
        if isinstance(value, tuple) and (not value or len(set(value)) != len(value)):
            raise ValueError("name at least one training set, and none twice")
        return value

    steps: int = Field(600, ge=1, description="batches that are learnt from")
    people: int = Field(14, ge=2, description="P, people in a batch")
    bare: int = Field(3, ge=1, description="K, bare pictures of each")
    masked: int = Field(
        3, ge=1, description="K, masked pictures of each; as many bare ones more for `bare`"
    )
    lr: float = Field(0.1, gt=0, description="learning rate at the start")
    margin: float | None = Field(
        None, gt=0, description="of the loss (arcface: radians); null: its paper's"
    )
    scale: float | None = Field(
        None, gt=0, description="of the cosines of arcface and cosface; null: their papers'"
    )
    weight_decay: float = Field(5e-4, ge=0, description="of the weights")
    optimiser: Literal["sgd", "adamw"] = Field("sgd", description="sgd: with momentum 0.9")
    schedule: Literal["constant", "cosine", "drops"] = Field(
        "cosine", description="drops: the rate is divided by 10 at evenly spaced steps"
    )
    drops: int = Field(4, ge=1, description="how often, for the schedule drops")
    warmup: int = Field(0, ge=0, description="steps in which the rate rises to lr")
    ema: float = Field(
        0, ge=0, lt=1, description="decay of a moving average of the weights; 0: none"
    )
    checkpoint_every: int = Field(100, ge=0, description="steps between checkpoints; 0: none")
    log_every: int = Field(10, ge=1, description="steps between points of the curves")


def _fits_the_loss(block: Trained | Adapted) -> None:
    """Refuse what the loss of a block does not have, or cannot learn from.

    Raises:
        ValueError: it does not fit.
    """
    loss = LOSSES.get(block.loss)
    for key in ("margin", "scale"):
        if getattr(block, key) is not None and getattr(loss, key) is None:
            having = [s.name for s in LOSSES.all().values() if getattr(s, key) is not None]
            raise ValueError(f"loss {block.loss} has no {key}; of {', '.join(having)} alone")
    wanted = (block.training,) if isinstance(block.training, str) else block.training
    if loss.needs_masked and {BARE, EVERY} & set(wanted):
        raise ValueError(
            f"loss {block.loss} is zero without masked pictures: name synthesis methods as training"
        )


class Trained(Learning):
    """A network trained here."""

    kind: Literal["network"] = "network"
    backbone: Backbone = Field(description="the network")
    loss: Loss = Field(description="the loss")
    size: int = Field(
        112, ge=16, multiple_of=16, description="side of the pictures in pixels; a multiple of 16"
    )
    width: int = Field(64, ge=4, description="channels of iresnet's first stage; 64: published")
    start: str | None = Field(
        None,
        description="weights to start from: facenet, or a state.safetensors of an earlier training "
        "of the same backbone; null: from scratch",
    )
    augmentation: Augmentation = Field(default_factory=Augmentation, description="of pictures")
    precision: Literal["float32", "bfloat16"] = Field("float32", description="of the network")

    @model_validator(mode="after")
    def _fits_its_loss_and_start(self) -> Trained:
        _fits_the_loss(self)
        if self.start == "facenet" and self.backbone != "inception_resnet_v1":
            raise ValueError(
                f"facenet's weights are not {self.backbone}'s: set backbone: inception_resnet_v1"
            )
        return self


class Adapted(Learning):
    """A small network on the embeddings of a frozen one."""

    kind: Literal["adapter"] = "adapter"
    network: Network = Field("dlib_resnet", description="the frozen network")
    loss: AdapterLoss = Field("arcface", description="the loss")
    optimiser: Literal["sgd", "adamw"] = "adamw"
    lr: float = Field(1e-3, gt=0, description="learning rate at the start")
    adapter: AdapterParams = Field(default_factory=AdapterParams, description="its own keys")

    @model_validator(mode="after")
    def _fits_its_loss(self) -> Adapted:
        _fits_the_loss(self)
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


class Projected(Section):
    """A frozen network without its face-mask bias (paper 3, section 5)."""

    kind: Literal["projection"] = "projection"
    network: Network = Field("dlib_resnet", description="the frozen network")
    training: str = Field("keypoint", description="method whose masks the bias is taken from")


class Restored(Section):
    """A frozen network on faces whose masks were taken off (MRII of paper 2, strip of paper 3)."""

    kind: Literal["restored"] = "restored"
    networks: tuple[Network, ...] = Field(
        ("dlib_resnet",), min_length=1, description="the first of these whose weights are present"
    )
    restorer: str = Field("edgeconnect", description="a block of restoration.restorers")


Recogniser = Pretrained | Trained | Adapted | Projected | Restored
KINDS: dict[str, type[Section]] = {
    "pretrained": Pretrained,
    "network": Trained,
    "adapter": Adapted,
    "projection": Projected,
    "restored": Restored,
}
_ANY: TypeAdapter[Any] = TypeAdapter(Annotated[Recogniser, Field(discriminator="kind")])


def parse(name: str, block: dict[str, Any], place: str = "params.yaml") -> Recogniser:
    """The typed block ``recognition.recognisers.<name>``.

    Raises:
        MaskbenchError: no kind or an unknown one; wrong keys or values.
    """
    key = f"{place}: recognition.recognisers.{name}"
    if not isinstance(block, dict) or "kind" not in block:
        raise MaskbenchError(key, "missing key kind", f"one of {', '.join(KINDS)}")
    if block["kind"] not in KINDS:
        raise unknown_name(f"{key}.kind", "kind", str(block["kind"]), KINDS)
    found: Recogniser = validate(KINDS[block["kind"]], block, key)
    return found


def schema() -> dict[str, Any]:
    """JSON schema of a block."""
    return _ANY.json_schema()


def learnt_from(recogniser: Recogniser, methods: tuple[str, ...]) -> tuple[str, ...]:
    """The training sets of a recogniser, each a training of its own; ``()``: it learns nothing.

    Args:
        recogniser: a parsed block.
        methods: the synthesis methods of the configuration.
    """
    if isinstance(recogniser, Pretrained | Restored):
        return ()
    wanted = recogniser.training
    if wanted == EVERY:
        return (BARE, *methods)
    return (wanted,) if isinstance(wanted, str) else tuple(wanted)


def start_file(recogniser: Recogniser) -> Path | None:
    """The file of given weights that a network's training starts from, if any."""
    named = isinstance(recogniser, Trained) and recogniser.start not in (None, "facenet")
    return Path(str(recogniser.start)) if named else None  # type: ignore[union-attr]


def networks_of(recogniser: Recogniser) -> tuple[str, ...]:
    """The frozen networks whose embeddings a recogniser takes: the first that is there; ``()``: it
    embeds by its own."""
    if isinstance(recogniser, Restored):
        return recogniser.networks
    return () if isinstance(recogniser, Trained) else (recogniser.network,)


def is_trained(recogniser: Recogniser) -> bool:
    """Whether anything is learnt, so that there is a model folder."""
    return not isinstance(recogniser, Pretrained | Restored)


def restorer_of(recogniser: Recogniser) -> str | None:
    """The restorer that takes masks off before a recogniser is tested, if any."""
    return recogniser.restorer if isinstance(recogniser, Restored) else None


def learns(recogniser: Recogniser) -> bool:
    """Whether a recogniser is trained in steps: those have curves, and a training for each seed."""
    return isinstance(recogniser, Learning)
