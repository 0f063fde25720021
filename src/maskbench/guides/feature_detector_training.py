"""What the facial-feature detector learns by: YOLOv3's loss (Redmon & Farhadi 2018, section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from maskbench.faces.faceset import FaceSet
from maskbench.guides.guide import PairLearner
from maskbench.guides.pairs import Pairs
from maskbench.guides.parts import PART_OF_BOX, PARTS, Labels, iou, labels
from maskbench.guides.specs.feature_detector import FeatureDetectorParams
from maskbench.guides.yolo import ANCHORS, HEADS, Yolo
from maskbench.training.devices import Placement
from maskbench.training.player import Player
from maskbench.training.seeding import seeded
from maskbench.training.stage import Turn

_STARTS, _ROUNDS = 20, 20  # of the clustering


def network_of(params: FeatureDetectorParams) -> Yolo:
    """The network, freshly initialised, its anchors not yet chosen."""
    return Yolo(params.design, params.width, params.depth, len(PARTS))


def form_of(params: FeatureDetectorParams) -> torch.memory_format:
    """How the weights lie in memory; torch's channels-last convolutions crash at other widths."""
    return torch.contiguous_format if params.width % 16 else torch.channels_last


def points_of(faces: FaceSet, rows: np.ndarray) -> Tensor:
    """Landmarks (B, 68, 2) of some faces as shares of the picture's side."""
    return torch.from_numpy((faces.landmarks[rows] + 0.5) / faces.size)


def anchors_of(sizes: Tensor, count: int) -> Tensor:
    """Anchors by k-means with the distance 1 - IoU of boxes with a common centre (Redmon & Farhadi
    2017, "Dimension Clusters"): the best of several random starts.

    Args:
        sizes: (M, 2) widths and heights, more than none.
        count: how many.

    Returns:
        (count, 2), the largest first.
    """
    random = torch.Generator().manual_seed(0)
    found = []
    for _ in range(_STARTS):
        centres = sizes[torch.randint(len(sizes), (count,), generator=random)]
        for _ in range(_ROUNDS):
            nearest = _shape_iou(sizes, centres).argmax(1)
            own = [sizes[nearest == k] for k in range(count)]
            centres = torch.stack(
                [one.mean(0) if len(one) else centres[k] for k, one in enumerate(own)]
            )
        found.append((float(_shape_iou(sizes, centres).amax(1).mean()), centres))
    _, centres = max(found, key=lambda one: one[0])
    return centres[centres.prod(1).argsort(descending=True)]


def _shape_iou(sizes: Tensor, anchors: Tensor) -> Tensor:
    """(..., 2), (A, 2) -> (..., A): overlap of boxes with a common centre."""
    shared = torch.minimum(sizes[..., None, :], anchors).prod(-1)
    return shared / (sizes.prod(-1)[..., None] + anchors.prod(-1) - shared)


@dataclass(frozen=True)
class Targets:
    """What some predictions should be.

    Attributes:
        picture, index: (M,) the picture and the prediction in it.
        part: (M,) number of the part.
        offset: (M, 2) of the centre in its cell, 0..1.
        growth: (M, 2) logarithm of the box's size over the anchor's.
        weight: (M,) 2 - area: small boxes count more (Darknet).
    """

    picture: Tensor
    index: Tensor
    part: Tensor
    offset: Tensor
    growth: Tensor
    weight: Tensor


