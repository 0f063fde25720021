"""Stages of a training as data: who steps in which order, how often, how fast, and what counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from maskbench.config import Section


class Ramp(Section):
    """A weight that changes on a line while a stage runs, and is constant before and after."""

    start: float = Field(description="weight up to `begin`")
    end: float = Field(description="weight from `finish` on")
    begin: float = Field(0.0, ge=0, le=1, description="share of the stage's steps")
    finish: float = Field(1.0, ge=0, le=1, description="share of the stage's steps")

    def at(self, progress: float) -> float:
        """The weight when a share of the stage is done."""
        done = (progress - self.begin) / max(1e-9, self.finish - self.begin)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, done))


class Schedule(Section):
    """How learning rates change within a stage."""

    shape: Literal["constant", "linear", "cosine", "drops"] = Field(
        "constant", description="linear and cosine end at 0; drops: divided by 10 at even distances"
    )
    start: float = Field(0.0, ge=0, le=1, description="share of the steps before the rates fall")
    warmup: int = Field(0, ge=0, description="steps in which the rates rise to their height")
    drops: int = Field(4, ge=1, description="how often, for the shape drops")

    def at(self, step: int, steps: int) -> float:
        """The share of the learning rate at a step (counted from 0) of so many."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        first = self.start * steps
        if self.shape == "linear":
            return 1.0 if step <= first else max(0.0, (steps - step) / max(1e-9, steps - first))
        done = min(1.0, max(0.0, (step - first) / max(1e-9, steps - first)))
        if self.shape == "cosine":
            return 0.5 * (1 + math.cos(math.pi * done))
        if self.shape == "drops":
            return float(0.1 ** min(self.drops, int(done * (self.drops + 1))))
        return 1.0


class Stage(Section):
    """One stage of a training.

    A batch is drawn at the start of each step and before each repetition of a player, so that
    `critic: 3` takes three batches, of which a generator that follows sees the last.
    """

    name: str = Field(description="name in curves, sheets and snapshots")
    steps: int = Field(ge=0, description="steps; 0 leaves the stage out")
    continues: str | None = Field(
        None, description="the earlier stage from whose end this one goes on; none: the one before"
    )
    players: tuple[str, ...] = Field(min_length=1, description="who steps, in this order")
    repeats: dict[str, int] = Field(
        default_factory=dict, description="optimiser steps of a player in each step; else 1"
    )
    rates: dict[str, float] = Field(description="learning rate of each player")
    schedule: Schedule = Field(default_factory=Schedule, description="of all rates")
    weights: dict[str, float | Ramp] = Field(
        default_factory=dict, description="weight of each loss; else 1"
    )
    sheet_every: int = Field(
        0, ge=0, description="steps between sheets of pictures, with one at the end; 0: none"
    )
    keep: bool = Field(
        True, description="keep the training at the stage's end (that of the last one always is)"
    )
    keep_at: dict[str, float] = Field(
        default_factory=dict,
        description="keep the networks on the way, too: a name, and after which share of the steps",
    )


@dataclass(frozen=True)
class Turn:
    """A stage and how many of its steps are done."""

    stage: Stage
    step: int

    @property
    def progress(self) -> float:
        """The share of the stage that is done."""
        return self.step / self.stage.steps

    def weight(self, loss: str) -> float:
        """The weight of a loss at this step."""
        weight = self.stage.weights.get(loss, 1.0)
        return weight.at(self.progress) if isinstance(weight, Ramp) else weight

    def rate(self, player: str) -> float:
        """The learning rate of a player at this step."""
        return self.stage.rates[player] * self.stage.schedule.at(self.step, self.stage.steps)
