"""Bias projection by hand and by its properties."""

import numpy as np
import pytest

from maskbench.recognition.projection import mask_bias, without_bias


def test_by_hand():
    faces = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    masked = np.array([[1.0, 3.0, 4.0], [0.0, 4.0, 4.0]])
    bias = mask_bias(faces, masked)
    assert bias.tolist() == pytest.approx([0, 0.6, 0.8])
    assert without_bias(np.array([[1.0, 5.0, 0.0]]), bias)[0].tolist() == pytest.approx(
        [1, 5 - 3 * 0.6, -3 * 0.8]
    )


def test_a_constant_shift_is_undone_and_nothing_left_along_the_bias():
    rng = np.random.default_rng(0)
    faces, shift = rng.normal(size=(40, 16)), rng.normal(size=16)
    bias = mask_bias(faces, faces + shift)
    bare, masked = without_bias(faces, bias), without_bias(faces + shift, bias)
    assert np.allclose(bare, masked)
    assert np.abs(bare @ bias).max() < 1e-12
    assert np.allclose(without_bias(bare, bias), bare)  # a projection


@pytest.mark.parametrize(
    ("faces", "masked"), [((0, 3), (0, 3)), ((2, 3), (3, 3)), ((2, 3), (2, 3))]
)
def test_no_pairs_and_no_bias_are_errors(faces, masked):
    with pytest.raises(ValueError):
        mask_bias(np.ones(faces), np.ones(masked))
