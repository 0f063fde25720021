"""Angles of synthetic faces come back, with the signs of FaceSet."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.faces.locate import FaceLocator
from maskbench.faces.pose import MODEL, Pose, angles, camera, pose_of, rotation

SIZE = (200, 240)
# Where the landmark with this number is after mirroring a face (iBUG 300-W order).
MIRRORED = np.concatenate(
    [
        np.arange(16, -1, -1),  # jaw
        np.arange(26, 16, -1),  # brows
        np.arange(27, 31),  # nose
        np.arange(35, 30, -1),
        [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40],  # eyes
        np.arange(54, 47, -1),  # outer lips
        np.arange(59, 54, -1),
        [64, 63, 62, 61, 60, 67, 66, 65],  # inner lips
    ]
)


def project(pose: Pose, place: tuple[float, float, float] = (0, -30, 500)) -> np.ndarray:
    """(68, 2): the model's own points under a pose; landmarks outside the model stay 0."""
    points = np.array(list(MODEL.values())) @ rotation(pose).T + place
    pixels = points @ camera(SIZE).T
    landmarks = np.zeros((68, 2), np.float32)
    landmarks[list(MODEL)] = pixels[:, :2] / pixels[:, 2:]
    return landmarks


ANGLE = st.floats(-40, 40)


@settings(deadline=None)
@given(st.builds(Pose, ANGLE, ANGLE, ANGLE))
def test_the_pose_of_a_projected_model_is_recovered(pose: Pose):
    assert np.allclose(pose_of(project(pose), SIZE), pose, atol=0.3)


@given(st.builds(Pose, ANGLE, ANGLE, ANGLE))
def test_angles_undo_rotation(pose: Pose):
    assert np.allclose(angles(rotation(pose)), pose, atol=1e-6)


def test_signs():
    frontal = project(Pose(0, 0, 0))
    eyes, nose = [36, 45], 30
    right = project(Pose(20, 0, 0))  # the nose moves to the picture's right of the eyes
    assert right[nose, 0] - right[eyes, 0].mean() > frontal[nose, 0] - frontal[eyes, 0].mean() + 3
    bowed = project(Pose(0, 20, 0))  # the nose comes down, nearer to the chin
    assert bowed[8, 1] - bowed[nose, 1] < frontal[8, 1] - frontal[nose, 1] - 3
    rolled = project(Pose(0, 0, 20))  # clockwise: the eye at the picture's right is lower
    assert rolled[45, 1] > rolled[36, 1] + 5


@settings(deadline=None)
@given(st.builds(Pose, ANGLE, ANGLE, ANGLE))
def test_mirrored_landmarks_negate_yaw_and_roll(pose: Pose):
    landmarks = project(pose)
    mirrored = landmarks[MIRRORED] * (-1, 1) + (SIZE[0] - 1, 0)
    wanted = Pose(-pose.yaw, pose.pitch, -pose.roll)
    assert np.allclose(pose_of(mirrored, SIZE), wanted, atol=0.3)


def test_mirroring_a_real_face(locator: FaceLocator, orl_pictures):
    differences = []
    for picture in orl_pictures[::25]:
        one, other = locator.locate([picture, np.ascontiguousarray(picture[:, ::-1])])
        assert one is not None and other is not None
        flipped = other.pose._replace(yaw=-other.pose.yaw, roll=-other.pose.roll)
        differences.append(np.abs(np.subtract(one.pose, flipped)))
    assert (np.median(differences, axis=0) < 4).all()


@pytest.mark.parametrize("degrees", [-20, 15])
def test_turning_a_real_picture_turns_the_roll(locator: FaceLocator, orl_pictures, degrees):
    change = []
    for picture in orl_pictures[::40]:
        turn = cv2.getRotationMatrix2D((45.5, 55.5), -degrees, 1)  # OpenCV: > 0 anticlockwise
        turned = cv2.warpAffine(picture, turn, (92, 112), borderMode=cv2.BORDER_REPLICATE)
        one, other = locator.locate([picture, turned])
        if one is not None and other is not None:
            change.append(other.pose.roll - one.pose.roll)
    assert len(change) >= 8 and abs(np.median(change) - degrees) < 5


def test_size_does_not_change_the_pose(locator: FaceLocator, orl_pictures):
    face = locator.locate(orl_pictures[:1])[0]
    assert face is not None
    doubled = (face.landmarks + 0.5) * 2 - 0.5
    assert np.allclose(pose_of(doubled, (184, 224)), face.pose, atol=0.1)
