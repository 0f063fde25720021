"""Translation between bare and masked faces: what the methods of papers 3 and 4 share.

A method adds its networks, its stages and its losses, mostly from the parts here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from maskbench.imaging.augmentation import augment
from maskbench.imaging.tensors import as_images, as_tensor, resize
from maskbench.masks.maskedset import REAL
from maskbench.networks.translation import (
    Painted,
    Painter,
    PatchCritic,
    ResnetGenerator,
    WholeCritic,
)
from maskbench.registry import Block
from maskbench.synthesis import losses
from maskbench.synthesis.base import LearningMethod, TrainingData
from maskbench.synthesis.batches import Batches
from maskbench.synthesis.painted.base import PaintedMethod
from maskbench.training.pool import Pool
from maskbench.training.stage import Ramp, Schedule, Stage, Turn

GENERATOR, CRITIC = "generator", "critic"

#: critic's loss (real, fake) and generator's loss (fake), from scores of any shape
OBJECTIVES: Mapping[str, tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "log": (losses.minimax_critic, losses.minimax_generator),
    "lsgan": (losses.lsgan_critic, losses.lsgan_generator),
    "wasserstein": (losses.wasserstein_critic, losses.wasserstein_generator),
}


@dataclass
class Pictures:
    """What a step sees: unpaired pictures of both domains.

    Attributes:
        bare: (B, 3, s, s) in [-1, 1].
        masked: (B, 3, s, s) in [-1, 1], of other people or moments.
        styles: (B,) the number of the style that each bare face shall wear. Where the masked
            domain knows its styles, it is also that of the masked face in the same place.
        rows: (B,) which training faces the bare ones are.
        worn: (B,) the number of the style that each masked face wears; -1: unknown.
        made: what the generators made of it in this step, for the players that follow.
    """

    bare: Tensor
    masked: Tensor
    styles: Tensor
    rows: np.ndarray
    worn: np.ndarray
    made: dict[str, Any] = field(default_factory=dict)


class TranslationMethod(PaintedMethod, LearningMethod):
    """Players ``generator`` and ``critic``, which may hold several networks each. Its parameters
    are a :class:`.specs.translation.TranslationParams`."""

    APPLIED = (GENERATOR,)
    POOLS: tuple[str, ...] = ()

    # What a method may change ---------------------------------------------------------------
    def stages_of(self, params: Any) -> list[Stage]:
        """The planned stages, or one: the generators step, then the critics."""
        planned = [
            self.stage(
                params, one.name, one.steps, continues=one.continues, weights=one.weights,
                rates={
                    GENERATOR: one.generator_lr or params.generator_lr,
                    CRITIC: one.critic_lr or params.critic_lr,
                },
                repeats={CRITIC: one.critic_steps or params.critic_steps},
            )
            for one in params.stages
        ]  # fmt: skip
        return planned or [self.stage(params, "train", params.steps)]

    def weights(self, params: Any) -> dict[str, float | Ramp]:
        """The weights of losses, where they are not 1."""
        return {}

    # Parts ----------------------------------------------------------------------------------
    def part(self, player: str, name: str) -> nn.Module:
        """One of the networks in training that a player holds."""
        return self.players[player].network.get_submodule(name)

    def painter(
        self, params: Any, maps: int = 0, network: Callable[..., nn.Module] = ResnetGenerator,
        **options: Any,
    ) -> Painter:  # fmt: skip
        """A residual generator with the method's switches; ``options``: of the network."""
        made = partial(network, width=params.generator_width, blocks=params.blocks, **options)
        return Painter(
            made, maps=maps, compose=params.switches.compose,
            coordinates=params.switches.coordinates,
        )  # fmt: skip

    def critic(self, params: Any, outputs: int = 1, **patches: Any) -> nn.Module:
        """A critic of patches, or of whole pictures by the method's switches; ``outputs``: of the
        latter, ``patches``: options of the former."""
        if params.switches.whole_critic:
            return WholeCritic(params.train_size, params.critic_width, outputs)
        return PatchCritic(params.critic_width, **patches)

    def stage(self, params: Any, name: str, steps: int, **changed: Any) -> Stage:
        """A stage with the method's rates, schedule and weights, where ``changed`` does not say
        otherwise."""
        switches = params.switches
        weights: dict[str, float | Ramp] = {
            "held": switches.held,
            "see_through": Ramp(start=0, end=switches.see_through, begin=0.25),
            "penalty": params.gradient_penalty,
            "r1": switches.r1 * switches.r1_every,
            **self.weights(params),
        }
        values: dict[str, Any] = {
            "players": (GENERATOR, CRITIC),
            "repeats": {CRITIC: params.critic_steps},
            "rates": {GENERATOR: params.generator_lr, CRITIC: params.critic_lr},
            "schedule": Schedule(shape="linear", start=params.decay_from),
            "sheet_every": params.sheet_every,
            **changed,
            "weights": {**weights, **changed.get("weights", {})},
        }
        return Stage(name=name, steps=steps, **values)

    def shown(self, pictures: Tensor) -> Tensor:
        """What a critic sees of pictures (B, 3, s, s) in [-1, 1]."""
        ranges = self.params.switches.critic_augmentation
        if ranges is not None:
            pictures = augment((pictures + 1) / 2, ranges, self.random)[0] * 2 - 1
        return pictures

    def judged(self, critic: nn.Module, pictures: Tensor) -> Tensor:
        """A critic's scores of pictures (B, 3, s, s) in [-1, 1], as it sees them."""
        return critic(self.shown(pictures)).float()

    def critic_losses(
        self,
        name: str,
        critic: nn.Module,
        real: Tensor,
        fake: Tensor,
        turn: Turn,
        factors: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """What a critic minimises: ``{name}_critic``, each pair of pictures times its factor (B,)
        if there are factors, and the penalties whose weights are not 0."""
        fake = fake.detach()
        # One pass for both domains: where there are batch statistics, they are shared.
        scores = self.judged(critic, torch.cat([real, fake])).chunk(2)
        loss = mean_loss(OBJECTIVES[self.params.objective][0], scores, factors)
        return {f"{name}_critic": loss, **self.penalties(critic, real, fake, turn)}

    def penalties(
        self, critic: losses.Critic, real: Tensor, fake: Tensor, turn: Turn
    ) -> dict[str, Tensor]:
        """A critic's penalties whose weights are not 0: ``penalty``, ``r1``."""
        found = {}
        if turn.weight("penalty"):
            found["penalty"] = losses.gradient_penalty(critic, real, fake, self.random)
        if turn.weight("r1") and turn.step % self.params.switches.r1_every == 0:
            found["r1"] = losses.r1_penalty(critic, real)
        return found

    def fooled(self, critic: nn.Module, fake: Tensor, factors: Tensor | None = None) -> Tensor:
        """What a generator minimises for a critic to take its pictures for real, each times its
        factor (B,) if there are factors."""
        scores = [self.judged(critic, fake)]
        return mean_loss(OBJECTIVES[self.params.objective][1], scores, factors)

    def opacity_losses(self, *painted: Painted) -> dict[str, Tensor]:
        """``held`` and ``see_through`` (:class:`.specs.translation.Switches`), summed over the
        directions; nothing without composition."""
        opacities = [one.opacity for one in painted if one.opacity is not None]
        if not opacities:
            return {}
        held = [(a.mean() - self.mean_coverage).abs() for a in opacities]
        through = [(4 * a * (1 - a)).mean() for a in opacities]
        return {"held": torch.stack(held).sum(), "see_through": torch.stack(through).sum()}

    def translated(self, network: nn.Module, pictures: np.ndarray) -> np.ndarray:
        """Pictures (B, n, n, 3) uint8 turned by a painter at the training size and enlarged."""
        small = resize(as_tensor(pictures).to(self.device), self.params.train_size)
        with torch.inference_mode():
            made: Painted = network(small * 2 - 1)
        return as_images(resize((made.pictures + 1) / 2, pictures.shape[1]))

    # The learner ----------------------------------------------------------------------------
    def start(self, block: Block, data: TrainingData, seed: int) -> None:
        super().start(block, data, seed)
        params = block.params
        self.enlist(seed)
        self.batches = Batches(
            data.faces, data.masked, data.pictures, styles=data.styles, size=params.train_size,
            match="styles", ranges=params.augmentation, seed=seed, device=self.device,
            scratch=data.scratch,
        )  # fmt: skip
        self.random = torch.Generator().manual_seed(seed + 2)
        self.pools = {
            name: Pool(params.pool, seed + 3 + number) for number, name in enumerate(self.POOLS)
        }
        self.mean_coverage = self._mean_coverage() if params.switches.held else 0.0
        self.stages = self.stages_of(params)

    def parts(self) -> dict[str, Any]:
        return {"random": self.random, "batches": self.batches, **self.pools}

    def batch(self, turn: Turn) -> Pictures:
        return self.drawn(self.params.batch_size)

    def drawn(self, count: int) -> Pictures:
        """The next ``count`` pictures of each domain."""
        batch = self.batches.draw(count)
        return Pictures(
            batch.faces * 2 - 1, batch.real * 2 - 1, batch.styles, batch.rows, batch.worn
        )

    def _mean_coverage(self) -> float:
        """The mean coverage of the masked domain's training pictures, known or found."""
        masked = self.data.masked
        rows = masked.of_split("train")
        if (masked.faces["method"].iloc[rows] != REAL).all():
            return float(np.mean([masked.masks[row].mean() for row in rows]) / 255)
        found = [self.segmenter.predict(np.array(masked.images[[row]])) for row in rows]
        return float(np.mean(found) / 255)


def mean_loss(
    loss: Callable[..., Tensor], scores: Sequence[Tensor], factors: Tensor | None
) -> Tensor:
    """A loss of scores (B, ...); with factors (B,) the mean over the pictures of factor x loss."""
    if factors is None:
        return loss(*scores)
    single = [loss(*pair) for pair in zip(*(part.split(1) for part in scores), strict=True)]
    return (torch.stack(single) * factors).mean()
