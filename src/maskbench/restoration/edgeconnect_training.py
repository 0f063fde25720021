"""The training of EdgeConnect: stage 1 learns edges, stage 2 colours; all that changes meanwhile.

Nazeri et al. 2019. Stage 1 (equations 1 to 4): non-saturating adversarial loss and feature
matching. Stage 2 (5 to 8): L1, perceptual, style and adversarial losses on the raw painting, with
edges that are true outside the hole. Both stages see pairs of a bare face and a mask's coverage.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskbench.guides.pairs import Pairs
from maskbench.guides.variety import Random, move
from maskbench.imaging.augmentation import relit
from maskbench.imaging.tensors import as_tensor, luma
from maskbench.restoration.edgeconnect_networks import Discriminator, Generator
from maskbench.restoration.edges import edges_of
from maskbench.restoration.holes import grown
from maskbench.restoration.perceptual import FeatureMaps
from maskbench.restoration.specs.edgeconnect import EdgeConnectParams
from maskbench.training.base import CurvedTraining, decay
from maskbench.training.devices import Placement
from maskbench.training.seeding import Order, seeded


class Batch(NamedTuple):
    """What a step sees; all (B, C, s, s) in [0, 1]."""

    picture: Tensor  # 3 channels, the bare face
    hole: Tensor  # 1 inside
    grey: Tensor
    edges: Tensor  # of the bare face


class Networks:
    """Both stages' generators, and how a picture goes through them.

    Attributes:
        edges: (grey, edges, hole) -> edges.
        colours: (RGB, edges) -> RGB.
    """

    def __init__(self, params: EdgeConnectParams, seed: int) -> None:
        width, blocks = params.width, params.blocks
        self.edges: nn.Module = seeded(
            lambda: Generator(3, 1, width, blocks, spectral=True, last="sigmoid"), seed
        )
        self.colours: nn.Module = seeded(lambda: Generator(4, 3, width, blocks), seed + 1)

    def edges_in(self, grey: Tensor, edges: Tensor, hole: Tensor) -> Tensor:
        """Stage 1, the raw prediction. What the hole holds of ``grey`` and ``edges`` is not seen:
        it is white in the one and empty in the other."""
        seen = torch.cat([grey * (1 - hole) + hole, edges * (1 - hole), hole], dim=1)
        return self.edges(seen.contiguous(memory_format=torch.channels_last)).float()

    def colours_in(self, picture: Tensor, edges: Tensor, hole: Tensor) -> Tensor:
        """Stage 2, the raw painting; the hole is white in ``picture``."""
        seen = torch.cat([picture * (1 - hole) + hole, edges], dim=1)
        return self.colours(seen.contiguous(memory_format=torch.channels_last)).float()


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Mean of -log D(real) and -log(1 - D(fake)), D the sigmoid of logits of any shape."""
    return (F.softplus(-real.float()).mean() + F.softplus(fake.float()).mean()) / 2


def adversarial_loss(fake: Tensor) -> Tensor:
    """-log D(fake), the non-saturating form."""
    return F.softplus(-fake.float()).mean()


def matching_loss(fake: list[Tensor], real: list[Tensor]) -> Tensor:
    """Equation 3: L1 distance of the discriminator's maps, the mean of each layer, summed."""
    return torch.stack(
        [F.l1_loss(f.float(), r.detach().float()) for f, r in zip(fake, real, strict=True)]
    ).sum()


