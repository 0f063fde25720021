"""The detector finds real faces, whatever stands beside them and however large they are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskbench.config import DetectorConfig
from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError
from maskbench.faces.mtcnn import Detections, Mtcnn, _suppress, _suppress_contained, select_face


def iou(a: np.ndarray, b: np.ndarray) -> float:
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    shared = np.maximum(high - low, 0).prod()
    return float(shared / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - shared))


def assert_same(one: Detections, other: Detections) -> None:
    np.testing.assert_array_equal(one.boxes, other.boxes)
    np.testing.assert_array_equal(one.points, other.points)
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)


def scene(face: np.ndarray, size: int, places: list[tuple[int, int, int]]) -> np.ndarray:
    """A grey picture with copies of a face, each (x, y, height)."""
    picture = np.full((size, size, 3), 127, np.uint8)
    for x, y, height in places:
        small = cv2.resize(face, (round(height * 92 / 112), height), interpolation=cv2.INTER_AREA)
        picture[y : y + height, x : x + small.shape[1]] = small
    return picture


def test_finds_the_faces_of_orl(detector: Mtcnn, orl_pictures: list[np.ndarray]):
    found = detector.detect(orl_pictures)
    assert sum(len(detections) > 0 for detections in found) >= 0.995 * len(orl_pictures)
    for detections in found:
        best = select_face(detections, (92, 112))
        assert best is not None
        box, points = detections.boxes[best], detections.points[best]
        assert detections.scores[best] >= 0.7
        assert 25 < box[2] - box[0] < 92 and 30 < box[3] - box[1] < 120
        eyes, mouth = points[:2], points[3:]
        assert eyes[0, 0] < eyes[1, 0] and mouth[0, 0] < mouth[1, 0]
        assert eyes[:, 1].mean() < points[2, 1] < mouth[:, 1].mean()


@pytest.mark.parametrize(("name", "share"), [("lfw", 0.995), ("mfr2", 0.98)])
def test_finds_the_faces_of_colour_pictures(detector: Mtcnn, data_root: Path, name, share):
    files = sorted(
        file for ending in ("jpg", "png") for file in data_root.glob(f"{name}/*/*.{ending}")
    )
    files = files[:: max(1, len(files) // 135)]
    found = detector.detect([read_picture(file) for file in files])
    assert sum(len(detections) > 0 for detections in found) >= share * len(files)


def test_a_batch_gives_what_each_picture_gives_alone(detector: Mtcnn, orl_pictures):
    enlarged = [cv2.resize(p, (184, 224), interpolation=cv2.INTER_CUBIC) for p in orl_pictures[:5]]
    mixed = [
        image
        for pair in zip(orl_pictures[5:29], (enlarged * 5)[:24], strict=True)
        for image in pair
    ]
    mixed.insert(7, np.zeros((40, 300, 3), np.uint8))
    for image, together in zip(mixed, detector.detect(mixed), strict=True):
        assert_same(together, detector.detect([image])[0])


@pytest.mark.parametrize(("name", "step"), [("orl", 4), ("lfw", 60)])
def test_pictures_searched_together_give_the_same_boxes_to_half_a_pixel(
    weights: Path, detector: Mtcnn, orl_pictures, request, name, step
):
    if name == "orl":
        pictures = orl_pictures[::step]
    else:
        files = sorted(request.getfixturevalue("data_root").glob(f"{name}/*/*.jpg"))[::step]
        pictures = [read_picture(file) for file in files]
    together = Mtcnn(weights, DetectorConfig(), "cpu", together=True).detect(pictures)
    for alone, beside in zip(detector.detect(pictures), together, strict=True):
        assert len(alone) == len(beside)
        np.testing.assert_allclose(beside.boxes, alone.boxes, rtol=0, atol=0.5)
        np.testing.assert_allclose(beside.points, alone.points, rtol=0, atol=0.5)
        np.testing.assert_allclose(beside.scores, alone.scores, rtol=0, atol=0.01)


def test_networks_meet_few_different_counts(weights: Path, orl_pictures):
    """What they prepare for each count stays in memory."""
    detector, met = Mtcnn(weights, DetectorConfig(), "cpu", together=True), set()
    for network in (detector._rnet, detector._onet):
        network.register_forward_pre_hook(lambda _, inputs: met.add(len(inputs[0])))
    for start in range(10):
        detector.detect(orl_pictures[start : start + 7])
    assert met
    assert not {count % 8 for count in met} - {0}


def test_pictures_without_a_face(detector: Mtcnn):
    noise = np.random.default_rng(0).integers(0, 256, (120, 90, 3), dtype=np.uint8)
    pictures = [noise, np.zeros((1, 1, 3), np.uint8), np.zeros((11, 500, 3), np.uint8)]
    pictures += [np.full((12, 12, 3), 200, np.uint8), np.zeros((1, 30_000, 3), np.uint8)]
    assert [len(found) for found in detector.detect(pictures)] == [0] * 5
    assert detector.detect([]) == []


def test_a_small_face_is_found_by_the_whole_search(weights: Path, orl_pictures):
    picture = scene(orl_pictures[0], 400, [(30, 300, 48)])
    found = Mtcnn(weights, DetectorConfig(coarse_share=0.23), "cpu").detect([picture])[0]
    whole = Mtcnn(weights, DetectorConfig(coarse_share=0), "cpu").detect([picture])[0]
    assert len(found) == 1 and 20 < found.boxes[0, 3] - found.boxes[0, 1] < 48
    assert_same(found, whole)
    raised = Mtcnn(weights, DetectorConfig(coarse_share=0, min_face=80, second_look=False), "cpu")
    assert len(raised.detect([picture])[0]) == 0


def test_coarse_and_whole_search_choose_the_same_face(weights: Path, orl_pictures):
    pictures = [
        scene(face, 320, [(90, 80, 150), (5, 5, 38), (275, 260, 40)]) for face in orl_pictures[::40]
    ]
    coarse = Mtcnn(weights, DetectorConfig(), "cpu").detect(pictures)
    whole = Mtcnn(weights, DetectorConfig(coarse_share=0), "cpu").detect(pictures)
    assert any(len(w) > len(c) for c, w in zip(coarse, whole, strict=True))  # it does search less
    for one, other in zip(coarse, whole, strict=True):
        best = [d.boxes[select_face(d, (320, 320))] for d in (one, other)]
        assert iou(*best) > 0.7


def test_very_large_pictures_are_searched_small_and_scaled_back(weights: Path, orl_pictures):
    face = cv2.resize(orl_pictures[3], (2300, 2800), interpolation=cv2.INTER_CUBIC)
    small, large = Mtcnn(weights, device="cpu").detect([orl_pictures[3], face])
    assert iou(small.boxes[0] * 25, large.boxes[0]) > 0.75
    assert np.abs((small.points[0] + 0.5) * 25 - large.points[0]).max() < 120  # 5 small pixels


def test_the_second_look_reports_unmirrored_places(weights: Path, orl_pictures):
    detector = Mtcnn(weights, DetectorConfig(coarse_share=0), "cpu")
    plain = detector.detect(orl_pictures[:8])
    first = detector._cascade

    def blind_at_first(views, scales, overlap):
        """Finds nothing but for the look at the mirrored pictures."""
        mirrored = views[0].strides[1] < 0
        found = first(views, scales, overlap)
        return found if mirrored else [Detections.none() for _ in found]

    detector._cascade = blind_at_first
    for one, other in zip(plain, detector.detect(orl_pictures[:8]), strict=True):
        assert iou(one.boxes[0], other.boxes[0]) > 0.75
        assert np.abs(one.points[0] - other.points[0]).max() < 6


def test_selection_prefers_the_large_and_central_face():
    boxes = np.array([[0, 0, 60, 60], [70, 70, 130, 130], [180, 180, 200, 200]], np.float32)
    faces = Detections(boxes, np.ones(3, np.float32), np.zeros((3, 5, 2), np.float32))
    assert select_face(faces, (200, 200)) == 1  # equal size, nearer to the middle
    boxes[0] = [0, 0, 190, 190]
    assert select_face(faces, (200, 200)) == 0  # much larger
    assert select_face(Detections.none(), (200, 200)) is None


@given(st.lists(st.tuples(*[st.integers(0, 60)] * 4), max_size=14), st.sampled_from([0.5, 0.7]))
def test_suppression_leaves_no_two_overlapping_boxes_of_one_picture(cells, limit):
    boxes = np.array([[x, y, x + 20, y + 5 + h] for x, y, h, _ in cells], float).reshape(-1, 4)
    picture = np.array([p % 3 for *_, p in cells], int)
    scores = np.linspace(1, 0.5, len(cells))
    kept = _suppress(boxes, scores, picture, limit)
    assert list(kept) == sorted(kept)
    for row in range(len(cells)):
        rivals = [k for k in kept if k < row and picture[k] == picture[row]]
        hidden = any(iou(boxes[k], boxes[row]) > limit for k in rivals)
        assert (row in kept) == (not hidden)


def test_a_box_within_a_larger_one_is_dropped_at_the_end():
    boxes = np.array([[0, 0, 100, 100], [10, 10, 40, 40], [80, 80, 140, 140]], float)
    assert _suppress_contained(boxes, 0.7) == [0, 2]


def test_missing_weights_are_named(tmp_path: Path):
    with pytest.raises(MaskbenchError, match="mtcnn_pnet"):
        Mtcnn(tmp_path)
