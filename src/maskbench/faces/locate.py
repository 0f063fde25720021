"""Find the one face of a picture: box, crop square, 68 landmarks and pose, in picture pixels.

    locator = FaceLocator(weights, config.faces)
    for face in locator.locate(pictures):
        if face is not None: ...

Coordinates. Landmarks: pixel centres lie at integers. Boxes: x0 y0 x1 y1 are edges, pixel i
covers [i, i + 1); they may reach out of the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from maskbench.config import FacesConfig
from maskbench.faces.crop import square_around, to_crop
from maskbench.faces.landmarks import LandmarkPredictor
from maskbench.faces.mtcnn import Detections, Mtcnn, select_face
from maskbench.faces.pose import Pose, pose_of

# Side of the box of an undetected face, relative to the picture's shorter side: the median height
# of MFR2's detected faces.
_WHOLE = 0.72


@dataclass(frozen=True)
class LocatedFace:
    """One face, in pixels of its picture.

    Attributes:
        box: (4,) float32, the detector's box x0 y0 x1 y1 (edges).
        score: the detector's confidence, 0..1.
        crop_box: (4,) float32, the square to crop (:func:`maskbench.faces.crop.square_around`).
        landmarks: (68, 2) float32 (x, y), pixel centres at integers.
        pose: yaw, pitch and roll in degrees.
    """

    box: np.ndarray
    score: float
    crop_box: np.ndarray
    landmarks: np.ndarray
    pose: Pose

    def columns(self, size: int) -> dict[str, Any]:
        """What a FaceSet of crops with this side holds of it."""
        return {
            "box": self.box,
            "score": self.score,
            "crop_box": self.crop_box,
            "landmarks": to_crop(self.landmarks, self.crop_box, size).ravel(),
            "yaw": self.pose.yaw,
            "pitch": self.pose.pitch,
            "roll": self.pose.roll,
        }


class FaceLocator:
    """Detector, selection rule and landmark predictor in one."""

    def __init__(
        self,
        weights: Path,
        config: FacesConfig,
        device: str | None = None,
        together: bool = False,
    ) -> None:
        """Open the weights.

        Args:
            weights: folder with mtcnn_{p,r,o}net.pt and dlib_landmarks_68.dat.
            config: detector settings and the crop's margin.
            device: torch device; default: cuda where there is one, else cpu.
            together: whether a box may depend, in its last bits, on the pictures beside it, for
                speed (:class:`.mtcnn.Mtcnn`).
        """
        self.config = config
        self._detector = Mtcnn(weights, config.detector, device, together)
        self._predictor = LandmarkPredictor(weights)

    def locate(self, images: Sequence[np.ndarray]) -> list[LocatedFace | None]:
        """Find the large and central face of each picture; None where there is none.

        Args:
            images: uint8 RGB pictures (H, W, 3) of any sizes.
        """
        found: list[LocatedFace | None] = []
        for image, detections in zip(images, self._detector.detect(images), strict=True):
            best = select_face(detections, (image.shape[1], image.shape[0]))
            found.append(None if best is None else self._face(image, detections, best))
        return found

    def locate_all(self, images: Sequence[np.ndarray]) -> list[list[LocatedFace]]:
        """Find every face of each picture, the smaller boxes first.

        Args:
            images: uint8 RGB pictures (H, W, 3) of any sizes.
        """
        found: list[list[LocatedFace]] = []
        for image, detections in zip(images, self._detector.detect(images), strict=True):
            sides = detections.boxes[:, 2:] - detections.boxes[:, :2]
            order = np.argsort(sides.prod(1), kind="stable")
            found.append([self._face(image, detections, int(row)) for row in order])
        return found

    def whole(self, image: np.ndarray) -> LocatedFace:
        """A picture whose face the detector missed: a square in its middle, of the size that an
        MTCNN box has in a picture that shows little but a face; ``score`` 0."""
        height, width = image.shape[:2]
        centre, half = np.array([width / 2, height / 2]), _WHOLE * min(width, height) / 2
        box = np.concatenate([centre - half, centre + half]).astype(np.float32)
        return self._located(image, box, 0.0)

    def _face(self, image: np.ndarray, detections: Detections, row: int) -> LocatedFace:
        return self._located(image, detections.boxes[row], float(detections.scores[row]))

    def _located(self, image: np.ndarray, box: np.ndarray, score: float) -> LocatedFace:
        landmarks = self._predictor.predict(image, box)
        return LocatedFace(
            box=box,
            score=score,
            crop_box=square_around(box, self.config.margin),
            landmarks=landmarks,
            pose=pose_of(landmarks, (image.shape[1], image.shape[0])),
        )