class EdgeConnectTraining(CurvedTraining):
    """One training in progress; its steps are those of both stages together.

    Attributes:
        networks: the generators.
    """

    params: EdgeConnectParams

    def __init__(
        self,
        pairs: Pairs,
        params: EdgeConnectParams,
        maps: FeatureMaps,
        seed: int,
        placement: Placement,
    ) -> None:
        super().__init__(params)
        self.pairs, self.device = pairs, placement.device
        self.networks = Networks(params, seed)
        self.edge_critic: nn.Module = seeded(
            lambda: Discriminator(2, params.critic_width), seed + 2
        )
        self.colour_critic: nn.Module = seeded(
            lambda: Discriminator(3, params.critic_width), seed + 3
        )
        self.maps = maps.to(self.device)
        own = (self.networks.edges, self.networks.colours, self.edge_critic, self.colour_critic)
        for network in own:
            network.to(self.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
            placement.cast(network)
        placement.cast(self.maps)
        rates = (params.learning_rate, params.learning_rate * params.critic_rate)
        self.optimisers = [
            torch.optim.Adam(network.parameters(), rate, betas=params.betas)
            for network, rate in zip(own, (rates[0], rates[0], rates[1], rates[1]), strict=True)
        ]
        lengths = (params.edge_steps, params.steps, params.edge_steps, params.steps)
        self.schedules = [
            torch.optim.lr_scheduler.LambdaLR(
                optimiser, partial(decay, steps=length, start=params.decay_from)
            )
            for optimiser, length in zip(self.optimisers, lengths, strict=True)
        ]
        self.order = Order(len(pairs), np.random.default_rng(seed))
        self.random = torch.Generator().manual_seed(seed + 4)

    @property
    def total(self) -> int:
        return self.params.edge_steps + self.params.steps

    def parts(self) -> dict[str, Any]:
        """Everything that changes; names as they stand in the state file."""
        named: dict[str, Any] = {
            "edges": self.networks.edges,
            "colours": self.networks.colours,
            "edge_critic": self.edge_critic,
            "colour_critic": self.colour_critic,
        }
        for name, optimiser, schedule in zip(
            list(named), self.optimisers, self.schedules, strict=True
        ):
            named[f"{name}_optimiser"], named[f"{name}_schedule"] = optimiser, schedule
        return {**named, "order": self.order, "random": self.random}

    def batch(self) -> Batch:
        """The next pictures, moved and lit a little, with holes somewhat larger than the masks."""
        params = self.params
        numbers = self.order.take(params.batch_size)
        random = Random(len(numbers), self.random)
        side = self.pairs.masked.size
        reach = random.uniform(params.holes_from, params.holes_to).flatten().tolist()
        holes = [
            grown(self.pairs.masked.masks[self.pairs.rows[n]] >= params.threshold, r * side)
            for n, r in zip(numbers, reach, strict=True)
        ]
        hole = as_tensor([h.astype(np.uint8) * 255 for h in holes], self.pairs.size)
        moved = move(
            torch.cat([self.pairs.bare(numbers), hole], dim=1),
            random, params.rotation, params.scaling, params.translation,
        )  # fmt: skip
        picture, hole = moved[:, :3], (moved[:, 3:] > 0.01).float()
        contrast = random.uniform(-1, 1) * params.light
        picture = relit(picture, contrast, random.uniform(-0.5, 0.5) * params.light)
        grey = luma(picture)
        edges = edges_of(grey, params.sigma)
        return Batch(*(part.to(self.device) for part in (picture, hole, grey, edges)))

    def advance(self) -> dict[str, float]:
        """One step of the stage whose turn it is; the losses."""
        batch = self.batch()
        if self.step < self.params.edge_steps:
            losses = self._edge_step(batch)
        else:
            losses = self._colour_step(batch)
        self.step += 1
        self.note(losses)
        return losses

    def _edge_step(self, batch: Batch) -> dict[str, float]:
        params, critic = self.params, self.edge_critic
        made = self.networks.edges_in(batch.grey, self._known(batch), batch.hole)
        real = torch.cat([batch.grey, batch.edges], dim=1)
        fake = torch.cat([batch.grey, made], dim=1)
        critic_loss = discriminator_loss(critic(real)[0], critic(fake.detach())[0])
        self._step(2, critic_loss)
        critic.requires_grad_(False)
        with torch.no_grad():
            _, real_maps = critic(real)
        judged, fake_maps = critic(fake)
        adversarial = adversarial_loss(judged)
        matching = matching_loss(fake_maps, real_maps)
        entropy = F.binary_cross_entropy(made.clamp(1e-4, 1 - 1e-4), batch.edges)
        entropy = entropy / batch.hole.mean().clamp(min=1e-3)
        loss = params.edge_adversarial * adversarial + params.feature_matching * matching
        self._step(0, loss + params.edge_entropy * entropy)
        critic.requires_grad_(True)
        return _numbers(
            edge_critic=critic_loss, edge_adversarial=adversarial, feature_matching=matching,
            edge_entropy=entropy,
        )  # fmt: skip

    def _colour_step(self, batch: Batch) -> dict[str, float]:
        params, critic, hole = self.params, self.colour_critic, batch.hole
        made = self.networks.colours_in(batch.picture, self._edges(batch), hole)
        critic_loss = discriminator_loss(critic(batch.picture)[0], critic(made.detach())[0])
        self._step(3, critic_loss)
        critic.requires_grad_(False)
        adversarial = adversarial_loss(critic(made)[0])
        l1 = F.l1_loss(made, batch.picture) / hole.mean().clamp(min=1e-3)
        perceptual, style = self.maps.losses(made, batch.picture, hole)
        weighted = (
            (params.l1, l1), (params.adversarial, adversarial),
            (params.perceptual, perceptual), (params.style, style),
        )  # fmt: skip
        self._step(1, torch.stack([weight * loss for weight, loss in weighted]).sum())
        critic.requires_grad_(True)
        return _numbers(
            colour_critic=critic_loss, l1=l1, adversarial=adversarial, perceptual=perceptual,
            style=style,
        )  # fmt: skip

    def _known(self, batch: Batch) -> Tensor:
        """The edges outside the hole, found as in use: without a look inside."""
        return edges_of(batch.grey, self.params.sigma, batch.hole)

    @torch.no_grad()
    def _edges(self, batch: Batch) -> Tensor:
        """Stage 2's edges: known outside the hole, predicted (or true) inside."""
        known = self._known(batch)
        made = self.networks.edges_in(batch.grey, known, batch.hole)
        given = torch.rand(len(made), 1, 1, 1, generator=self.random) < self.params.true_edges
        inside = torch.where(given.to(self.device), batch.edges, made)
        return known * (1 - batch.hole) + inside * batch.hole

    def _step(self, number: int, loss: Tensor) -> None:
        self.optimisers[number].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers[number].step()
        self.schedules[number].step()


def _numbers(**losses: Tensor) -> dict[str, float]:
    return {name: float(value.detach()) for name, value in losses.items()}
