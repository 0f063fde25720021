"""YOLOv3: as many numbers as Darknet's files hold, and boxes by hand."""

import math

import pytest
import torch

from maskbench.guides.yolo import ANCHORS, Yolo

HEADER = 20  # bytes of a Darknet file: three int32 and an int64
FILES = {  # bytes of Darknet's own weights for COCO's 80 classes
    ("yolov3-tiny", 16): (35_434_956, 2_535),
    ("yolov3", 32): (248_007_048, 10_647),
}


@pytest.mark.parametrize(("design", "width"), FILES)
def test_as_large_as_darknets_own(design, width):
    """A file holds weights, biases, and of each batch normalisation gain, bias, mean and variance,
    4 bytes each; at 416 pixels the networks predict 2,535 and 10,647 boxes."""
    size, boxes = FILES[design, width]
    with torch.device("meta"):
        network = Yolo(design, width, 5, 80).eval()
        found = network(torch.zeros(1, 3, 416, 416))
    numbers = sum(p.numel() for p in network.parameters())
    numbers += sum(b.numel() for name, b in network.named_buffers() if "running" in name)
    assert HEADER + 4 * numbers == size
    assert found.shape == (1, boxes, 85)


@pytest.mark.parametrize(("design", "depth"), [("yolov3-tiny", 3), ("yolov3", 3), ("yolov3", 4)])
def test_predictions_of_each_size(design, depth):
    network = Yolo(design, 2, depth, 6).eval()
    cells = sum((32 // stride) ** 2 for stride in network.strides)
    assert network.strides[0] == 2**depth
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, ANCHORS * cells, 11)
    assert len(network.anchors) == ANCHORS * len(network.strides)


def test_boxes_by_hand():
    """Maps of 2 x 2 and 4 x 4 cells. Prediction 2 x 4 + 3 is the third anchor of the last cell of
    the first, 12 + 16 + 6 the second anchor of the third cell of the second row of the other."""
    network = Yolo("yolov3-tiny", 2, 4, 6)
    network.anchors.copy_(torch.arange(12.0).view(6, 2) / 20 + 0.05)
    raw = torch.zeros(1, 60, 11)
    raw[0, 11, :4] = torch.tensor([0, math.log(3), math.log(2), -math.log(2)])
    boxes = network.boxes(raw, 32)[0]
    centre, size = (0.75, 0.5 + 0.75 / 2), (0.25 * 2, 0.30 / 2)
    assert boxes[11].tolist() == pytest.approx(
        [centre[0] - size[0] / 2, centre[1] - size[1] / 2,
         centre[0] + size[0] / 2, centre[1] + size[1] / 2]
    )  # fmt: skip
    (x0, y0, x1, y1), (width, height) = boxes[34].tolist(), network.anchors[4].tolist()
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((0.625, 0.375))
    assert (x1 - x0, y1 - y0) == pytest.approx((width, height))


def test_a_prediction_lies_where_the_picture_is():
    """What changes in a corner of the picture changes the predictions of that corner most."""
    torch.manual_seed(0)
    network = Yolo("yolov3-tiny", 4, 3, 6).eval()
    picture = torch.rand(1, 3, 64, 64)
    other = picture.clone()
    other[..., :8, 56:] = 0
    fine = (network(picture) - network(other)).abs().sum(-1)[0, ANCHORS * 64 :]
    moved = fine.view(ANCHORS, 16, 16).sum(0)
    assert moved[:4, 12:].sum() > 4 * moved[12:, :4].sum()
