"""Holes: by hand, at borders, and what a painting may touch."""

import numpy as np
import pytest

from maskbench.restoration.base import unmask
from maskbench.restoration.holes import grown, holes_of, paste
from maskbench.restoration.specs import HoleParams


def square(side=100, low=40, high=60):
    mask = np.zeros((1, side, side), np.uint8)
    mask[0, low:high, low:high] = 255
    return mask


def test_a_region_grows_by_so_many_pixels_in_all_directions():
    region = np.zeros((21, 21), bool)
    region[10, 10] = True
    y, x = np.mgrid[:21, :21] - 10
    far = np.hypot(x, y)
    wide = grown(region, 5)
    assert wide[far <= 4.7].all() and not wide[far > 5.4].any()
    assert np.array_equal(grown(region, 0), region)
    nothing = np.zeros((5, 5), bool)
    assert not grown(nothing, 3).any()


def test_hole_and_seam_by_hand():
    holes, soft = holes_of(square(), HoleParams(grow=0.05, feather=0.0))
    assert holes[0, 50].nonzero()[0].tolist() == list(range(35, 65))  # 5 pixels each way
    assert np.array_equal(soft > 0, holes) and set(np.unique(soft)) == {0, 255}
    _, soft = holes_of(square(), HoleParams(grow=0.05, feather=0.03))
    # depths 1, 2, 3, 4 of 3 + 1: a quarter, a half, three quarters, all
    assert soft[0, 50, 34:40].tolist() == [0, 64, 128, 191, 255, 255]


def test_there_is_no_seam_at_the_pictures_edge():
    mask = np.zeros((1, 50, 50), np.uint8)
    mask[0, 25:] = 255
    _, soft = holes_of(mask, HoleParams(grow=0.0, feather=0.1))
    assert (soft[0, -1] == 255).all() and (soft[0, 40, :] == 255).all()
    assert 0 < soft[0, 25, 20] < 255


@pytest.mark.parametrize("threshold", [1, 128, 255])
def test_the_threshold_counts_from_its_value_on(threshold):
    mask = np.full((1, 10, 10), threshold, np.uint8)
    mask[0, :5] = threshold - 1
    holes, _ = holes_of(mask, HoleParams(threshold=threshold, grow=0))
    assert not holes[0, :5].any() and holes[0, 5:].all()


def test_a_picture_that_wears_no_mask_is_left_as_it_is():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 100, 100, 3), np.uint8)
    masks = np.concatenate([square(), square(low=50, high=60), np.zeros((1, 100, 100), np.uint8)])
    seen = []

    def painter(pictures, holes):
        seen.append(len(pictures))
        return np.zeros_like(pictures)

    params = HoleParams(least_cover=0.02)
    restored, holes = unmask(painter, images, masks, params)  # 4%, 1% and nothing covered
    assert seen == [1]
    assert np.array_equal(restored[1:], images[1:]) and not holes[1:].any()
    assert np.array_equal(restored[0][holes[0] == 0], images[0][holes[0] == 0])
    assert (restored[0][holes[0] == 255] == 0).all()
    nobody, _ = unmask(painter, images[1:], masks[1:], params)
    assert seen == [1] and np.array_equal(nobody, images[1:])


def test_pasting_mixes_by_shares():
    image, painted = np.full((1, 1, 3, 3), 100, np.uint8), np.full((1, 1, 3, 3), 200, np.uint8)
    mixed = paste(image, painted, np.array([[[0, 51, 255]]], np.uint8))
    assert mixed[0, 0, :, 0].tolist() == [100, 120, 200]
