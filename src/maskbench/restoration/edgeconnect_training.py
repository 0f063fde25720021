"""What EdgeConnect learns by: stage 1 learns edges, stage 2 colours.

Nazeri et al. 2019. Stage 1 (equations 1 to 4): non-saturating adversarial loss and feature
matching. Stage 2 (5 to 8): L1, perceptual, style and adversarial losses on the raw painting, with
edges that are true outside the hole. Both stages see pairs of a bare face and a mask's coverage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskbench.guides.pairs import Pairs
from maskbench.guides.variety import Random, turns
from maskbench.imaging.augmentation import move, relit
from maskbench.imaging.tensors import as_tensor, luma
from maskbench.restoration.edgeconnect_networks import Discriminator, Generator
from maskbench.restoration.edges import edges_of
from maskbench.restoration.holes import grown
from maskbench.restoration.perceptual import FeatureMaps
from maskbench.restoration.specs.edgeconnect import EdgeConnectParams
from maskbench.training.devices import Placement
from maskbench.training.loop import Learner
from maskbench.training.player import Player
from maskbench.training.seeding import Order, seeded
from maskbench.training.stage import Schedule, Stage, Turn

EDGES, COLOURS = "edges", "colours"
EDGE_CRITIC, COLOUR_CRITIC = "edge_critic", "colour_critic"


@dataclass
class Batch:
    """What a step sees; all (B, C, s, s) in [0, 1].

    Attributes:
        picture: 3 channels, the bare face.
        hole: 1 inside.
        grey: the bare face.
        edges: of the bare face.
        made: what the stage's generator makes of it, with its gradient.
    """

    picture: Tensor
    hole: Tensor
    grey: Tensor
    edges: Tensor
    made: Tensor | None = None


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


class EdgeConnectLearner(Learner):
    """Two stages of two players each: a critic, and then the generator that it judges.

    Attributes:
        networks: the generators.
    """

    def __init__(
        self,
        pairs: Pairs,
        params: EdgeConnectParams,
        maps: FeatureMaps,
        seed: int,
        placement: Placement,
    ) -> None:
        self.pairs, self.params, self.device = pairs, params, placement.device
        self.networks, width = Networks(params, seed), params.critic_width
        own = {
            EDGES: self.networks.edges,
            COLOURS: self.networks.colours,
            EDGE_CRITIC: seeded(lambda: Discriminator(2, width), seed + 2),
            COLOUR_CRITIC: seeded(lambda: Discriminator(3, width), seed + 3),
        }
        self.maps = maps.to(self.device)
        placement.cast(self.maps)
        optimise = partial(torch.optim.Adam, betas=params.betas)
        self.players = {name: Player(net, optimise, placement) for name, net in own.items()}
        self.stages = (
            _stage(
                params, EDGES, EDGE_CRITIC, params.edge_steps,
                adversarial=params.edge_adversarial, feature_matching=params.feature_matching,
                entropy=params.edge_entropy,
            ),
            _stage(
                params, COLOURS, COLOUR_CRITIC, params.steps, l1=params.l1,
                adversarial=params.adversarial, perceptual=params.perceptual, style=params.style,
            ),
        )  # fmt: skip
        self.order = Order(len(pairs), np.random.default_rng(seed))
        self.random = torch.Generator().manual_seed(seed + 4)

    def parts(self) -> dict[str, Any]:
        return {"order": self.order, "random": self.random}

    def batch(self, turn: Turn) -> Batch:
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
        maps = turns(random, params.rotation, params.scaling, params.translation)
        moved = move(torch.cat([self.pairs.bare(numbers), hole], dim=1), maps)
        picture, hole = moved[:, :3], (moved[:, 3:] > 0.01).float()
        contrast = random.uniform(-1, 1) * params.light
        picture = relit(picture, contrast, random.uniform(-0.5, 0.5) * params.light)
        grey = luma(picture)
        edges = edges_of(grey, params.sigma)
        return Batch(*(part.to(self.device) for part in (picture, hole, grey, edges)))

    def losses(self, player: str, batch: Batch, turn: Turn) -> Mapping[str, Tensor]:
        how = {
            EDGE_CRITIC: self._judge_edges, EDGES: self._draw_edges,
            COLOUR_CRITIC: self._judge_colours, COLOURS: self._paint,
        }  # fmt: skip
        return how[player](batch)

    def _judge_edges(self, batch: Batch) -> dict[str, Tensor]:
        batch.made = self.networks.edges_in(batch.grey, self.known_edges(batch), batch.hole)
        critic = self.players[EDGE_CRITIC].network
        real = torch.cat([batch.grey, batch.edges], dim=1)
        fake = torch.cat([batch.grey, batch.made.detach()], dim=1)
        return {"critic": discriminator_loss(critic(real)[0], critic(fake)[0])}

    def _draw_edges(self, batch: Batch) -> dict[str, Tensor]:
        critic, made = self.players[EDGE_CRITIC].network, batch.made
        assert made is not None
        with torch.no_grad():
            _, real_maps = critic(torch.cat([batch.grey, batch.edges], dim=1))
        judged, fake_maps = critic(torch.cat([batch.grey, made], dim=1))
        entropy = F.binary_cross_entropy(made.clamp(1e-4, 1 - 1e-4), batch.edges)
        return {
            "adversarial": adversarial_loss(judged),
            "feature_matching": matching_loss(fake_maps, real_maps),
            "entropy": entropy / batch.hole.mean().clamp(min=1e-3),
        }

    def _judge_colours(self, batch: Batch) -> dict[str, Tensor]:
        batch.made = self.networks.colours_in(batch.picture, self.given_edges(batch), batch.hole)
        critic = self.players[COLOUR_CRITIC].network
        judged = critic(batch.picture)[0], critic(batch.made.detach())[0]
        return {"critic": discriminator_loss(*judged)}

    def _paint(self, batch: Batch) -> dict[str, Tensor]:
        made = batch.made
        assert made is not None
        adversarial = adversarial_loss(self.players[COLOUR_CRITIC].network(made)[0])
        l1 = F.l1_loss(made, batch.picture) / batch.hole.mean().clamp(min=1e-3)
        perceptual, style = self.maps.losses(made, batch.picture, batch.hole)
        return {
            "l1": l1,
            "adversarial": adversarial,
            "perceptual": perceptual,
            "style": style,
        }

    def known_edges(self, batch: Batch) -> Tensor:
        """The edges outside the hole, found as in use: without a look inside."""
        return edges_of(batch.grey, self.params.sigma, batch.hole)

    @torch.no_grad()
    def given_edges(self, batch: Batch) -> Tensor:
        """Stage 2's edges: known outside the hole, predicted (or true) inside."""
        known = self.known_edges(batch)
        made = self.networks.edges_in(batch.grey, known, batch.hole)
        true = torch.rand(len(made), 1, 1, 1, generator=self.random) < self.params.true_edges
        inside = torch.where(true.to(self.device), batch.edges, made)
        return known * (1 - batch.hole) + inside * batch.hole


def _stage(
    params: EdgeConnectParams, generator: str, critic: str, steps: int, **weights: float
) -> Stage:
    rate = params.learning_rate
    return Stage(
        name=generator,
        steps=steps,
        players=(critic, generator),
        rates={critic: rate * params.critic_rate, generator: rate},
        schedule=Schedule(shape="linear", start=params.decay_from),
        weights=weights,
    )
