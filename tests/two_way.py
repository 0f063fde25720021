"""A small method that paints masks and paints faces beneath masks, known by its spec alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from maskbench.imaging.ranges import Augmentation
from maskbench.imaging.tensors import as_images, as_tensor, resize
from maskbench.restoration.specs import RestorerParams
from maskbench.synthesis.base import LearningMethod
from maskbench.synthesis.batches import Batches
from maskbench.synthesis.painted.base import PaintedMethod
from maskbench.synthesis.specs import METHODS, SynthesisSpec
from maskbench.synthesis.specs.painted import PaintedParams
from maskbench.training.devices import place
from maskbench.training.player import Player
from maskbench.training.seeding import seeded
from maskbench.training.stage import Stage


class TwoWayParams(PaintedParams, RestorerParams):
    train_size: int = 24
    width: int = 16
    batch_size: int = 8
    steps: int = Field(100, ge=1)
    rate: float = 1e-2
    back: float = 1.0
    log_every: int = 10
    checkpoint_every: int = 20
    sheet_every: int = 0


class Painter(nn.Module):
    """Sees where a pixel lies."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(5, width, 3, 1, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(width, width, 5, 1, 4, 2), nn.LeakyReLU(0.2),
            nn.Conv2d(width, 3, 3, 1, 1), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, faces: Tensor) -> Tensor:
        along = torch.linspace(-1, 1, faces.shape[-1]).to(faces)
        places = torch.stack(torch.meshgrid(along, along, indexing="ij")).expand(
            len(faces), -1, -1, -1
        )
        return self.layers(torch.cat([faces, places], 1))


class TwoWay(PaintedMethod, LearningMethod):
    APPLIED = ("painters",)

    def networks(self, params):
        painters = {name: partial(Painter, params.width) for name in ("on", "off")}
        return {"painters": lambda: nn.ModuleDict({n: make() for n, make in painters.items()})}

    def start(self, block, data, seed):
        super().start(block, data, seed)
        params, placement = block.params, place("float32")
        self.device = placement.device
        self.batches = Batches(
            data.faces, data.masked, data.pictures, styles=data.styles, size=params.train_size,
            match="faces", ranges=Augmentation(), seed=seed, device=self.device,
        )  # fmt: skip
        network = seeded(self.networks(params)["painters"], seed)
        player = Player(network, torch.optim.Adam, placement, ema=0.9, form=torch.contiguous_format)
        self.players, self.applied = {"painters": player}, {"painters": player.average.module}
        self.stages = [
            Stage(
                name="train", steps=params.steps, players=("painters",),
                rates={"painters": params.rate}, weights={"off": params.back},
                sheet_every=params.sheet_every,
            )
        ]  # fmt: skip

    def batch(self, turn):
        return self.batches.draw(self.params.batch_size)

    def losses(self, player, batch, turn):
        network = self.players["painters"].network
        return {
            "on": (network["on"](batch.faces) - batch.real).abs().mean(),
            "off": (network["off"](batch.real) - batch.faces).abs().mean(),
        }

    def parts(self):
        return {"batches": self.batches}

    def paint(self, faces, styles):
        assert styles is None  # it has no styles
        return self.applied["painters"]["on"](faces)

    @torch.inference_mode()
    def take_off(self, pictures: np.ndarray) -> np.ndarray:
        small = resize(as_tensor(pictures).to(self.device), self.params.train_size)
        return as_images(resize(self.applied["painters"]["off"](small), pictures.shape[1]))


SPEC = SynthesisSpec(
    name="two_way",
    title="Two-way painter",
    paper="none: a test",
    roles=frozenset({"masker", "unmasker"}),
    styled=False,
    family="painted",
    Params=TwoWayParams,
    implementation=f"{__name__}:TwoWay",
)


@contextmanager
def registered() -> Iterator[SynthesisSpec]:
    """The method is one of METHODS inside."""
    METHODS.register(SPEC)
    try:
        yield SPEC
    finally:
        METHODS._specs.pop(SPEC.name)
