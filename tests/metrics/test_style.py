"""What a mask looks like: brightness, colour and pattern, by values known from CIELAB."""

import numpy as np
import pytest

from maskbench.metrics.style import look


def test_colour_and_pattern_of_a_mask_wherever_it_lies():
    pictures = np.zeros((4, 8, 8, 3), np.uint8)
    coverages = np.zeros((4, 8, 8), np.uint8)
    pictures[0, :4], coverages[0, :4] = 119, 255  # sRGB (119, 119, 119) is L* = 50.03
    pictures[1, 4:, ::2], coverages[1, 4:] = 255, 128  # stripes of black and white
    pictures[2], coverages[2, 0, 0] = (255, 0, 0), 200  # L* 53.24, a* 80.09, b* 67.20
    coverages[3] = 127  # no mask
    grey, stripes, red, none = look(pictures, coverages)
    assert grey == pytest.approx([50.03, 0, 0, 0], abs=0.02)
    assert stripes == pytest.approx([50, 0, 0, 50], abs=0.02)
    assert red == pytest.approx([53.24, 80.09, 67.20, 0], abs=0.05)
    assert np.isnan(none).all()
    assert look(pictures[:, ::-1, ::-1], coverages[:, ::-1, ::-1])[:3] == pytest.approx(
        np.stack([grey, stripes, red])
    )
