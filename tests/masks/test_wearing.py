"""The wearing check on coverages made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from maskbench.masks.wearing import beyond_outline, covers_nose_mouth, leaves_eyes, wearing

from .faces68 import frontal_face

SIZE = 144


def band(top: int, bottom: int) -> np.ndarray:
    coverage = np.zeros((SIZE, SIZE), np.uint8)
    coverage[top:bottom] = 255
    return coverage


def test_worn_as_it_should_be() -> None:
    verdict = wearing(band(40, 115), frontal_face())
    for part in (verdict.nose_tip, verdict.nostrils, verdict.mouth, verdict.chin, verdict.covers):
        assert part == pytest.approx([1.0])
    assert verdict.eyes == pytest.approx([0.0])
    assert verdict.eyes_free.tolist() == [True] and verdict.correct.tolist() == [True]


def test_below_the_nose_on_the_chin_and_over_the_eyes() -> None:
    face = frontal_face()
    coverages = np.stack([band(60, 115), band(95, 115), band(0, 144), band(0, 30), band(0, 0)])
    verdict = wearing(coverages, np.stack([face] * 5))
    assert verdict.nose_tip.tolist() == [0, 0, 1, 0, 0]
    assert verdict.nostrils.tolist() == [0, 0, 1, 0, 0]
    assert verdict.mouth.tolist() == [1, 0, 1, 0, 0]
    assert verdict.chin.tolist() == [1, 1, 1, 0, 0]
    assert verdict.covers == pytest.approx([23 / 29, 3 / 29, 1, 0, 0])
    assert verdict.eyes_free.tolist() == [True, True, False, False, True]
    assert verdict.correct.tolist() == [False] * 5


def test_one_eye_landmark_is_enough() -> None:
    coverage = band(40, 115)
    x, y = frontal_face()[41].round().astype(int)
    coverage[y, x] = 255
    verdict = wearing(coverage, frontal_face())
    assert verdict.eyes == pytest.approx([1 / 12])
    assert leaves_eyes(coverage, frontal_face()).tolist() == [0.0]


def test_threshold_and_the_nearest_pixel() -> None:
    face = frontal_face()
    face[30] = (71.4, 45.6)
    coverage = np.zeros((SIZE, SIZE), np.uint8)
    coverage[46, 71] = 100
    assert wearing(coverage, face).nose_tip.tolist() == [0]
    assert wearing(coverage, face, threshold=100).nose_tip.tolist() == [1]


def test_chin_is_sampled_inside_the_jaw() -> None:
    face = frontal_face()
    just_short = band(40, int(face[8, 1]))  # ends a pixel above the chin's tip
    assert wearing(just_short, face).chin.tolist() == [1]
    assert wearing(band(40, int(face[8, 1]) - 8), face).chin.tolist() == [0]


def test_landmarks_outside_of_the_picture_are_left_out() -> None:
    face = frontal_face()
    face[:, 1] += 50  # chin and most of the mouth leave the picture at the bottom
    verdict = wearing(band(90, 144), face)
    assert np.isnan(verdict.chin[0]) and verdict.covers == pytest.approx([1.0])
    assert verdict.correct.tolist() == [True]
    face[:, 0] += 500
    verdict = wearing(band(90, 144), face)
    assert np.isnan(verdict.covers[0]) and verdict.correct.tolist() == [False]
    face[:] = np.nan
    assert np.isnan(covers_nose_mouth(band(90, 144), face)[0])
    assert np.isnan(leaves_eyes(band(90, 144), face)[0])


def test_many_at_once_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    coverages = rng.integers(0, 256, (12, 60, 70), np.uint8)
    faces = rng.uniform(-5, 75, (12, 68, 2))
    together = covers_nose_mouth(coverages, faces)
    alone = [covers_nose_mouth(c, f)[0] for c, f in zip(coverages, faces, strict=True)]
    assert together == pytest.approx(alone)
    assert leaves_eyes(coverages, faces).shape == (12,)


def test_wrong_shapes() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        wearing(np.zeros((2, 9, 9), np.uint8), np.zeros((3, 68, 2)))


def square_face(degrees: int) -> np.ndarray:
    """A jaw line down the left at 20, along 100 and up the right at 120, from the height 40; turned
    by quarters about the picture's centre."""
    left = [(20, y) for y in (40, 55, 70, 85)]
    below = [(x, 100) for x in (20, 32, 45, 57, 70, 82, 95, 107, 120)]
    face = np.zeros((68, 2))
    face[:17] = [*left, *below, *((141 - (x + 1), y) for x, y in left[::-1])]
    turn = np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return (face - 71.5) @ matrix.T + 71.5


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_what_lies_beside_and_below_the_jaw_is_beyond_the_outline(degrees: int) -> None:
    beside, forehead, below = (np.zeros((SIZE, SIZE), np.uint8) for _ in range(3))
    beside[50:60, 0:40] = 200  # columns 0 to 19 of 40
    forehead[0:30, 30:110] = 255
    below[91:131, 60:70] = 128  # rows 101 to 130 of 40
    coverage = np.stack([np.rot90(one, degrees // 90) for one in (beside, forehead, below)])
    found = beyond_outline(coverage, np.stack([square_face(degrees)] * 3))
    assert found == pytest.approx([0.5, 0.0, 0.75])


def test_no_mask_and_no_jaw_have_no_share_beyond_the_outline() -> None:
    face = frontal_face()
    lost = face.copy()
    lost[3] = np.nan
    found = beyond_outline(np.stack([band(0, 0), band(40, 90)]), np.stack([face, lost]))
    assert np.isnan(found).all()
