"""Average precision and weighted AUC, against hand calculation and scikit-learn."""

import math

import numpy as np
import pytest

from maskbench.metrics.detection import average_precision, weighted_auc

metrics = pytest.importorskip("sklearn.metrics")


def ap(scores, hits, weights, total):
    return float(average_precision(scores, hits, weights[None], np.array([total]))[0])


def auc(scores, positive, weights):
    return float(weighted_auc(scores, positive, weights[None])[0])


def test_average_precision_by_hand():
    """Five true boxes; found in falling score: right, wrong, right, right, wrong. Precision 1 at
    recall 1/5, 2/3 at 2/5 and 3/4 at 3/5, of which the better of the last two holds for both."""
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    hits = np.array([True, False, True, True, False])
    expected = (1 + 3 / 4 + 3 / 4) / 5
    assert ap(scores, hits, np.ones(5), 5) == pytest.approx(expected)
    # a picture drawn twice stands twice
    doubled = ap(scores, hits, np.full(5, 2.0), 10)
    twice = ap(np.repeat(scores, 2), np.repeat(hits, 2), np.ones(10), 10)
    assert doubled == pytest.approx(twice) and doubled == pytest.approx(expected)


def test_boxes_of_equal_score_stand_together():
    hits = np.array([True, False, False, True])
    assert ap(np.ones(4), hits, np.ones(4), 4) == pytest.approx(2 / 4 * 2 / 4)


def test_without_boxes():
    nothing = np.empty(0), np.empty(0, bool), np.empty(0)
    assert ap(*nothing, 3) == 0
    assert math.isnan(ap(*nothing, 0))


@pytest.mark.parametrize("seed", range(3))
def test_as_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 20, 60) / 20  # with ties
    hits = rng.random(60) < scores
    weights = rng.integers(0, 4, (2, 60)).astype(float)
    missed = 7.0
    total = (weights * hits).sum(1) + missed
    found = average_precision(scores, hits, weights, total)
    for one, own, whole in zip(found, weights, total, strict=True):
        precision, recall, _ = metrics.precision_recall_curve(hits, scores, sample_weight=own)
        best = np.maximum.accumulate(precision)  # recall falls along the curve
        area = -(np.diff(recall) * best[:-1]).sum() * (whole - missed) / whole
        assert one == pytest.approx(area)
    expected = [metrics.roc_auc_score(hits, scores, sample_weight=own) for own in weights]
    assert weighted_auc(scores, hits, weights) == pytest.approx(expected)


def test_auc_needs_both_groups():
    assert math.isnan(auc(np.ones(3), np.ones(3, bool), np.ones(3)))
    assert math.isnan(auc(np.ones(3), np.array([True, True, False]), np.array([1.0, 1, 0])))
