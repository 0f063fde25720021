"""What the parameters of several kinds have in common."""

from __future__ import annotations

import difflib
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, field_validator, model_validator

from maskbench.config import Section
from maskbench.recognition.kinds import BARE, EVERY
from maskbench.recognition.specs import LOSSES, NETWORKS
from maskbench.registry import Registry


def names(registry: Registry[Any], kind: str = "") -> tuple[str, ...]:
    """What a registry holds; with ``kind``, the losses that recognisers of it learn by."""
    return tuple(name for name, spec in registry.all().items() if not kind or kind in spec.kinds)


def one_of(names: tuple[str, ...], what: str) -> tuple[AfterValidator, WithJsonSchema]:
    """What makes a text one of some names: a check that tells the nearest, and the schema."""

    def check(name: str) -> str:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(names)}"
            raise ValueError(f"unknown {what}, {hint}")
        return name

    return AfterValidator(check), WithJsonSchema({"enum": list(names), "type": "string"})


Network = Annotated[str, *one_of(names(NETWORKS), "network")]
Training = str | tuple[str, ...]
Optimiser = Literal["sgd", "adamw"]


class Learning(Section):
    """What every training in steps has. A subclass adds ``loss``, one of the losses of its kind."""

    training: Training = Field(
        "keypoint",
        description="a synthesis method whose masked pictures are learnt from beside the bare "
        "ones; bare: bare pictures alone; several of them as a list, or `every` for bare and all "
        "methods of this configuration but references: then each is a training of its own",
    )
    every_but: tuple[str, ...] = Field(
        (), description="patterns of methods that `every` leaves out, such as mfgan_*"
    )
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
    optimiser: Optimiser = Field("sgd", description="sgd: with momentum 0.9")
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

    def pictures(self, people: int) -> int:
        """Pictures in a batch, where so many people are learnt from."""
        return min(self.people, people) * (self.bare + self.masked)

    @field_validator("training")
    @classmethod
    def _names_some(cls, value: Training) -> Training:
        if isinstance(value, tuple) and (not value or len(set(value)) != len(value)):
            raise ValueError("name at least one training set, and none twice")
        return value

    @model_validator(mode="after")
    def _fits_its_loss(self) -> Learning:
        """Refuse what the loss does not have, or cannot learn from."""
        loss = LOSSES.get(self.loss)  # type: ignore[attr-defined]
        for key in ("margin", "scale"):
            if getattr(self, key) is not None and getattr(loss, key) is None:
                having = [s.name for s in LOSSES.all().values() if getattr(s, key) is not None]
                raise ValueError(f"loss {loss.name} has no {key}; of {', '.join(having)} alone")
        wanted = (self.training,) if isinstance(self.training, str) else self.training
        if loss.needs_masked and {BARE, EVERY} & set(wanted):
            raise ValueError(
                f"loss {loss.name} is zero without masked pictures: name synthesis methods as "
                "training"
            )
        return self
