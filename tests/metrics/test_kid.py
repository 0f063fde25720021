"""KID against a hand-computed value and plain loops."""

import numpy as np
import pytest

from maskbench.errors import MaskbenchError
from maskbench.metrics.kid import kid, unbiased_mmd2


def _loops(x: np.ndarray, y: np.ndarray) -> float:
    """Equation 3 of Gretton et al. 2012 with the cubic kernel, pair by pair."""
    k = lambda a, b: (float(a @ b) / len(a) + 1) ** 3  # noqa: E731
    n, m = len(x), len(y)
    xx = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    yy = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    xy = sum(k(a, b) for a in x for b in y) / (n * m)
    return xx + yy - 2 * xy


def test_by_hand():
    x, y = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]])
    # k: x pair (0*1+1)^3 = 1; y pair (1*2+1)^3 = 27; across 1, 1, 8, 27 with mean 37/4.
    assert unbiased_mmd2(x, y) == pytest.approx(1 + 27 - 2 * 37 / 4)


def test_equals_plain_loops():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(7, 5)), rng.normal(0.5, 1, size=(9, 5))
    assert unbiased_mmd2(x, y) == pytest.approx(_loops(x, y))
    assert kid(x, y) == pytest.approx(_loops(x, y))


def test_unbiased_around_zero_for_one_distribution():
    rng = np.random.default_rng(0)
    values = [unbiased_mmd2(*rng.normal(size=(2, 20, 3))) for _ in range(300)]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(len(values))
    assert min(values) < 0


def test_subsets_average_to_the_whole_and_follow_the_seed():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 4)), rng.normal(1, 1, size=(50, 4))
    few = kid(x, y, subset=30, subsets=200, seed=3)
    assert few == kid(x, y, subset=30, subsets=200, seed=3) != kid(x, y, 30, 200, seed=4)
    assert few == pytest.approx(unbiased_mmd2(x, y), rel=0.1)


def test_pictures_of_one_face_are_no_independent_draws():
    """80 faces in 5 styles by two methods of the same distribution: no distance on average, though
    the two sets show the same faces (counting those pairs gives a distance far below zero)."""
    rng = np.random.default_rng(0)
    of = np.repeat(np.arange(40), 5)
    left, counted = [], []
    for _ in range(60):
        faces = rng.normal(size=(40, 6))[of]
        x, y = (faces + 0.3 * rng.normal(size=(200, 6)) for _ in range(2))
        left.append(kid(x, y, of_x=of, of_y=of))
        counted.append(kid(x, y))
    assert abs(np.mean(left)) < 4 * np.std(left) / np.sqrt(len(left))
    assert np.mean(counted) < -10 * np.std(counted) / np.sqrt(len(counted))


def test_pairs_of_one_face_by_plain_loops():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    of_x, of_y = np.array([0, 0, 1, 2, 2]), np.array([1, 2, 3, 3])
    k = lambda a, b: (float(a @ b) / 3 + 1) ** 3  # noqa: E731

    def mean(a: np.ndarray, b: np.ndarray, of_a: np.ndarray, of_b: np.ndarray) -> float:
        pairs = [(i, j) for i in range(len(a)) for j in range(len(b)) if of_a[i] != of_b[j]]
        return sum(k(a[i], b[j]) for i, j in pairs) / len(pairs)

    expected = mean(x, x, of_x, of_x) + mean(y, y, of_y, of_y) - 2 * mean(x, y, of_x, of_y)
    assert unbiased_mmd2(x, y, of_x, of_y) == pytest.approx(expected)
    everything = np.zeros(5, int), np.zeros(4, int)
    assert np.isnan(unbiased_mmd2(x, y, *everything))


def test_one_picture_is_an_error():
    with pytest.raises(MaskbenchError, match="two"):
        unbiased_mmd2(np.zeros((1, 2)), np.zeros((5, 2)))
