"""Boxes of a face's parts, on a face whose landmarks are drawn by hand."""

import pytest
import torch
from torchvision.ops import box_iou

from maskbench.guides.parts import PART_OF_BOX, PARTS, iou, labels, part_boxes

NAMES = [PARTS[part] for part in PART_OF_BOX]
LEFT, RIGHT = 4, 5  # the ears


def drawn():
    """A frontal face in a picture of side 1: brows at 0.4, eyes at 0.46, base of the nose at 0.6,
    chin at 0.8, jaw from 0.2 to 0.8."""
    points = torch.zeros(68, 2)
    for k in range(17):  # a jaw that is a straight line down, across and up again
        points[k] = torch.tensor([0.2 + 0.6 * k / 16, 0.8 if 4 <= k <= 12 else 0.45])
    points[:3, 0], points[14:17, 0] = 0.2, 0.8
    for k in range(17, 27):
        points[k] = torch.tensor([0.25 + 0.5 * (k - 17) / 9, 0.4])
    for k in range(27, 31):
        points[k] = torch.tensor([0.5, 0.44 + 0.04 * (k - 27)])
    for k in range(31, 36):
        points[k] = torch.tensor([0.44 + 0.03 * (k - 31), 0.6])
    for first, x in ((36, 0.3), (42, 0.6)):
        for k, (dx, dy) in enumerate([(0, 0), (0.03, -0.01), (0.07, -0.01), (0.1, 0), (0.07, 0.01),
                                      (0.03, 0.01)]):  # fmt: skip
            points[first + k] = torch.tensor([x + dx, 0.46 + dy])
    for k in range(48, 68):
        points[k] = torch.tensor([0.4 + 0.2 * (k - 48) / 6, 0.7]) if k <= 54 else points[51]
    points[57] = torch.tensor([0.5, 0.74])
    return points[None]


def test_boxes_by_hand():
    boxes, facing = part_boxes(drawn())
    third = 0.6 - 0.4
    eye, nose, mouth = 0.35 * 0.1, 0.25 * 0.12, 0.1 * 0.2
    expected = {
        "face": (0.2, 0.4 - third, 0.8, 0.8),
        "eyes": (0.3 - eye, 0.45 - eye, 0.7 + eye, 0.47 + eye),
        "nose": (0.44 - nose, 0.48 - nose, 0.56 + nose, 0.6 + nose),
        "mouth": (0.4 - mouth, 0.7 - mouth, 0.6 + mouth, 0.74 + mouth),
        "forehead": (0.25, 0.4 - third, 0.75, 0.4),
    }
    for name, box in expected.items():
        assert boxes[0, NAMES.index(name)].tolist() == pytest.approx(box, abs=1e-6), name
    wide = 0.4 * third
    assert boxes[0, LEFT].tolist() == pytest.approx((0.2 - wide, 0.4, 0.2, 0.6), abs=1e-6)
    assert boxes[0, RIGHT].tolist() == pytest.approx((0.8, 0.4, 0.8 + wide, 0.6), abs=1e-6)
    assert facing.all()


def test_a_face_of_any_size_mirrored_or_on_its_side():
    face = drawn()
    boxes = part_boxes(face)[0]
    torch.testing.assert_close(part_boxes(face * 144)[0], boxes * 144)
    mirrored = part_boxes(face * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0.0]))[0]
    expected = torch.stack([1 - boxes[..., 2], boxes[..., 1], 1 - boxes[..., 0], boxes[..., 3]], -1)
    torch.testing.assert_close(mirrored, expected)
    turned = part_boxes(torch.stack([1 - face[..., 1], face[..., 0]], dim=-1))[0]
    x0, y0, x1, y1 = boxes.unbind(-1)
    torch.testing.assert_close(turned, torch.stack([1 - y1, x0, 1 - y0, x1], -1))


def test_the_ear_of_a_turned_head_is_away():
    face = drawn()
    face[:, 27, 0] = 0.35  # the bridge is 0.15 from the left edge and 0.45 from the right one
    found = labels(face, torch.zeros(1, 1, 8, 8))
    assert [NAMES[k] for k in (~found.shown[0]).nonzero()[:, 0]] == ["ears"]
    assert not found.shown[0, LEFT]


def test_what_the_mask_hides():
    coverage = torch.zeros(1, 1, 100, 100)
    coverage[..., 55:, 20:80] = 1  # from 0.55 down; the nose goes from 0.45 to 0.63
    found = labels(drawn(), coverage)
    nose, mouth, face = (found.covered[0, NAMES.index(n)] for n in ("nose", "mouth", "face"))
    assert float(nose) == pytest.approx(8 / 18, abs=0.03) and float(mouth) == 1
    assert float(face) == pytest.approx(25 / 60, abs=0.01)
    hidden = {NAMES[k] for k in (~found.shown[0]).nonzero()[:, 0]}
    assert hidden == {"mouth"} and found.present.all()
    coverage[..., 50:, 20:80] = 1
    found = labels(drawn(), coverage)
    hidden = {NAMES[k] for k in (~found.shown[0]).nonzero()[:, 0]}
    assert hidden == {"mouth", "nose", "face"}  # 30 of 60


def test_what_lies_outside_of_the_picture_is_not_there():
    lower = drawn() - torch.tensor([0.0, 0.35])  # the forehead goes from -0.15 to 0.05
    found = labels(lower, torch.zeros(1, 1, 8, 8))
    forehead = NAMES.index("forehead")
    assert not found.present[0, forehead] and found.boxes.min() == 0
    assert found.present[0].sum() == 6


def test_iou_as_torchvision():
    corners = torch.rand(2, 9, 2, 2, generator=torch.Generator().manual_seed(0)).sort(2).values
    a, b = corners.flatten(2)
    torch.testing.assert_close(iou(a[:, None], b[None]), box_iou(a, b))
    apart = torch.tensor([0.0, 0, 0.1, 0.1]), torch.tensor([0.5, 0.5, 0.9, 0.9])
    assert float(iou(*apart)) == 0
