"""The light on a face, on pictures whose light is known, and the test for colour."""

from __future__ import annotations

import numpy as np
import pytest

from maskbench.masks.lighting import is_grey, shading

from .faces68 import frontal_face

FACE = frontal_face()
LEFT, RIGHT, MIDDLE = np.array([[35.0, 60]]), np.array([[108.0, 60]]), np.array([[71.5, 60]])


def lit(values: np.ndarray) -> np.ndarray:
    return np.repeat(np.clip(values, 0, 255).astype(np.uint8)[..., None], 3, axis=-1)


def test_darker_faces_get_darker_masks_within_bounds() -> None:
    factors = [
        float(shading(lit(np.full((144, 144), level)), FACE)(MIDDLE)[0])
        for level in (0, 40, 90, 165, 255)
    ]
    assert factors == sorted(factors) and factors[0] < factors[1] < factors[2] < factors[3]
    assert factors[3] == pytest.approx(1, abs=0.01)
    assert factors[0] > 0.3 and factors[-1] < 1.3


def test_light_from_the_side() -> None:
    ramp = np.tile(np.linspace(60, 220, 144), (144, 1))
    one, other = shading(lit(ramp), FACE), shading(lit(ramp[:, ::-1]), FACE)
    assert one(LEFT)[0] < 0.8 * one(RIGHT)[0]
    assert one(LEFT)[0] == pytest.approx(other(RIGHT)[0], rel=0.02)
    even = shading(lit(np.full((144, 144), 140)), FACE)
    assert even(LEFT)[0] == pytest.approx(even(RIGHT)[0], rel=0.01)


def test_eyes_mouth_and_nostrils_do_not_count() -> None:
    plain = np.full((144, 144), 150.0)
    dark = plain.copy()
    dark[65:76, 52:91] = 20  # lips
    dark[18:27, 36:59] = 20  # eyes
    dark[18:27, 85:108] = 20
    a, b = shading(lit(plain), FACE), shading(lit(dark), FACE)
    points = np.concatenate([LEFT, MIDDLE, RIGHT])
    assert a(points) == pytest.approx(b(points), rel=0.05)


def test_hair_over_a_cheek_counts_little() -> None:
    plain = np.full((144, 144), 150.0)
    hair = plain.copy()
    hair[:, :26] = 10
    a, b = shading(lit(plain), FACE), shading(lit(hair), FACE)
    assert b(MIDDLE)[0] == pytest.approx(a(MIDDLE)[0], rel=0.1)


def test_face_outside_of_the_picture() -> None:
    factor = shading(lit(np.full((144, 144), 90)), FACE + 1000)
    assert factor(MIDDLE).tolist() == [1.0]


def test_grey() -> None:
    rng = np.random.default_rng(0)
    grey = lit(rng.integers(0, 255, (300, 400)))
    assert is_grey(grey)
    noisy = np.clip(grey.astype(int) + rng.integers(0, 3, grey.shape), 0, 255).astype(np.uint8)
    assert is_grey(noisy)
    coloured = grey.copy()
    coloured[100:140, 100:140, 0] = 255 - coloured[100:140, 100:140, 1]
    assert not is_grey(coloured)
    assert not is_grey(np.zeros((0, 5, 3), np.uint8))
