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
from maskbench.synthesis import base
from maskbench.synthesis.put_on import ByCrop, ByKeypoints, Wish
from maskbench.synthesis.specs.keypoint import KeypointParams

STYLES = ("surgical_blue", "kn95")


@pytest.fixture(scope="module")
def wishes(orl: Path, weights: Path) -> list[Wish]:
    """Three faces of 276 x 336 pixels."""
    root = Pictures.open(orl).root
    images = [
        np.repeat(np.repeat(read_picture(path), 3, 0), 3, 1)
        for path in sorted(root.rglob("*.pgm"))[:30:10]
    ]
    faces = FaceLocator(weights, FacesConfig(), device="cpu").locate(images)
    return [
        Wish(image, face, STYLES[number % 2])
        for number, (image, face) in enumerate(zip(images, faces, strict=True))
        if face is not None
    ]


def test_crop_and_key_points_agree(wishes: list[Wish], tmp_path: Path) -> None:
    assert len(wishes) == 3
    by_crop = ByCrop(
        base.method("keypoint"), tmp_path, KeypointParams(), 144, MaskPictures.draw(144, STYLES)
    )
    for wish, (one, covered), (other, reference) in zip(
        wishes, by_crop(wishes), ByKeypoints("tps", True)(wishes), strict=True
    ):
        assert one.shape == wish.image.shape and covered.shape == wish.image.shape[:2]
        both = np.minimum(covered, reference).sum() / np.maximum(covered, reference).sum()
        assert both > 0.95
        assert np.array_equal(one[covered == 0], wish.image[covered == 0])
        solid = (covered == 255) & (reference == 255)
        assert np.abs(one[solid].astype(int) - other[solid]).mean() < 10


def test_large_faces_get_finer_rasters(wishes: list[Wish]) -> None:
    # A raster of 144 blown up eight times would be soft: its steepest edge is shallower.
    wish = wishes[0]
    large = np.repeat(np.repeat(wish.image, 4, 0), 4, 1)
    marks = (wish.face.landmarks + 0.5) * 4 - 0.5
    face = type(wish.face)(
        wish.face.box * 4, wish.face.score, wish.face.crop_box * 4, marks, wish.face.pose
    )
    _, coverage = ByKeypoints("tps", True)([Wish(large, face, "kn95")])[0]
    assert np.abs(np.diff(coverage.astype(int), axis=0)).max() > 100