def targets(network: Yolo, boxes: Tensor, shown: Tensor, size: int) -> Targets:
    """Each part is taught to one prediction: that of the anchor nearest to its shape, in the cell
    of its centre.

    Args:
        network: with its anchors.
        boxes: (B, K, 4) x0 y0 x1 y1 as shares of the side.
        shown: (B, K) bool, which of them are to be found.
        size: side of the pictures.
    """
    picture, number = shown.nonzero(as_tuple=True)
    own = boxes[picture, number]
    centre, extent = (own[:, :2] + own[:, 2:]) / 2, own[:, 2:] - own[:, :2]
    anchor = _shape_iou(extent, network.anchors).argmax(1)
    sides = torch.tensor([size // stride for stride in network.strides], device=boxes.device)
    before = torch.cumsum(ANCHORS * sides**2, 0) - ANCHORS * sides**2
    head = anchor // ANCHORS
    side = sides[head]
    place = centre * side[:, None]
    cell = place.long().clamp(min=0).minimum(side[:, None] - 1)
    return Targets(
        picture=picture,
        index=before[head] + ((anchor % ANCHORS) * side + cell[:, 1]) * side + cell[:, 0],
        part=torch.tensor(PART_OF_BOX, device=boxes.device)[number],
        offset=place - cell,
        growth=(extent / network.anchors[anchor]).log(),
        weight=2 - extent.prod(1),
    )


def losses(
    network: Yolo, raw: Tensor, boxes: Tensor, shown: Tensor, size: int, ignore: float
) -> dict[str, Tensor]:
    """YOLOv3's losses, summed over a picture's predictions, mean over pictures.

    ``box``: cross entropy of the centre's place in its cell, whose gradient is Darknet's, and half
    of the squared error of the logarithm of the size. ``objectness``: cross entropy, 1 where a part
    is taught, 0 elsewhere; what overlaps a shown part by more than ``ignore`` is left out.
    ``class``: cross entropy of each part by itself, where one is taught.

    Args:
        network: that gave ``raw``, (B, N, 5 + parts).
        boxes, shown, size: see :func:`targets`.
        ignore: IoU.
    """
    wanted, entropy = targets(network, boxes, shown, size), F.binary_cross_entropy_with_logits
    chosen = raw[wanted.picture, wanted.index]
    centre = entropy(chosen[:, :2], wanted.offset, reduction="none")
    growth = (chosen[:, 2:4] - wanted.growth).square() / 2
    object_there = torch.zeros_like(raw[..., 4])
    object_there[wanted.picture, wanted.index] = 1
    with torch.no_grad():
        overlap = iou(network.boxes(raw, size)[:, :, None], boxes[:, None])
        near = overlap.masked_fill(~shown[:, None], 0).amax(2) > ignore
    kinds = torch.zeros_like(raw[..., 5:])
    kinds[wanted.picture, wanted.index, wanted.part] = 1
    count = len(raw)
    counts = (~near | (object_there > 0)).float()
    return {
        "box": (wanted.weight[:, None] * (centre + growth)).sum() / count,
        "objectness": entropy(raw[..., 4], object_there, counts, reduction="sum") / count,
        "class": entropy(
            chosen[:, 5:], kinds[wanted.picture, wanted.index], reduction="sum"
        ) / count,
    }  # fmt: skip


class FeatureDetectorLearner(PairLearner):
    """What a YOLOv3 learns by."""

    params: FeatureDetectorParams

    def __init__(
        self, pairs: Pairs, params: FeatureDetectorParams, seed: int, placement: Placement
    ) -> None:
        self.points = points_of(pairs.faces, pairs.bare_rows)
        self.network: Yolo = seeded(lambda: network_of(params), seed)
        self.network.anchors.copy_(self._anchors(ANCHORS * HEADS[params.design]))
        optimise = partial(torch.optim.Adam, betas=params.betas, weight_decay=params.weight_decay)
        player = Player(self.network, optimise, placement, form=form_of(params))
        super().__init__(pairs, params, player, seed)
        self.device = placement.device

    def _anchors(self, count: int) -> Tensor:
        nothing = torch.zeros(len(self.points), 1, 1, 1)
        found = labels(self.points, nothing)
        own = found.boxes[found.shown]
        return anchors_of(own[:, 2:] - own[:, :2], count)

    def batch(self, turn: Turn) -> tuple[Tensor, Labels]:
        """Pictures (B, 3, s, s) in [0, 1] and what is to be seen on them; the first are bare."""
        numbers, pictures, coverage, maps = self.drawn()
        points = moved_points(self.points[numbers], maps)
        return pictures.to(self.device), labels(points.to(self.device), coverage.to(self.device))

    def losses(self, player: str, batch: tuple[Tensor, Labels], turn: Turn) -> Mapping[str, Tensor]:
        pictures, seen = batch
        raw = self.network(pictures * 2 - 1).float()
        size, ignore = self.params.train_size, self.params.ignore
        return losses(self.network, raw, seen.boxes, seen.shown, size, ignore)


def moved_points(points: Tensor, maps: Tensor) -> Tensor:
    """Where landmarks are after their pictures were moved.

    Args:
        points: (B, P, 2) as shares of the side.
        maps: (B, 2, 3), from canonical result to canonical source coordinates.
    """
    source = points * 2 - 1 - maps[:, None, :, 2]
    return (torch.linalg.solve(maps[:, :, :2], source.mT).mT + 1) / 2
