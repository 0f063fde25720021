"""Intersection over union of coverages."""

import numpy as np

from maskbench.metrics.placement import alpha_mean, placement_iou


def test_by_hand():
    a, b = np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8)
    a[0, :2] = b[0, 1:3] = 255  # rows 0-1 against rows 1-2: 4 of 12 pixels
    a[1] = b[1] = 128  # the same: all of them
    a[2, 0] = 127  # below the threshold: both empty
    b[3, 0] = 200  # nothing of it met
    np.testing.assert_allclose(placement_iou(a, b), [1 / 3, 1, np.nan, 0])


def test_the_opacity_counts_the_masks_own_pixels_alone():
    coverage = np.zeros((3, 2, 2), np.uint8)
    coverage[0] = [[255, 127], [0, 153]]  # (255 + 153) / 2 of 255
    coverage[1] = 255
    np.testing.assert_allclose(alpha_mean(coverage), [0.8, 1, np.nan])
