"""Where the parts of a face are: boxes from 68 landmarks, and what of them a mask hides.

Eyes, nose and mouth are boxes around their landmarks. Ears and forehead have none; they follow from
the jaw, the brows and the canon of facial thirds: hairline to brows, brows to base of the nose, and
base of the nose to chin are equally long, and an ear reaches from the brows to the base of the nose
(Farkas et al. 1985, "Vertical and horizontal proportions of the face in young adult North American
Caucasians", tests how well it holds). Both eyes are one box, as they are one part in paper 4; ears
are two.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

PARTS = ("face", "eyes", "nose", "mouth", "ears", "forehead")
PART_OF_BOX = (0, 1, 2, 3, 4, 4, 5)
"""The part that each of a face's boxes shows."""
HIDDEN = 0.5
"""A part is hidden from this share of its box under the mask on, and away from this share of its
box outside the picture on."""

_GROWN = {"eyes": (36, 39, 0.35), "nose": (31, 35, 0.25), "mouth": (48, 54, 0.1)}
"""Boxes grow by a share of the distance of two landmarks: an eye's, the nose's, the mouth's width.
Landmarks lie on lids, nostrils and lips, a part ends a little further out."""
_EAR = 0.4
"""Width of an ear seen from the front, as a share of its height."""
_TURNED = 0.5
"""An ear is away where its side of the face looks less than this share as wide as the other."""


@dataclass(frozen=True)
class Labels:
    """The boxes of B faces.

    Attributes:
        boxes: (B, 7, 4) x0 y0 x1 y1 as shares of the picture's side, cut off at its edges; the
            parts are those of :data:`PART_OF_BOX`.
        present: (B, 7) bool, the part is in the picture or under the mask.
        covered: (B, 7) share of the box's pixels that a mask covers, 0..1.
    """

    boxes: Tensor
    present: Tensor
    covered: Tensor

    @property
    def shown(self) -> Tensor:
        """(B, 7) bool: the part can be seen."""
        return self.present & (self.covered < HIDDEN)


def labels(points: Tensor, coverage: Tensor) -> Labels:
    """What is to be seen on pictures of faces.

    Args:
        points: (B, 68, 2) landmarks (x, y) as shares of the picture's side.
        coverage: (B, 1, s, s) of the masks, in [0, 1].
    """
    whole, facing = part_boxes(points)
    boxes = whole.clamp(0, 1)
    present = facing & (_area(boxes) > HIDDEN * _area(whole))
    return Labels(boxes, present, _covered(boxes, coverage))


def part_boxes(points: Tensor) -> tuple[Tensor, Tensor]:
    """The boxes of faces, hidden or not, also outside of the picture.

    Args:
        points: (B, 68, 2) landmarks (x, y), y downwards.

    Returns:
        boxes (B, 7, 4) x0 y0 x1 y1 in the units of the landmarks, and whether each faces the
        camera (B, 7) bool: all but an ear of a head that is turned away.
    """
    eyes = points[:, 36:42].mean(1), points[:, 42:48].mean(1)
    across = torch.nn.functional.normalize(eyes[1] - eyes[0], dim=-1)
    down = torch.stack([-across[:, 1], across[:, 0]], dim=-1)
    upright = ((points[:, 8] - eyes[0]) * down).sum(-1, keepdim=True) > 0
    down = torch.where(upright, down, -down)  # of a mirrored face the other perpendicular
    x, y = (torch.einsum("bnd,bd->bn", points, axis) for axis in (across, down))
    brows, base = y[:, 17:27].mean(1), y[:, 33]
    third = base - brows

    def at(places: list[tuple[Tensor, Tensor]]) -> Tensor:
        """Points given along the face's own axes, (B, len(places), 2)."""
        own = torch.stack([torch.stack(place, dim=-1) for place in places], dim=1)
        return own @ torch.stack([across, down], dim=1)

    def area(x0: Tensor, y0: Tensor, x1: Tensor, y1: Tensor) -> Tensor:
        return at([(x0, y0), (x1, y0), (x0, y1), (x1, y1)])

    left, right = x[:, :3].amin(1), x[:, 14:17].amax(1)
    bridge = x[:, 27]
    forehead = area(x[:, 17], brows - third, x[:, 26], brows)
    found = {
        "face": torch.cat([points[:, :27], forehead], dim=1),
        "eyes": points[:, 36:48],
        "nose": points[:, 28:36],
        "mouth": points[:, 48:68],
        "left_ear": area(left - _EAR * third, brows, left, base),
        "right_ear": area(right, brows, right + _EAR * third, base),
        "forehead": forehead,
    }
    boxes = []
    for name, around in found.items():
        low, high = around.amin(1), around.amax(1)
        if name in _GROWN:
            first, second, share = _GROWN[name]
            more = share * (points[:, second] - points[:, first]).norm(dim=-1, keepdim=True)
            low, high = low - more, high + more
        boxes.append(torch.cat([low, high], dim=-1))
    facing = torch.ones(points.shape[0], len(found), dtype=torch.bool, device=points.device)
    facing[:, 4] = bridge - left > _TURNED * (right - bridge)
    facing[:, 5] = right - bridge > _TURNED * (bridge - left)
    return torch.stack(boxes, dim=1), facing


def iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of boxes x0 y0 x1 y1, (..., 4) each; shapes broadcast."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    return shared / (_area(a) + _area(b) - shared).clamp(min=1e-9)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)


def _covered(boxes: Tensor, coverage: Tensor) -> Tensor:
    """The share of each box's pixels that are covered, (B, K); 0 of a box without a pixel."""
    side = coverage.shape[-1]
    centres = (torch.arange(side, device=coverage.device) + 0.5) / side
    low, high = boxes[..., :2, None], boxes[..., 2:, None]
    inside = ((centres >= low) & (centres < high)).float()  # (B, K, 2, s)
    mask = (coverage[:, 0] >= 0.5).float()
    total = torch.einsum("bky,byx,bkx->bk", inside[:, :, 1], mask, inside[:, :, 0])
    return total / inside.sum(-1).prod(-1).clamp(min=1)
