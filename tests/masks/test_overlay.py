"""The overlay: colours, rims, symmetry, scale, and how it sits on real faces."""

from __future__ import annotations

import numpy as np
import pytest

from maskbench.faces.crop import crop_square, to_crop
from maskbench.masks.artwork import ANCHORS, Anchors, MaskPictures
from maskbench.masks.overlay import composite, overlay
from maskbench.masks.wearing import wearing

from .faces68 import frontal_face, mirrored, turned

PICTURES = MaskPictures.draw(144, ["surgical_white", "surgical_black", "checkered", "kn95"])


def plain(colour: tuple[int, int, int], size: int = 144) -> np.ndarray:
    return np.full((size, size, 3), colour, np.uint8)


def flat_mask(colour: tuple[int, int, int]) -> tuple[np.ndarray, Anchors]:
    """The surgical mask's shape in one colour."""
    rgba, anchors = PICTURES.picture("surgical_white")
    rgba = rgba.copy()
    rgba[..., :3] = colour
    return rgba, anchors


@pytest.mark.parametrize("fit", ["tps", "homography"])
@pytest.mark.parametrize(("mask", "face"), [(255, 0), (0, 255), (200, 90)])
def test_no_halo(mask: int, face: int, fit: str) -> None:
    image = plain((face, face, face))
    rgba, anchors = flat_mask((mask,) * 3)
    out, coverage = overlay(image, frontal_face(), rgba, anchors, fit=fit, brightness=False)
    assert coverage.max() == 255
    # Every pixel is the mixture of the two colours that its coverage says.
    alpha = coverage[..., None] / 255
    assert np.abs(out - (mask * alpha + face * (1 - alpha))).max() <= 1.01
    edge = (coverage > 0) & (coverage < 255)
    assert edge.sum() > 100


def test_nothing_changes_where_nothing_is_covered() -> None:
    image = np.random.default_rng(0).integers(0, 256, (144, 144, 3), np.uint8)
    before = image.copy()
    out, coverage = overlay(image, frontal_face(), *PICTURES.picture("kn95"))
    assert np.array_equal(image, before)
    assert np.array_equal(out[coverage == 0], image[coverage == 0])
    assert out.dtype == coverage.dtype == np.uint8 and out.shape == image.shape
    again, _ = overlay(image, frontal_face(), *PICTURES.picture("kn95"))
    assert np.array_equal(out, again)


def test_grey_in_grey_out_and_colour_in_colour_out() -> None:
    grey, _ = overlay(plain((150, 150, 150)), frontal_face(), *PICTURES.picture("checkered"))
    assert int(np.ptp(grey.astype(int), axis=-1).max()) == 0
    skin, coverage = overlay(plain((190, 150, 130)), frontal_face(), *PICTURES.picture("checkered"))
    assert int(np.ptp(skin[coverage == 255].astype(int), axis=-1).max()) > 80


def test_brightness_follows_the_face() -> None:
    means = {}
    for level in (50, 110, 165):
        image = plain((level, level, level))
        out, coverage = overlay(image, frontal_face(), *PICTURES.picture("surgical_white"))
        means[level] = out[coverage == 255].mean()
    assert means[50] < means[110] < means[165]
    image = plain((50, 50, 50))
    as_drawn, coverage = overlay(
        image, frontal_face(), *PICTURES.picture("surgical_white"), brightness=False
    )
    assert as_drawn[coverage == 255].mean() > means[50] + 30


@pytest.mark.parametrize("yaw", [0, 25, 55])
@pytest.mark.parametrize("fit", ["tps", "homography"])
def test_mirrored_face_has_the_mirrored_coverage(yaw: float, fit: str) -> None:
    face = turned(frontal_face(), yaw)
    image = plain((128, 128, 128))
    picture = PICTURES.picture("surgical_white")
    _, one = overlay(image, face, *picture, fit=fit)
    _, other = overlay(image, mirrored(face, 144), *picture, fit=fit)
    difference = np.abs(one.astype(int) - other[:, ::-1])
    assert difference.mean() < 0.35 and (difference > 40).mean() < 0.002


@pytest.mark.parametrize("scale", [0.4, 2.0, 6.0])
def test_any_scale(scale: float) -> None:
    face = frontal_face()
    small = plain((128, 128, 128))
    large = plain((128, 128, 128), round(144 * scale))
    _, one = overlay(small, face, *PICTURES.picture("kn95"))
    _, other = overlay(large, (face + 0.5) * scale - 0.5, *PICTURES.picture("kn95"))
    share_one, share_other = one.mean() / 255, other.mean() / 255
    assert share_other == pytest.approx(share_one, rel=0.03)


