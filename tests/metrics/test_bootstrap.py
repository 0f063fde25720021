"""Bootstrap over faces: pairing, clusters, coverage of the intervals."""

import numpy as np
import pytest

from maskbench.metrics.bootstrap import draw_faces, interval, replicate_means


def test_draws_depend_on_seed_and_number_of_faces_alone():
    a, b = draw_faces(12, 50, seed=7), draw_faces(12, 50, seed=7)
    assert (a == b).all() and (a.sum(1) == 12).all() and a.shape == (50, 12)
    assert (draw_faces(12, 50, seed=8) != a).any()


def test_every_style_of_a_face_goes_together():
    face = np.repeat(np.arange(4), 3)
    values = np.random.default_rng(0).normal(size=12)
    draws = np.array([[2, 0, 1, 1]])
    expected = np.concatenate([values[face == f] for f in (0, 0, 2, 3)]).mean()
    np.testing.assert_allclose(replicate_means(values, face, draws), [expected])


def test_undefined_values_are_left_out():
    values, face = np.array([1.0, np.nan, 3.0]), np.array([0, 1, 2])
    draws = np.array([[1, 1, 1], [0, 3, 0]], float)
    found = replicate_means(values, face, draws)
    assert found[0] == pytest.approx(2) and np.isnan(found[1])


def test_interval_covers_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    inside = 0
    for i in range(200):
        values = rng.normal(5, 2, 60)
        low, high = interval(replicate_means(values, np.arange(60), draw_faces(60, 300, i)))
        inside += low <= 5 <= high
    assert 0.89 <= inside / 200 <= 0.99


def test_clusters_widen_the_interval():
    rng = np.random.default_rng(0)
    face = np.repeat(np.arange(30), 5)
    values = rng.normal(size=30)[face] + rng.normal(0, 0.01, 150)
    by_face = interval(replicate_means(values, face, draw_faces(30, 500, 0)))
    alone = interval(replicate_means(values, np.arange(150), draw_faces(150, 500, 0)))
    assert by_face[1] - by_face[0] > 1.7 * (alone[1] - alone[0])


def test_no_interval_without_replicates():
    assert interval(np.empty(0)) == (None, None)
    assert interval(np.array([np.nan, 1.0])) == (None, None)
