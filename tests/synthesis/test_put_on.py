"""Masks on pictures of any size: the way over crops agrees with the way over key points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maskbench.config import FacesConfig
from maskbench.datasets.manifest import Pictures
from maskbench.datasets.pictures import read_picture
from maskbench.faces.locate import FaceLocator
from maskbench.masks.artwork import MaskPictures
from maskbench.synthesis.put_on import ByCrop, ByKeypoints, Request
from maskbench.synthesis.specs import METHODS

STYLES = ("surgical_blue", "kn95")


@pytest.fixture(scope="module")
def requests(orl: Path, weights: Path) -> list[Request]:
    """Three faces of 276 x 336 pixels."""
    root = Pictures.open(orl).root
    images = [
        np.repeat(np.repeat(read_picture(path), 3, 0), 3, 1)
        for path in sorted(root.rglob("*.pgm"))[:30:10]
    ]
    faces = FaceLocator(weights, FacesConfig(), device="cpu").locate(images)
    return [
        Request(image, face, STYLES[number % 2])
        for number, (image, face) in enumerate(zip(images, faces, strict=True))
        if face is not None
    ]


def test_crop_and_key_points_agree(requests: list[Request], tmp_path: Path) -> None:
    assert len(requests) == 3
    by_crop = ByCrop(METHODS.parse("keypoint", {}), tmp_path, 144, MaskPictures.draw(144, STYLES))
    for request, (one, covered), (other, reference) in zip(
        requests, by_crop(requests), ByKeypoints("tps", True)(requests), strict=True
    ):
        assert one.shape == request.image.shape and covered.shape == request.image.shape[:2]
        both = np.minimum(covered, reference).sum() / np.maximum(covered, reference).sum()
        assert both > 0.95
        assert np.array_equal(one[covered == 0], request.image[covered == 0])
        solid = (covered == 255) & (reference == 255)
        assert np.abs(one[solid].astype(int) - other[solid]).mean() < 10


def test_large_faces_get_finer_rasters(requests: list[Request]) -> None:
    # A raster of 144 blown up eight times would be soft: its steepest edge is shallower.
    request = requests[0]
    large = np.repeat(np.repeat(request.image, 4, 0), 4, 1)
    marks = (request.face.landmarks + 0.5) * 4 - 0.5
    face = type(request.face)(
        request.face.box * 4,
        request.face.score,
        request.face.crop_box * 4,
        marks,
        request.face.pose,
    )
    _, coverage = ByKeypoints("tps", True)([Request(large, face, "kn95")])[0]
    assert np.abs(np.diff(coverage.astype(int), axis=0)).max() > 100
