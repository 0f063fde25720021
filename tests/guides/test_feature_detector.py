"""The facial-feature detector: its loss by hand, what it is given and gives back, resuming."""

import json
import math

import numpy as np
import pytest
import torch
from torchvision.ops import box_iou

from maskbench.artifacts import sha256_of
from maskbench.errors import MaskbenchError
from maskbench.guides.feature_detector import PARTS, FeatureDetector
from maskbench.guides.feature_detector_training import (
    FeatureDetectorLearner,
    anchors_of,
    losses,
    moved_points,
    points_of,
)
from maskbench.guides.pairs import Pairs
from maskbench.guides.parts import PART_OF_BOX
from maskbench.guides.specs import GUIDES
from maskbench.guides.train_guide import train_guide
from maskbench.guides.yolo import ANCHORS, Yolo
from maskbench.imaging.augmentation import move
from maskbench.training.devices import place
from maskbench.training.stage import Turn

from ..trainings import Stopped, Stopping

BLOCK = {
    "train_size": 32, "width": 4, "depth": 3, "steps": 6, "batch_size": 4, "log_every": 2,
    "checkpoint_every": 1, "warmup": 1,
}  # fmt: skip


def block(**changes):
    return GUIDES.parse("feature_detector", {**BLOCK, **changes})


def trained(small, folder, **changes):
    train_guide(block(**changes), small.faces, small.masked, 0, folder / "model", folder / "s")
    return folder / "model"


@pytest.fixture(scope="module")
def model(small, tmp_path_factory):
    return trained(small, tmp_path_factory.mktemp("detector"))


def test_anchors_are_the_means_of_well_parted_sizes():
    centres = torch.tensor([[0.8, 0.9], [0.5, 0.1], [0.1, 0.3]])
    near = torch.linspace(0.95, 1.05, 5)[:, None]
    sizes = torch.cat([centre * near for centre in centres])
    torch.testing.assert_close(anchors_of(sizes, 3), centres)
    assert torch.equal(anchors_of(sizes[:1], 3), sizes[:1].expand(3, 2))  # fewer boxes than anchors


def test_landmarks_move_with_their_picture():
    maps = torch.tensor([[[0.9, -0.3, 0.1], [0.3, 0.9, -0.2]], [[-1.1, 0.0, 0.0], [0.0, 1.0, 0.3]]])
    picture = torch.zeros(2, 1, 41, 41)
    picture[:, :, 26, 24] = 1  # (x, y) = (24, 26)
    point = (torch.tensor([[[24.0, 26.0]]]).expand(2, 1, 2) + 0.5) / 41
    moved = move(picture, maps)
    y, x = torch.meshgrid(torch.arange(41.0), torch.arange(41.0), indexing="ij")
    mass = moved[:, 0] / moved[:, 0].sum((1, 2), keepdim=True)
    found = torch.stack([(mass * x).sum((1, 2)), (mass * y).sum((1, 2))], dim=-1)
    expected = moved_points(point, maps)[:, 0] * 41 - 0.5
    torch.testing.assert_close(found, expected, atol=0.3, rtol=0)


