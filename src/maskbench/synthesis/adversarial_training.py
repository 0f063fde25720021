"""The loop that every adversarial method shares: critic steps, a generator step, EMA, schedule.

:class:`AdversarialTraining` holds everything that changes while training and nothing else, so
that its ``parts`` are the whole training state.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from maskbench.imaging.augmentation import blur, standardise
from maskbench.synthesis.specs.adversarial import AdversarialParams
from maskbench.synthesis.batches import Batches, resize
from maskbench.synthesis.losses import score
from maskbench.training import state
from maskbench.training.base import CurvedTraining, decay
from maskbench.training.devices import Placement
from maskbench.training.seeding import seeded

if TYPE_CHECKING:
    from maskbench.synthesis.adversarial import AdversarialMethod


def oval(size: int, share: float) -> Tensor:
    """A window (size, size): 1 inside an upright oval around the centre, ``share`` of the side high
    and four fifths of that wide, 0 outside, with an edge a tenth of the oval soft."""
    along = (torch.arange(size) * 2 + 1) / size - 1
    radius = torch.hypot(along[None] / 0.8, along[:, None]) / share
    return ((1.05 - radius) / 0.1).clamp(0, 1)


class AdversarialTraining(CurvedTraining):
    """One training in progress.

    Attributes:
        step: generator steps done.
        warm: steps of the critic alone, before the first of them.
        generator, critic, average: the networks; ``average`` is the generator's moving average.
    """

    params: AdversarialParams
    PLAIN = ("step", "warm", "sums", "curves")

    def __init__(
        self,
        method: AdversarialMethod,
        params: AdversarialParams,
        batches: Batches,
        seed: int,
        placement: Placement,
    ) -> None:
        super().__init__(params)
        self.method, self.batches = method, batches
        device = placement.device
        # channels_last: the grouped convolutions are twice as fast on a CPU
        form = torch.channels_last
        self.generator: nn.Module = seeded(lambda: method.generator(params), seed)
        self.critic: nn.Module = seeded(lambda: method.critic(params), seed + 1)
        self.generator.to(device, memory_format=form).train()
        self.critic.to(device, memory_format=form).train()
        self.batch_statistics = any(
            isinstance(m, nn.modules.batchnorm._BatchNorm) for m in self.critic.modules()
        )
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        for network in (self.generator, self.critic):  # not the average: it is applied in float32
            placement.cast(network)
        self.optimisers = (
            method.optimiser(self.generator, params.generator_lr, params),
            method.optimiser(self.critic, params.critic_lr, params),
        )
        self.schedulers = tuple(
            torch.optim.lr_scheduler.LambdaLR(
                optimiser, lambda step: decay(step, params.steps, params.decay_from)
            )
            for optimiser in self.optimisers
        )
        self.window = oval(params.train_size, params.view).to(device) if params.view else None
        self.random = torch.Generator().manual_seed(seed + 2)
        self.warm = 0

    def parts(self) -> dict[str, Any]:
        """Everything that changes; names as they stand in the state file."""
        return {
            "generator": self.generator,
            "critic": self.critic,
            "average": self.average,
            "generator_optimiser": self.optimisers[0],
            "critic_optimiser": self.optimisers[1],
            "generator_schedule": self.schedulers[0],
            "critic_schedule": self.schedulers[1],
            "random": self.random,
            "global_random": state.GlobalRandom(),
            "batches": self.batches,
        }

    def warm_up(self) -> None:
        """Critic steps on random placements, so that its first advice is worth following."""
        while self.warm < self.params.critic_warmup:
            batch = self.batches.draw(self.params.batch_size)
            textures = self.batches.textures[batch.styles]
            with torch.no_grad():
                fake = self.method.random_pictures(batch.faces, textures, self.params, self.random)
            self._critic_step(batch.real, fake)
            self.warm += 1

    def advance(self) -> dict[str, float]:
        """One generator step with its critic steps; the losses."""
        params = self.params
        for repeat in range(params.critic_steps):
            batch = self.batches.draw(params.batch_size)
            textures = self.batches.textures[batch.styles]
            last = repeat == params.critic_steps - 1
            with torch.set_grad_enabled(last):
                worn = self.method.wear(self.generator, batch.faces, textures, params, self.random)
            critic_loss, distance = self._critic_step(batch.real, worn.picture.detach())
        # The generator steps on the pictures that the critic has just judged.
        self.critic.requires_grad_(False)
        shown = self._shown(worn.picture)
        if self.batch_statistics:  # the same mixture as in the critic's own step
            shown = torch.cat([self._shown(batch.real), shown])
        scores = score(self.critic(shown))[-len(batch.faces) :]
        adversarial = self.method.generator_loss(scores, params)
        penalties = self.method.penalties(self.generator, batch, worn, self.batches, params)
        loss = adversarial + sum(penalties.values())
        self.optimisers[0].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers[0].step()
        self.critic.requires_grad_(True)
        for schedule in self.schedulers:
            schedule.step()
        self._update_average()
        self.step += 1
        losses = {
            "critic_loss": critic_loss,
            "distance": distance,
            "generator_loss": float(adversarial.detach()),
            **{name: float(value.detach()) for name, value in penalties.items()},
        }
        self.note(losses)
        return losses

    def _critic_step(self, real: Tensor, fake: Tensor) -> tuple[float, float]:
        """One critic step; its loss, and the difference of the mean scores."""
        real, fake = self._shown(real), self._shown(fake)
        # One pass for both domains: where there are batch statistics, they are shared.
        scores = score(self.critic(torch.cat([real, fake])))
        real_scores, fake_scores = scores.chunk(2)
        loss = self.method.critic_loss(real_scores, fake_scores, self.params)
        loss = loss + self.method.regulariser(self.critic, real, fake, self.params, self.random)
        self.optimisers[1].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers[1].step()
        self.method.after_critic_step(self.critic, self.params)
        distance = real_scores.mean() - fake_scores.mean()
        return float(loss.detach()), float(distance.detach())

    def _shown(self, pictures: Tensor) -> Tensor:
        """What the critic sees: at the training size, in [-1, 1], blurred, of the oval's inside;
        or standardised."""
        pictures = resize(pictures, self.params.train_size)
        pictures = blur(pictures, self.params.blur * self.params.train_size) * 2 - 1
        if self.params.standardise:
            pictures = standardise(pictures, self.window)
        elif self.window is not None:
            pictures = pictures * self.window
        return pictures.contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def _update_average(self) -> None:
        # The average warms up, so that early weights do not linger in it.
        keep = min(self.params.ema, (1 + self.step) / (10 + self.step))
        new = self.generator.state_dict()
        for name, value in self.average.state_dict().items():
            if value.dtype.is_floating_point:
                value.lerp_(new[name], 1 - keep)
            else:
                value.copy_(new[name])
