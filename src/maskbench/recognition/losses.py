"""The losses that recognisers are trained with, behind one interface.

softmax     cross entropy of a linear layer on the embedding
triplet     Schroff et al. 2015 (FaceNet), semi-hard triplets of the batch
cosface     Wang et al. 2018: cosine less a margin
arcface     Deng et al. 2019: angle plus a margin
quintuplet  paper 2, section 4.2: bare and masked positives and negatives
self_restrained  Boutros et al. 2022, for adapters on frozen embeddings

The four published ones come from pytorch-metric-learning, which is imported where a loss is made:
an evaluation needs none, and would wait a third longer for its modules. Losses with classes have
weights of their own, to be trained with the network.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskbench.errors import unknown_name
from maskbench.recognition import quintuplet
from maskbench.recognition.self_restrained import MARGIN, self_restrained_triplet


@dataclass(frozen=True)
class Batch:
    """What a loss may look at; see :class:`RecognitionLoss`."""

    embeddings: Tensor
    labels: Tensor
    masked: Tensor
    done: float
    inputs: Tensor | None


class RecognitionLoss(nn.Module):
    """One loss.

    Called with embeddings (B, D), labels (B,) int, masked (B,) bool, the share of the training
    that is done (0 to 1) and what the network was given (B, ...); gives a scalar.
    """

    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        masked: Tensor,
        done: float,
        inputs: Tensor | None = None,
    ) -> Tensor:
        return self.of(Batch(embeddings, labels, masked, done, inputs))

    def of(self, batch: Batch) -> Tensor:
        """The loss of a batch."""
        raise NotImplementedError


class Softmax(RecognitionLoss):
    """Cross entropy of a linear layer."""

    def __init__(self, people: int, size: int) -> None:
        super().__init__()
        self.classes = nn.Linear(size, people)

    def of(self, batch: Batch) -> Tensor:
        return F.cross_entropy(self.classes(batch.embeddings), batch.labels)


class Margin(RecognitionLoss):
    """CosFace and ArcFace. Embeddings and class centres are normalised inside."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    @torch.no_grad()
    def start_from(self, centres: Tensor) -> None:
        """Begin with these class centres (people, D)."""
        self.inner.W.copy_(centres.T)  # type: ignore[operator, union-attr]

    def of(self, batch: Batch) -> Tensor:
        return self.inner(batch.embeddings, batch.labels)


class Triplet(RecognitionLoss):
    """FaceNet's: squared distances of unit embeddings, mean over the batch's semi-hard triplets
    (negatives farther than the positive, but by less than the margin)."""

    def __init__(self, margin: float) -> None:
        from pytorch_metric_learning.distances import LpDistance
        from pytorch_metric_learning.losses import TripletMarginLoss
        from pytorch_metric_learning.miners import TripletMarginMiner

        super().__init__()
        distance = LpDistance(normalize_embeddings=True, p=2, power=2)
        self.miner = TripletMarginMiner(margin, "semihard", distance=distance)
        self.inner = TripletMarginLoss(margin, distance=distance)

    def of(self, batch: Batch) -> Tensor:
        return self.inner(
            batch.embeddings, batch.labels, self.miner(batch.embeddings, batch.labels)
        )


class Quintuplet(RecognitionLoss):
    """Semi-hard quintuplets for the first 7 of 10 epochs, then the hardest (paper 2, section 5)."""

    HARDEST_FROM = 0.7

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin

    def of(self, batch: Batch) -> Tensor:
        mine = quintuplet.semi_hard if batch.done < self.HARDEST_FROM else quintuplet.hardest
        return mine(F.normalize(batch.embeddings), batch.labels, batch.masked, self.margin)


class SelfRestrained(RecognitionLoss):
    """That of the Embedding Unmasking Model: adapted masked faces beside the frozen embeddings of
    bare ones, which are the network's inputs."""

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin

    def of(self, batch: Batch) -> Tensor:
        assert batch.inputs is not None
        return self_restrained_triplet(
            batch.embeddings, batch.inputs, batch.labels, batch.masked, self.margin
        )


def _cosface(people: int, size: int, margin: float, scale: float) -> RecognitionLoss:
    from pytorch_metric_learning.losses import CosFaceLoss

    return Margin(CosFaceLoss(people, size, margin=margin, scale=scale))


def _arcface(people: int, size: int, margin: float, scale: float) -> RecognitionLoss:
    from pytorch_metric_learning.losses import ArcFaceLoss

    return Margin(ArcFaceLoss(people, size, margin=math.degrees(margin), scale=scale))


# people, size of the embeddings, margin, scale
_MADE: dict[str, Callable[[int, int, float, float], RecognitionLoss]] = {
    "softmax": lambda people, size, margin, scale: Softmax(people, size),
    "triplet": lambda people, size, margin, scale: Triplet(margin),
    "cosface": _cosface,
    "arcface": _arcface,
    "quintuplet": lambda people, size, margin, scale: Quintuplet(margin),
    "self_restrained": lambda people, size, margin, scale: SelfRestrained(margin),
}
LOSSES = tuple(_MADE)
MARGINS = {
    "triplet": 0.2, "cosface": 0.35, "arcface": 0.5, "quintuplet": 0.2, "self_restrained": MARGIN,
}  # fmt: skip
"""The papers' margins: of a cosine for cosface, of an angle in radians for arcface, else of squared
distances."""
SCALES = {"cosface": 64.0, "arcface": 64.0}
WANT_MASKS = ("quintuplet", "self_restrained")
"""Losses that are zero without masked pictures."""


def recognition_loss(
    name: str,
    people: int,
    size: int,
    seed: int,
    margin: float | None = None,
    scale: float | None = None,
) -> RecognitionLoss:
    """A loss.

    Args:
        name: one of :data:`LOSSES`.
        people: identities in training; labels are 0 to ``people - 1``.
        size: of the embeddings.
        seed: of the class weights.
        margin, scale: None: the paper's (:data:`MARGINS`, :data:`SCALES`).

    Raises:
        MaskbenchError: no such loss; the nearest name is given.
    """
    if name not in _MADE:
        raise unknown_name("recognition", "loss", name, LOSSES)
    margin = MARGINS.get(name, 0) if margin is None else margin
    scale = SCALES.get(name, 1) if scale is None else scale
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _MADE[name](people, size, margin, scale)