def darknet(network, raw, boxes, shown, size, ignore):
    """The loss prediction by prediction, as Darknet goes about it."""

    def entropy(logit, target):
        p = 1 / (1 + math.exp(-logit))
        return -(target * math.log(p) + (1 - target) * math.log(1 - p))

    total = dict.fromkeys(("box", "objectness", "class"), 0.0)
    decoded = network.boxes(raw, size)
    sides = [size // stride for stride in network.strides]
    for picture in range(len(raw)):
        there = boxes[picture][shown[picture]]
        taught = {}
        for number in shown[picture].nonzero()[:, 0].tolist():
            x0, y0, x1, y1 = boxes[picture, number].tolist()
            wide, high = x1 - x0, y1 - y0
            fits = []
            for anchor in network.anchors.tolist():
                shared = min(wide, anchor[0]) * min(high, anchor[1])
                fits.append(shared / (wide * high + anchor[0] * anchor[1] - shared))
            best = int(np.argmax(fits))
            side = sides[best // ANCHORS]
            x, y = (x0 + x1) / 2 * side, (y0 + y1) / 2 * side
            index = sum(ANCHORS * s * s for s in sides[: best // ANCHORS])
            index += (best % ANCHORS) * side * side + int(y) * side + int(x)
            taught[index] = PART_OF_BOX[number]
            given, anchor = raw[picture, index].tolist(), network.anchors[best].tolist()
            scale = 2 - wide * high
            total["box"] += scale * (
                entropy(given[0], x - int(x)) + entropy(given[1], y - int(y))
                + (given[2] - math.log(wide / anchor[0])) ** 2 / 2
                + (given[3] - math.log(high / anchor[1])) ** 2 / 2
            )  # fmt: skip
            for part in range(len(PARTS)):
                total["class"] += entropy(given[5 + part], float(part == PART_OF_BOX[number]))
        overlap = box_iou(decoded[picture], there).amax(1) if len(there) else torch.zeros(len(raw))
        for index in range(raw.shape[1]):
            if index in taught or not len(there) or overlap[index] <= ignore:
                total["objectness"] += entropy(raw[picture, index, 4].item(), index in taught)
    return {name: value / len(raw) for name, value in total.items()}


def test_the_loss_is_darknets(small):
    own = learner(small)
    seen = own.batch(Turn(own.stages[0], 0))[1]
    network = own.network
    generator = torch.Generator().manual_seed(0)
    raw = torch.randn(4, ANCHORS * (16 + 64), 5 + len(PARTS), generator=generator) / 2
    shown = seen.shown.clone()
    shown[3] = False  # a picture of nothing
    ignored = (box_iou(network.boxes(raw, 32)[0], seen.boxes[0]).amax(1) > 0.4).sum()
    assert ignored >= 5 and shown[0].sum() >= 4
    found = losses(network, raw, seen.boxes, shown, 32, 0.4)
    expected = darknet(network, raw, seen.boxes, shown, 32, 0.4)
    assert {name: float(value) for name, value in found.items()} == pytest.approx(expected)


def learner(small, **changes):
    pairs = Pairs(*small.opened(), "train", 32)
    return FeatureDetectorLearner(pairs, block(**changes).params, 0, place("float32"))


def test_a_batch_shows_bare_and_masked_faces(small):
    own = learner(small, batch_size=8, bare_share=0.25)
    pictures, seen = own.batch(Turn(own.stages[0], 0))
    assert pictures.shape == (8, 3, 32, 32) and seen.boxes.shape == (8, 7, 4)
    assert float(pictures.min()) >= 0 and float(pictures.max()) <= 1
    assert (seen.covered.amax(1) > 0).tolist() == [False] * 2 + [True] * 6
    mouth = PARTS.index("mouth")
    assert seen.shown[:2, mouth].all() and not seen.shown[2:, mouth].all()


def test_it_learns_where_parts_are(small, tmp_path):
    """A few seconds of training on two people: the eyes of a third one are found, and of bare and
    masked faces those with a mouth have the higher presence."""
    still = dict.fromkeys(("repaint", "marks", "slip", "rotation", "translation", "scaling"), 0)
    changes = {"steps": 40, "batch_size": 8, "learning_rate": 0.02}
    find = FeatureDetector.open(trained(small, tmp_path, **changes, variety=still))
    faces, masked = small.opened()
    rows = faces.of_split("test")
    boxes = find.detect(faces.images[rows])
    eyes = boxes[boxes["part"] == "eyes"]
    assert len(eyes) == len(rows)
    points = points_of(faces, rows).numpy()[:, 36:48].mean(1) * faces.size
    centre = (eyes[["x0", "y0"]].to_numpy() + eyes[["x1", "y1"]].to_numpy()) / 2
    assert np.abs(centre - points).max() < 8  # of 64 pixels
    mouth = PARTS.index("mouth")
    shown, hidden = (
        find.presence(torch.from_numpy(p).permute(0, 3, 1, 2) / 127.5 - 1)[:, mouth]
        for p in (faces.images[rows], masked.images[masked.of_split("test")])
    )
    assert shown.mean() > 1.1 * hidden.mean()


def test_presence_can_be_learnt_through(model):
    find = FeatureDetector.open(model)
    assert find.size == 32 and isinstance(find.network, Yolo)
    for size in (32, 64, 48, 20):
        pictures = (torch.rand(2, 3, size, size) * 2 - 1).requires_grad_()
        presence = find.presence(pictures)
        assert presence.shape == (2, 6) and (presence >= 0).all() and (presence <= 1).all()
        presence.sum().backward()
        assert pictures.grad is not None and float(pictures.grad.abs().amax((1, 2, 3)).min()) > 0
    assert all(p.grad is None and not p.requires_grad for p in find.network.parameters())
    assert not find.network.training


def test_the_best_of_overlapping_boxes_stays(model):
    """Two noses; three ears apart from each other, and a fourth on the best of them."""
    find = FeatureDetector.open(model)
    find.network.anchors[:3] = torch.tensor([[0.6, 0.4], [0.1, 0.1], [0.1, 0.12]])
    raw = torch.full((1, ANCHORS * (16 + 64), 5 + len(PARTS)), -20.0)
    noses = {2: 2.0, 15: 0.5}  # objectness in cells of the first anchor
    ears = {16: 1.0, 18: 3.0, 28: 2.0, 34: 2.5}  # of the second anchor, the last of the third
    for places, part in ((noses, "nose"), (ears, "ears")):
        for index, sure in places.items():
            raw[0, index, :5] = torch.tensor([0.0, 0, 0, 0, sure])
            raw[0, index, 5 + PARTS.index(part)] = 20
    find._raw = lambda pictures: raw
    found = find.detect(np.zeros((1, 80, 80, 3), np.uint8))
    assert found["part"].tolist() == ["nose", "ears", "ears"]
    sure = 1 / (1 + np.exp(-np.array([2.0, 3.0, 2.0])))
    assert found["score"].to_numpy() == pytest.approx(sure, abs=1e-5)
    nose = found.iloc[0]  # third cell of the first row of four: centre (0.625, 0.125), cut off
    assert nose[["x0", "y0", "x1", "y1"]].tolist() == pytest.approx(
        [0.325 * 80, 0, 0.925 * 80, 0.325 * 80], abs=1e-3
    )


def test_detections_do_not_depend_on_their_neighbours(model, small):
    find = FeatureDetector.open(model)
    images = small.opened()[0].images[:3]
    together = find.detect(images)
    assert together["picture"].is_monotonic_increasing
    alone = [find.detect(images[k : k + 1]) for k in range(3)]
    for k, own in enumerate(alone):
        same = together[together["picture"] == k].reset_index(drop=True)
        assert same["part"].tolist() == own["part"].tolist()
        numbers = ["score", "x0", "y0", "x1", "y1"]
        assert np.allclose(same[numbers], own[numbers], atol=1e-3)
    assert len(find.detect(images[:0])) == 0


def test_stopped_and_started_again_ends_byte_identical(model, small, tmp_path):
    with pytest.raises(Stopped):
        train_guide(
            block(), small.faces, small.masked, 0, tmp_path / "out", tmp_path / "s", Stopping()
        )
    assert list((tmp_path / "s").glob("*/state.safetensors")) and not (tmp_path / "out").exists()
    train_guide(block(), small.faces, small.masked, 0, tmp_path / "out", tmp_path / "s")
    assert sha256_of(tmp_path / "out") == sha256_of(model)


def test_blocks_and_models_are_checked(small, tmp_path):
    with pytest.raises(MaskbenchError, match=r"train_size 72 is no multiple of 16"):
        block(train_size=72, depth=4)
    with pytest.raises(MaskbenchError, match=r"guides\.feature_detector: design"):
        block(design="yolov5")
    with pytest.raises(MaskbenchError, match=r"params\.json"):
        FeatureDetector.open(tmp_path / "none")
    folder = trained(small, tmp_path, steps=1)
    note = json.loads((folder / "params.json").read_text())
    note["params"]["width"] = 8
    (folder / "params.json").write_text(json.dumps(note))
    with pytest.raises(MaskbenchError, match="another network"):
        FeatureDetector.open(folder)