def test_partly_and_wholly_outside_of_the_picture() -> None:
    image = plain((128, 128, 128))
    picture = PICTURES.picture("kn95")
    _, whole = overlay(image, frontal_face(), *picture)
    _, shifted = overlay(image, frontal_face() + np.array([70, 30]), *picture)
    expected = np.zeros_like(whole)
    expected[30:, 70:] = whole[:-30, :-70]
    assert np.abs(shifted.astype(int) - expected).max() <= 2
    out, nothing = overlay(image, frontal_face() + 400, *picture)
    assert nothing.max() == 0 and np.array_equal(out, image)
    out, nothing = overlay(image, np.full((68, 2), np.nan), *picture)
    assert nothing.max() == 0 and np.array_equal(out, image)


@pytest.mark.parametrize("yaw", [-60, -40, -20, 0, 20, 40, 60])
@pytest.mark.parametrize("roll", [-30, 0, 30])
def test_turned_and_rolled_heads_wear_it(yaw: float, roll: float) -> None:
    a = np.radians(roll)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    face = (turned(frontal_face(), yaw) - 72) @ turn.T * 0.8 + [90, 90]
    _, coverage = overlay(plain((128, 128, 128), 180), face, *PICTURES.picture("surgical_black"))
    verdict = wearing(coverage, face)
    assert verdict.covers[0] >= 0.96 and verdict.eyes_free[0] and verdict.correct[0]
    # One body: nothing floats beside the face.
    ys, xs = np.nonzero(coverage > 127)
    low, high = face.min(0) - 0.2 * np.ptp(face, axis=0), face.max(0) + 0.2 * np.ptp(face, axis=0)
    assert xs.min() >= low[0] and xs.max() <= high[0]
    assert ys.min() >= low[1] and ys.max() <= high[1]


def test_far_loops_vanish_and_near_ones_stay() -> None:
    face = turned(frontal_face(), 50)
    _, coverage = overlay(plain((128, 128, 128)), face, *PICTURES.picture("surgical_white"))
    assert coverage[:, int(face[:, 0].max()) + 8 :].max() == 0
    assert (coverage[:, : int(face[2, 0])] > 60).sum() > 10


def test_composite_never_exceeds_its_alpha() -> None:
    layer = np.zeros((1, 3, 4), np.float32)
    layer[0, :, 3] = [0, 127.5, 255]
    layer[0, :, :3] = layer[0, :, 3:] * 0.9
    region = np.zeros((1, 3, 3), np.uint8)
    out, coverage = composite(region, layer, np.full((1, 3), 5.0, np.float32))
    assert out[0, :, 0].tolist() == [0, 128, 255] and coverage[0].tolist() == [0, 128, 255]


@pytest.fixture(scope="module")
def orl_crops(orl_faces):  # type: ignore[no-untyped-def]
    """Crops of 144 x 144 with their landmarks."""
    crops, marks = [], []
    for image, face in orl_faces:
        crops.append(crop_square(image, face.crop_box, 144))
        marks.append(to_crop(face.landmarks, face.crop_box, 144))
    return np.stack(crops), np.stack(marks)


@pytest.mark.parametrize("fit", ["tps", "homography"])
def test_real_faces_wear_it(orl_crops, fit: str) -> None:  # type: ignore[no-untyped-def]
    crops, marks = orl_crops
    coverages = []
    for number, (crop, landmarks) in enumerate(zip(crops, marks, strict=True)):
        style = PICTURES.styles[number % len(PICTURES.styles)]
        out, coverage = overlay(crop, landmarks, *PICTURES.picture(style), fit=fit)
        assert int(np.ptp(out.astype(int), axis=-1).max()) <= 3  # ORL is grey
        coverages.append(coverage)
    verdict = wearing(np.stack(coverages), marks)
    assert np.nanmean(verdict.covers) >= 0.97
    assert verdict.eyes_free.mean() >= 0.97
    if fit == "tps":
        assert np.nanmean(verdict.covers) >= 0.995 and verdict.correct.mean() >= 0.97


def test_anchors_need_not_be_in_order() -> None:
    rgba, anchors = PICTURES.picture("kn95")
    image = plain((128, 128, 128))
    backwards = {name: anchors[name] for name in reversed(ANCHORS)}
    one, _ = overlay(image, frontal_face(), rgba, anchors)
    other, _ = overlay(image, frontal_face(), rgba, backwards)
    assert np.array_equal(one, other)
