"""The loop that every recogniser learns in, from pictures or from a frozen network's embeddings.

:class:`RecogniserTraining` holds everything that changes while training and nothing else, so that
its ``parts`` are the whole training state.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from maskbench.errors import MaskbenchError
from maskbench.recognition.lessons import Lessons, augmented
from maskbench.recognition.losses import RecognitionLoss
from maskbench.recognition.params import Learning, Trained
from maskbench.recognition.sampler import PeopleSampler
from maskbench.training import state
from maskbench.training.base import Training
from maskbench.training.checkpoint import Checkpoints
from maskbench.training.devices import Placement
from maskbench.training.progress import TrainingProgress


class RecogniserTraining(Training):
    """One training in progress.

    Args:
        network: what is trained: pictures in its own range, or embeddings, to embeddings.
        loss: with its class weights, if it has any.
        lessons: what is learnt from.
        params: the recogniser's block.
        seed: of every random choice.
        placement: device and precision.
        prepare: float pictures (B, 3, S, S) in 0..255 to the network's range; None for embeddings.

    Attributes:
        step: steps done.
        average: the moving average of the network; the network itself where there is none.

    Raises:
        MaskbenchError: fewer people than a batch wants.
    """

    PLAIN = ("step", "sums", "curve")

    def __init__(
        self,
        network: nn.Module,
        loss: RecognitionLoss,
        lessons: Lessons,
        params: Learning,
        seed: int,
        placement: Placement,
        prepare: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.params, self.lessons, self.prepare = params, lessons, prepare
        self.device = placement.device
        self.network = network.to(self.device).train()
        # A quarter faster; but with 8 channels the backward pass of torch 2.14's channels-last
        # convolutions writes beyond its memory on CPUs (seen at 48 and 64 pixels, float32).
        whole = isinstance(params, Trained) and params.width % 16 == 0
        self.form = torch.channels_last if whole else torch.contiguous_format
        self.network.to(memory_format=self.form)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        placement.cast(self.network)
        self.loss = loss.to(self.device).train()
        self.sampler = _sampler(lessons, params, seed + 1)
        self.labels = torch.from_numpy(lessons.labels)
        learnt = [p for p in self.network.parameters() if p.requires_grad]
        groups = [
            {"params": learnt, "weight_decay": params.weight_decay},
            {"params": list(self.loss.parameters()), "weight_decay": params.weight_decay},
        ]
        self.optimiser: torch.optim.Optimizer = (
            torch.optim.SGD(groups, params.lr, momentum=0.9)
            if params.optimiser == "sgd"
            else torch.optim.AdamW(groups, params.lr)
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda step: rate(step, params)
        )
        torch.manual_seed(seed)  # dropout draws from torch's own generator
        self.random = torch.Generator().manual_seed(seed + 2)
        self.step = 0
        self.sums: list[float] = []
        self.curve: list[list[float]] = []

    def parts(self) -> dict[str, Any]:
        """Everything that changes; names as they stand in the state file."""
        return {
            "network": self.network,
            "average": self.average,
            "loss": self.loss,
            "optimiser": self.optimiser,
            "schedule": self.schedule,
            "sampler": self.sampler,
            "random": self.random,
            "global_random": state.GlobalRandom(),
        }

    def advance(self) -> float:
        """One step; the loss."""
        rows = self.sampler.draw()
        batch = self._batch(rows)
        masked = torch.from_numpy(self.lessons.masked[rows]).to(self.device)
        labels = self.labels[rows].to(self.device)
        embeddings = self.network(batch).float()
        value = self.loss(embeddings, labels, masked, self.step / self.params.steps, batch)
        self.optimiser.zero_grad(set_to_none=True)
        value.backward()
        self.optimiser.step()
        self.schedule.step()
        self.step += 1
        self._update_average()
        found = float(value.detach())
        self.sums.append(found)
        if self.step % self.params.log_every == 0:
            self.curve.append([float(self.step), sum(self.sums) / len(self.sums)])
            self.sums = []
        return found

    def _batch(self, rows: np.ndarray) -> Tensor:
        values = torch.from_numpy(self.lessons.values[rows]).to(self.device)
        if self.prepare is None:
            return values
        assert isinstance(self.params, Trained)
        pixels = augmented(
            values.permute(0, 3, 1, 2).float(), self.params.augmentation, self.random
        )
        return self.prepare(pixels).contiguous(memory_format=self.form)

    @torch.no_grad()
    def _update_average(self) -> None:
        # Warms up, so that early weights do not linger; without a decay it is the network itself.
        keep = min(self.params.ema, self.step / (9 + self.step))
        new = self.network.state_dict()
        for name, value in self.average.state_dict().items():
            if value.dtype.is_floating_point and keep:
                value.lerp_(new[name], 1 - keep)
            else:
                value.copy_(new[name])

    def run(self, scratch: Path, title: str, log: Callable[[int, dict[str, float]], None]) -> None:
        """Train to the end, from the checkpoint in ``scratch`` if there is one."""
        checkpoints = Checkpoints(scratch, self.params.checkpoint_every)
        if (kept := checkpoints.resume()) is not None:
            self.restore(kept)
        pictures = self.params.people * (self.params.bare + self.params.masked)
        with TrainingProgress(title, self.params.steps, pictures, self.step) as progress:
            while self.step < self.params.steps:
                value = self.advance()
                if self.step % self.params.log_every == 0:
                    log(self.step, {"loss": value})
                progress.advance({"loss": value})
                checkpoints.maybe_save(self.step, self.capture)


def rate(step: int, params: Learning) -> float:
    """The share of the learning rate at a step."""
    if step < params.warmup:
        return (step + 1) / params.warmup
    done = step / params.steps
    if params.schedule == "cosine":
        return float((1 + np.cos(np.pi * min(1.0, done))) / 2)
    if params.schedule == "drops":
        return float(0.1 ** min(params.drops, int(done * (params.drops + 1))))
    return 1.0


def _sampler(lessons: Lessons, params: Learning, seed: int) -> PeopleSampler:
    # Without masked pictures as many bare ones instead: a control sees as many pictures.
    worn = params.masked if lessons.masked.any() else 0
    try:
        return PeopleSampler(
            lessons.identities, lessons.masked, people=params.people,
            bare=params.bare + params.masked - worn, worn=worn, seed=seed,
        )  # fmt: skip
    except ValueError as error:
        raise MaskbenchError(
            "recognition.recognisers: people", str(error), "ask for fewer people in a batch"
        ) from error
