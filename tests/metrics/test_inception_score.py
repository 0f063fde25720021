"""Inception Score by hand."""

import numpy as np
import pytest

from maskbench.errors import MaskbenchError
from maskbench.metrics.inception_score import inception_score, probabilities


def test_certain_and_even_over_classes_gives_the_number_of_classes():
    assert inception_score(np.eye(5)) == pytest.approx(5)


def test_equal_pictures_give_one():
    assert inception_score(np.tile([[0.7, 0.2, 0.1]], (6, 1))) == pytest.approx(1)


def test_by_hand():
    p = np.array([[0.5, 0.5], [1.0, 0.0]])
    # marginal (.75, .25); KLs: .5 ln(.5/.75) + .5 ln(.5/.25) and ln(1/.75)
    kl = (0.5 * np.log(2 / 3) + 0.5 * np.log(2) + np.log(4 / 3)) / 2
    assert inception_score(p) == pytest.approx(np.exp(kl))


def test_splits_are_averaged():
    p = probabilities(np.random.default_rng(0).normal(0, 3, (10, 4)))
    expected = (inception_score(p[:5]) + inception_score(p[5:])) / 2
    assert inception_score(p, splits=2) == pytest.approx(expected)
    with pytest.raises(MaskbenchError, match="splits"):
        inception_score(p, splits=11)


def test_softmax_does_not_overflow():
    np.testing.assert_allclose(probabilities(np.array([[1e4, 0.0]])), [[1.0, 0.0]])
