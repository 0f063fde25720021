"""Alignment by the eyes: the least-squares similarity, and chips that a mask does not move."""

import cv2
import dlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import SimilarityTransform

from maskbench.datasets.weights import weights_file
from maskbench.faces.crop import to_crop
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.recognition.alignment import EYES, PADDING, aligned, eye_corners, similarity
from maskbench.recognition.encoders import FIVE_POINTS, DlibUpperEncoder, encoder_of


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_similarity_is_that_of_scikit_image(seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(4, 2)) * 20
    places = rng.normal(size=(4, 2)) * 5 + points @ [[0.0, 1], [-1, 0]]
    found = SimilarityTransform.from_estimate(points, places)
    if np.linalg.det(found.params[:2, :2]) > 0:
        assert similarity(points, places) == pytest.approx(found.params[:2], abs=1e-6)


def test_points_already_in_place_stay():
    assert similarity(EYES, EYES) == pytest.approx(np.eye(3)[:2])


def test_one_point_many_times_is_no_division_by_zero():
    assert np.isfinite(similarity(np.ones((4, 2)), EYES)).all()


@pytest.fixture(scope="module")
def predict(weights):
    return dlib.shape_predictor(str(weights_file(weights, FIVE_POINTS)))


def boxes(faces):
    for row in range(len(faces)):
        corners = np.asarray(faces.faces["box"].iloc[row], float).reshape(2, 2) - 0.5
        square = np.asarray(faces.faces["crop_box"].iloc[row])
        yield row, to_crop(corners, square, faces.size).ravel()


def test_eyes_lie_where_the_68_landmarks_have_them(people, predict):
    faces = FaceSet.open(people.faces)
    off = []
    for row, box in boxes(faces):
        found = eye_corners(np.ascontiguousarray(faces.images[row]), box, predict)
        known = faces.landmarks[row][[45, 42, 36, 39]]  # outer and inner corner of each eye
        off.append(np.abs(found - known).max())
    assert np.median(off) < 0.04 * faces.size


def test_a_mask_moves_the_chip_less_than_it_moves_one_prediction(people, predict):
    faces, masked = FaceSet.open(people.faces), MaskedSet.open(people.masked)
    row_of = {face: row for row, face in enumerate(faces.faces["face_id"])}
    box_of = dict(boxes(faces))
    many, one = [], []
    for row in range(0, len(masked), 3):
        bare = row_of[masked.faces["bare_id"].iloc[row]]
        pictures = [np.ascontiguousarray(p) for p in (faces.images[bare], masked.images[row])]
        a, b = (eye_corners(picture, box_of[bare], predict) for picture in pictures)
        many.append(np.abs(a - b).mean())
        rectangle = dlib.rectangle(*(round(float(v)) for v in box_of[bare]))
        a, b = (
            np.array([(p.x, p.y) for p in predict(picture, rectangle).parts()], float)
            for picture in pictures
        )
        one.append(np.abs(a - b).mean())
    assert np.mean(many) < 0.8 * np.mean(one)


def test_a_chip_has_the_eyes_in_their_places(people, predict):
    faces = FaceSet.open(people.faces)
    row, box = next(boxes(faces))
    image = np.ascontiguousarray(faces.images[row])
    corners = eye_corners(image, box, predict)
    marked = np.zeros_like(image)
    for x, y in corners:
        cv2.circle(marked, (round(float(x)), round(float(y))), 1, (255, 255, 255), -1)
    places = (PADDING + EYES) / (1 + 2 * PADDING) * 150
    warp = similarity(corners, places)
    moved = cv2.warpAffine(marked, warp, (150, 150))
    for x, y in places:
        near = moved[int(y) - 4 : int(y) + 5, int(x) - 4 : int(x) + 5]
        assert near.max() > 60
    assert aligned(image, box, predict).shape == (150, 150, 3)


def test_the_upper_half_sees_nothing_below(people):
    faces = FaceSet.open(people.faces)
    encoder = encoder_of("dlib_resnet_upper", people.weights)
    assert isinstance(encoder, DlibUpperEncoder)
    chips = encoder.chips(faces, np.array([0, 1]))
    assert (chips[:, 80:] == (123, 117, 104)).all()
    assert chips[:, :80].std() > 10
    assert encoder.name == "dlib_resnet_upper"
