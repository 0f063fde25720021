"""The exact ROC against scikit-learn, and where sets are too small for a FAR."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from sklearn.metrics import roc_auc_score, roc_curve

from maskbench.recognition.roc import RocCounter, allowed_accepts, roc_of

FARS = (1e-1, 1e-2, 1e-3)


def brute_tar(genuine, impostors, far):
    """Every threshold that any score could need, one after another."""
    both = np.unique(np.concatenate([genuine, impostors]))
    thresholds = [*both, np.inf, *np.nextafter(both, np.inf)]
    return max(
        (genuine >= t).mean() for t in thresholds if (impostors >= t).mean() <= far * (1 + 1e-12)
    )


def sklearn_eer(genuine, impostors):
    truth = np.r_[np.ones(len(genuine)), np.zeros(len(impostors))]
    fpr, tpr, _ = roc_curve(truth, np.r_[genuine, impostors], drop_intermediate=False)
    return brentq(lambda x: 1 - x - np.interp(x, fpr, tpr), 0, 1)


# Few different values: ties between and within the two kinds.
scores = st.lists(st.integers(-4, 6).map(lambda k: k / 8), min_size=1, max_size=30).map(np.array)


@settings(max_examples=200, deadline=None)
@given(genuine=scores, impostors=scores, blocks=st.integers(1, 4))
def test_auc_and_tar_with_ties_and_in_blocks(genuine, impostors, blocks):
    counter = RocCounter(genuine, len(impostors), largest_far=1.0)
    for block in np.array_split(impostors, blocks):
        counter.add(block)
    roc = counter.finish()
    truth = np.r_[np.ones(len(genuine)), np.zeros(len(impostors))]
    expected = roc_auc_score(truth, np.r_[genuine, impostors])
    assert roc.auc() == pytest.approx(expected, abs=1e-12)
    for far in (0.1, 0.25, 0.5, 1.0):
        if roc.resolves(far):
            assert roc.tar_at(far) == brute_tar(genuine, impostors, far)
        else:
            assert far * len(impostors) < 1
            with pytest.raises(ValueError, match="do not resolve"):
                roc.tar_at(far)


def test_eer_equals_scikit_learns_curve_where_no_scores_are_equal():
    rng = np.random.default_rng(0)
    for _ in range(30):
        genuine, impostors = rng.normal(1, 1, rng.integers(3, 60)), rng.normal(0, 1, 90)
        assert roc_of(genuine, impostors).eer() == pytest.approx(
            sklearn_eer(genuine, impostors), abs=1e-9
        )


@pytest.mark.parametrize(
    ("genuine", "impostors", "eer"),
    [
        ([1.0, 2.0], [-1.0, 0.0], 0.0),  # told apart
        ([-1.0, 0.0], [1.0, 2.0], 1.0),  # the wrong way round
        ([0.5, 0.5], [0.5, 0.5, 0.5], 0.5),  # all alike: chance
        ([0.0, 1.0], [0.0, 1.0], 0.5),
        ([0.2, 0.8, 0.9, 1.0], [0.1, 0.1, 0.1, 0.85], 0.25),
    ],
)
def test_eer_by_hand(genuine, impostors, eer):
    assert roc_of(np.array(genuine), np.array(impostors)).eer() == pytest.approx(eer)


def test_float32_scores_are_refused_by_the_least_step():
    genuine = np.array([0.5, 0.7], np.float32)
    impostors = np.array([0.7, 0.5, 0.1, 0.1], np.float32)
    roc = roc_of(genuine, impostors)
    assert roc.tar_at(0.25) == 0.5  # 0.7 on both sides: one impostor may pass, and does
    assert (impostors >= roc.threshold_at(0.25)).sum() == 1


def test_the_curve_rises_from_corner_to_corner_through_every_genuine_score():
    rng = np.random.default_rng(1)
    genuine, impostors = rng.integers(0, 9, 50) + 2.0, rng.integers(0, 9, 80) * 1.0
    roc = roc_of(genuine, impostors)
    far, tar = roc.curve()
    assert (np.diff(far) >= 0).all() and (np.diff(tar) >= 0).all()
    assert (far[0], tar[0], far[-1], tar[-1]) == (0, 0, 1, 1)
    for threshold in np.unique(genuine):
        point = (impostors >= threshold).mean(), (genuine >= threshold).mean()
        assert np.hypot(far - point[0], tar - point[1]).min() < 1e-12


def test_allowed_accepts_is_not_misled_by_floating_point():
    assert allowed_accepts(1000, 1e-3) == 1
    assert allowed_accepts(29, 0.1) == 2
    assert [allowed_accepts(10**k, 10.0**-k) for k in range(9)] == [1] * 9
    assert allowed_accepts(999, 1e-3) == 0


def test_only_the_highest_scores_are_kept():
    rng = np.random.default_rng(2)
    genuine, impostors = rng.normal(2, 1, 500), rng.normal(0, 1, 100_000)
    counter = RocCounter(genuine, len(impostors), largest_far=1e-2)
    for block in np.array_split(impostors, 13):
        counter.add(block)
    roc, whole = counter.finish(), roc_of(genuine, impostors)
    assert len(roc.highest) == 1001
    assert roc.auc() == whole.auc() and roc.eer() == whole.eer()
    assert [roc.tar_at(far) for far in (1e-2, 1e-3, 1e-4)] == [
        whole.tar_at(far) for far in (1e-2, 1e-3, 1e-4)
    ]
    with pytest.raises(ValueError, match="above the highest"):
        roc.tar_at(0.1)


@pytest.mark.parametrize(
    ("genuine", "impostors"), [([], [1.0]), ([1.0], []), ([np.nan], [1.0]), ([1.0], [np.nan])]
)
def test_nothing_and_not_a_number_are_refused(genuine, impostors):
    with pytest.raises(ValueError):
        roc_of(np.array(genuine), np.array(impostors))
