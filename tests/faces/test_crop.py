"""Crops are square, exact, continued past the picture's edge, and carry landmarks along."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskbench.faces.crop import crop_square, square_around, to_crop

PLACE = st.floats(-50, 300, width=32)
BOXES = st.tuples(PLACE, PLACE, st.floats(1, 200), st.floats(1, 200)).map(
    lambda b: np.array([b[0], b[1], b[0] + b[2], b[1] + b[3]], np.float32)
)


@given(BOXES, st.sampled_from([0.0, 0.2, 1.0]))
def test_the_square_surrounds_the_box(box: np.ndarray, margin: float):
    square = square_around(box, margin)
    width, height = square[2:] - square[:2]
    assert width == height and (square == np.round(square)).all()
    longer = (box[2:] - box[:2]).max()
    assert abs(width - longer * (1 + margin)) <= 0.51
    assert np.abs((square[:2] + square[2:]) / 2 - (box[:2] + box[2:]) / 2).max() <= 0.51


def test_corners_of_the_square_are_corners_of_the_crop():
    square = np.array([10, 20, 40, 50], np.float32)
    corners = np.array([[9.5, 19.5], [39.5, 49.5]])  # outer edges of its first and last pixels
    np.testing.assert_allclose(to_crop(corners, square, 60), [[-0.5, -0.5], [59.5, 59.5]])


@pytest.mark.parametrize("size", [32, 90, 145])
def test_a_landmark_stays_on_its_spot(size: int):
    picture = np.zeros((120, 100, 3), np.uint8)
    picture[58:63, 68:73] = 255  # centred at (70, 60)
    square = np.array([25, 15, 115, 105], np.float32)
    crop = crop_square(picture, square, size).astype(float).mean(2)
    rows, columns = np.indices(crop.shape)
    spot = np.array([(columns * crop).sum(), (rows * crop).sum()]) / crop.sum()
    np.testing.assert_allclose(to_crop(np.array([70, 60]), square, size), spot, atol=0.05)


@given(BOXES, st.integers(32, 80))
def test_crops_have_the_size_wherever_the_box_lies(box, size):
    picture = np.random.default_rng(1).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    crop = crop_square(picture, square_around(box, 0.2), size)
    assert crop.shape == (size, size, 3) and crop.dtype == np.uint8


def test_outside_the_edge_is_repeated():
    picture = np.arange(30 * 20, dtype=np.uint32).reshape(30, 20).astype(np.uint8)
    crop = crop_square(picture, np.array([-5, -5, 35, 35], np.float32), 40)
    np.testing.assert_array_equal(crop[5:35, 5:25], picture)
    np.testing.assert_array_equal(crop[:5, 5:25], np.repeat(picture[:1], 5, 0))
    np.testing.assert_array_equal(crop[5:35, 25:], np.repeat(picture[:, -1:], 15, 1))
    assert (crop_square(picture, np.array([100, 100, 140, 140]), 40) == picture[-1, -1]).all()
