"""Landmarks lie where dlib's own detector would have put them, at any picture size."""

from __future__ import annotations

from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest

from maskbench.errors import MaskbenchError
from maskbench.faces.landmarks import LandmarkPredictor
from maskbench.faces.locate import FaceLocator


def test_agree_with_the_predictor_in_dlibs_own_boxes(
    weights: Path, locator: FaceLocator, orl_pictures
):
    detector = dlib.get_frontal_face_detector()
    predictor = dlib.shape_predictor(str(weights / "dlib_landmarks_68.dat"))
    errors = []
    for picture in orl_pictures[::20]:
        enlarged = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        boxes = detector(enlarged)
        face = locator.locate([picture])[0]
        if len(boxes) != 1 or face is None:
            continue
        shape = predictor(enlarged, boxes[0])
        wanted = (np.array([(p.x, p.y) for p in shape.parts()]) + 0.5) / 2 - 0.5
        eyes = np.linalg.norm(wanted[36] - wanted[45])
        errors.append(np.linalg.norm(face.landmarks - wanted, axis=1).mean() / eyes)
    assert len(errors) >= 17
    assert np.median(errors) < 0.05 and np.max(errors) < 0.2


def test_follow_the_pictures_size_and_place(weights: Path, locator: FaceLocator, orl_pictures):
    predictor = LandmarkPredictor(weights)
    face = locator.locate(orl_pictures[10:11])[0]
    assert face is not None
    landmarks = predictor.predict(orl_pictures[10], face.box)
    np.testing.assert_array_equal(landmarks, face.landmarks)
    tripled = cv2.resize(orl_pictures[10], None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    larger = predictor.predict(tripled, face.box * 3)
    assert np.abs((larger + 0.5) / 3 - 0.5 - landmarks).max() < 2
    moved = np.pad(orl_pictures[10], ((7, 0), (20, 0), (0, 0)), mode="edge")
    shifted = predictor.predict(moved, face.box + np.array([20, 7, 20, 7], np.float32))
    assert np.abs(shifted - landmarks - (20, 7)).max() < 0.5


def test_a_box_at_the_edge_or_outside_is_no_error(weights: Path, orl_pictures):
    predictor = LandmarkPredictor(weights)
    for box in ([-40, -50, 30, 40], [80, 100, 150, 190], [300, 300, 340, 350]):
        landmarks = predictor.predict(orl_pictures[0], np.array(box, np.float32))
        assert landmarks.shape == (68, 2) and np.isfinite(landmarks).all()


def test_missing_and_damaged_predictors_are_named(weights: Path, tmp_path: Path):
    with pytest.raises(MaskbenchError, match="dlib_landmarks_68"):
        LandmarkPredictor(tmp_path)
    (tmp_path / "dlib_landmarks_68.dat").write_bytes(b"no predictor")
    with pytest.raises(MaskbenchError, match="not a landmark predictor"):
        LandmarkPredictor(tmp_path)
