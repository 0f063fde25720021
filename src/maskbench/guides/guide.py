"""What the guides' implementations share: the training on pairs of faces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from maskbench.faces.faceset import FaceSet
from maskbench.guides.pairs import Pairs
from maskbench.masks.maskedset import MaskedSet
from maskbench.training.curves import Log
from maskbench.training.devices import place
from maskbench.training.loop import Learner, train


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
