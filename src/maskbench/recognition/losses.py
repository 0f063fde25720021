"""The losses that recognisers are trained with, behind one interface.

What each is called, its paper and its margin stand in :mod:`maskbench.recognition.specs.losses`.

The four published ones come from pytorch-metric-learning, which is imported where a loss is made:
an evaluation needs none, and would wait a third longer for its modules. Losses with classes have
weights of their own, to be trained with the network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskbench.recognition.quintuplet import hardest, semi_hard
from maskbench.recognition.self_restrained import self_restrained_triplet
from maskbench.recognition.specs import LOSSES
from maskbench.training.seeding import seeded


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
        return self.value(Batch(embeddings, labels, masked, done, inputs))

    def value(self, batch: Batch) -> Tensor:
        """The loss of a batch."""
        raise NotImplementedError


class Softmax(RecognitionLoss):
    """Cross entropy of a linear layer."""

    def __init__(self, people: int, size: int) -> None:
        super().__init__()
        self.classes = nn.Linear(size, people)

    def value(self, batch: Batch) -> Tensor:
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

    def value(self, batch: Batch) -> Tensor:
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

    def value(self, batch: Batch) -> Tensor:
        return self.inner(
            batch.embeddings, batch.labels, self.miner(batch.embeddings, batch.labels)
        )


class Quintuplet(RecognitionLoss):
    """Semi-hard quintuplets for the first 7 of 10 epochs, then the hardest (paper 2, section 5)."""

    HARDEST_FROM = 0.7

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin

    def value(self, batch: Batch) -> Tensor:
        found = semi_hard if batch.done < self.HARDEST_FROM else hardest
        return found(F.normalize(batch.embeddings), batch.labels, batch.masked, self.margin)


class SelfRestrained(RecognitionLoss):
    """That of the Embedding Unmasking Model: adapted masked faces beside the frozen embeddings of
    bare ones, which are the network's inputs."""

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin

    def value(self, batch: Batch) -> Tensor:
        assert batch.inputs is not None
        return self_restrained_triplet(
            batch.embeddings, batch.inputs, batch.labels, batch.masked, self.margin
        )


def softmax(people: int, size: int, margin: float, scale: float) -> RecognitionLoss:
    """Margin and scale are not used."""
    return Softmax(people, size)


def triplet(people: int, size: int, margin: float, scale: float) -> RecognitionLoss:
    """The margin is of squared distances."""
    return Triplet(margin)


def cosface(people: int, size: int, margin: float, scale: float) -> RecognitionLoss:
    """Cosine less a margin."""
    from pytorch_metric_learning.losses import CosFaceLoss

    return Margin(CosFaceLoss(people, size, margin=margin, scale=scale))


def arcface(people: int, size: int, margin: float, scale: float) -> RecognitionLoss:
    """Angle plus a margin in radians."""
    from pytorch_metric_learning.losses import ArcFaceLoss

    return Margin(ArcFaceLoss(people, size, margin=math.degrees(margin), scale=scale))


def quintuplet(people: int, size: int, margin: float, scale: float) -> RecognitionLoss:
    """The margin is of squared distances."""
    return Quintuplet(margin)


def self_restrained(people: int, size: int, margin: float, scale: float) -> RecognitionLoss:
    """The margin is of squared distances."""
    return SelfRestrained(margin)


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
        name: in the registry of losses.
        people: identities in training; labels are 0 to ``people - 1``.
        size: of the embeddings.
        seed: of the class weights.
        margin, scale: None: the paper's.

    Raises:
        MaskbenchError: no such loss; the nearest name is given.
    """
    spec = LOSSES.get(name)
    margin = spec.margin if margin is None else margin
    scale = spec.scale if scale is None else scale
    make = spec.load()
    made: RecognitionLoss = seeded(lambda: make(people, size, margin or 0, scale or 1), seed)
    return made
