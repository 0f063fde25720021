"""What the guides' implementations share: the training on pairs of faces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from maskbench.faces.faceset import FaceSet
from maskbench.guides.pairs import Pairs
from maskbench.guides.variety import vary
from maskbench.masks.maskedset import MaskedSet
from maskbench.training.curves import Log
from maskbench.training.devices import place
from maskbench.training.loop import Learner, train
from maskbench.training.player import Player
from maskbench.training.seeding import Order
from maskbench.training.stage import Schedule, Stage

PLAYER = "network"


class PairLearner(Learner):
    """A network that learns from pairs of faces, one stage with one player; ``weights`` are those
    of its losses, the others count 1."""

    def __init__(
        self, pairs: Pairs, params: Any, player: Player, seed: int, **weights: float
    ) -> None:
        self.pairs, self.params, self.players = pairs, params, {PLAYER: player}
        start = params.warmup / params.steps if params.warmup < params.steps else 0.0
        self.stages = (
            Stage(
                name="train",
                steps=params.steps,
                players=(PLAYER,),
                rates={PLAYER: params.learning_rate},
                schedule=Schedule(shape="cosine", start=start, warmup=params.warmup),
                weights=weights,
            ),
        )
        self.order = Order(len(pairs), np.random.default_rng(seed))
        self.random = torch.Generator().manual_seed(seed + 1)

    def parts(self) -> dict[str, Any]:
        return {"order": self.order, "random": self.random}

    def drawn(self) -> tuple[list[int], Tensor, Tensor, Tensor]:
        """The numbers of the next pairs; pictures (B, 3, s, s) and coverages (B, 1, s, s) in
        [0, 1], the first of them bare; and how the faces were moved (:func:`.variety.vary`)."""
        params = self.params
        numbers = self.order.take(params.batch_size)
        bare = self.pairs.bare(numbers)
        masked, coverage = self.pairs.masked_faces(numbers), self.pairs.coverage(numbers)
        without = round(params.bare_share * params.batch_size)
        masked[:without], coverage[:without] = bare[:without], 0
        return numbers, *vary(bare, masked, coverage, params.variety, self.random)


class Guide:
    """A guide that learns from pairs of a bare and a masked face.

    Attributes:
        NAME: what its progress bar says.
        LEARNER: (pairs, params, seed, placement) -> its learner.
    """

    NAME: ClassVar[str]
    LEARNER: ClassVar[Callable[..., Learner]]

    def train(
        self,
        faces: FaceSet,
        masked: MaskedSet,
        params: Any,
        *,
        seed: int,
        out: Path,
        scratch: Path,
        log: Log,
    ) -> None:
        """Train and write ``state.safetensors`` and ``curves.parquet`` into the folder ``out``."""
        pairs = Pairs(faces, masked, "train", params.train_size)
        learner = type(self).LEARNER(pairs, params, seed, place(params.precision))
        train(
            learner, title=f"{self.NAME} seed {seed}", seed=seed, out=out, scratch=scratch,
            log=log, log_every=params.log_every, checkpoint_every=params.checkpoint_every,
            pictures=params.batch_size,
        )  # fmt: skip
