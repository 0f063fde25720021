"""Head pose from 68 landmarks: a perspective fit of a generic 3D face.

Signs as in :mod:`maskbench.faces.faceset`: yaw > 0 looks to the picture's right, pitch > 0 bows
the head, roll > 0 is turned clockwise in the picture.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

# Landmark number -> place on a generic face in millimetres: x to the picture's right, y down, z
# away from the camera, origin midway between the outer eye corners, these 90 mm apart. x and y
# are the medians of 160 nearly frontal faces of ORL and LFW, so that pitch 0 is how people hold
# their heads there; z are the proportions of an adult head. Only points that move little with
# expression; the chin carries pitch.
MODEL = {
    8: (0.0, 114.0, -8.0),  # chin
    27: (0.0, -3.0, -19.0),  # nose root
    28: (0.0, 8.0, -25.0),
    29: (0.0, 18.7, -32.0),
    30: (0.0, 29.6, -39.0),  # nose tip
    33: (0.0, 43.0, -24.0),  # under the nose
    31: (-14.7, 39.5, -16.0),  # nostrils
    35: (14.7, 39.5, -16.0),
    36: (-45.0, 0.0, 4.0),  # eyes, outer corners
    45: (45.0, 0.0, 4.0),
    39: (-19.2, 1.0, -4.0),  # eyes, inner corners
    42: (19.2, 1.0, -4.0),
    48: (-28.2, 63.3, -10.0),  # mouth corners
    54: (28.2, 63.3, -10.0),
}
_ROWS = np.array(list(MODEL), int)
_POINTS = np.array(list(MODEL.values()), np.float64)


class Pose(NamedTuple):
    """Degrees: yaw > 0 looks to the picture's right, pitch > 0 bowed, roll > 0 clockwise."""

    yaw: float
    pitch: float
    roll: float


def camera(picture_size: tuple[int, int]) -> np.ndarray:
    """Assumed intrinsics (3, 3): focal length = 4 x the longer side, as of portraits from afar;
    with a shorter one a turned head is explained by its nearness and yaw comes out too small."""
    width, height = picture_size
    focal = 4.0 * max(width, height)
    return np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])


def pose_of(landmarks: np.ndarray, picture_size: tuple[int, int]) -> Pose:
    """Fit the generic face to the landmarks.

    Args:
        landmarks: (68, 2) pixels of the picture, pixel centres at integers.
        picture_size: (width, height) of that picture; it fixes the assumed focal length.
    """
    points = np.ascontiguousarray(landmarks[_ROWS], np.float64)
    intrinsics = camera(picture_size)
    # Start in front of the camera, at a distance estimated from the points' spread: without it
    # the solver sometimes settles behind the picture plane.
    spread = max(float(np.ptp(points, axis=0).max()), 1e-6)
    distance = intrinsics[0, 0] * 110.0 / spread
    centre = (points.mean(0) - intrinsics[:2, 2]) / intrinsics[0, 0] * distance
    start = np.array([centre[0], centre[1], distance]).reshape(3, 1)
    _, turn, _ = cv2.solvePnP(
        _POINTS, points, intrinsics, None, np.zeros((3, 1)), start, True, cv2.SOLVEPNP_ITERATIVE
    )
    return angles(cv2.Rodrigues(turn)[0])


def angles(rotation: np.ndarray) -> Pose:
    """Yaw, pitch and roll of a rotation (3, 3) of the model about z, then y, then x."""
    # With y down and z away from the camera, a positive turn about y carries the nose to the left
    # and one about x bows the head, about z turns it clockwise.
    yaw = np.arcsin(np.clip(rotation[2, 0], -1, 1))
    pitch = np.arctan2(rotation[2, 1], rotation[2, 2])
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    return Pose(*(float(np.degrees(a)) for a in (yaw, pitch, roll)))


def rotation(pose: Pose) -> np.ndarray:
    """The rotation (3, 3) whose :func:`angles` are ``pose``."""
    yaw, pitch, roll = np.radians(pose)
    about_x, _ = cv2.Rodrigues(np.array([pitch, 0.0, 0.0]))
    about_y, _ = cv2.Rodrigues(np.array([0.0, -yaw, 0.0]))
    about_z, _ = cv2.Rodrigues(np.array([0.0, 0.0, roll]))
    return about_z @ about_y @ about_x
