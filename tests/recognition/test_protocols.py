"""Every protocol's numbers and replicates against brute force and scikit-learn."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from maskbench.metrics.bootstrap import People
from maskbench.recognition import protocols
from maskbench.recognition.separation import separation
from maskbench.recognition.test_set import Pairs


def example(seed=0, people=6, pictures=4, replicates=30, dim=5):
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(people), pictures)
    centre = rng.normal(size=(people, dim))
    x = centre[of] + rng.normal(size=(len(of), dim))
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
    first, second = np.triu_indices(len(of), 1)
    pairs = Pairs(first, second, of[first] == of[second])
    return x, pairs, People.drawn(of, replicates, 0)


def by_name(numbers):
    return {number.metric: number for number in numbers}


def repeated(pairs, people, draw):
    """Pairs of a resample, each as often as its weight says: brute force."""
    rows = []
    for row, (a, b, same) in enumerate(zip(pairs.first, pairs.second, pairs.same, strict=True)):
        p, q = people.person[a], people.person[b]
        rows += [row] * int(draw[p] if same else draw[p] * draw[q])
    return np.array(rows, int)


def test_scores_are_cosines():
    x, pairs, _ = example()
    expected = [float(x[a] @ x[b]) for a, b in zip(pairs.first, pairs.second, strict=True)]
    assert protocols.scores_of(x, pairs) == pytest.approx(expected, abs=1e-6)


def test_verification_agrees_with_scikit_learn_and_with_resampled_pairs():
    x, pairs, people = example()
    scores = protocols.scores_of(x, pairs)
    found = by_name(protocols.verification(scores, pairs, people, folds=3, seed=0))
    assert found["auc"].value == pytest.approx(roc_auc_score(pairs.same, scores))
    for b in (0, 7):
        rows = repeated(pairs, people, people.draws[b])
        expected = roc_auc_score(pairs.same[rows], scores[rows])
        assert found["auc"].replicates[b] == pytest.approx(expected)


def test_a_far_that_the_pairs_do_not_resolve_has_no_value_but_a_reason():
    x, pairs, people = example()  # 240 impostor pairs
    found = by_name(
        protocols.verification(protocols.scores_of(x, pairs), pairs, people, folds=3, seed=0)
    )
    assert found["tar_at_far_1e-2"].value is not None
    for name in ("tar_at_far_1e-3", "tar_at_far_1e-4"):
        assert found[name].value is None
        assert not len(found[name].replicates)
        assert "do not resolve" in found[name].note


def test_folds_choose_their_thresholds_on_other_people():
    """Scores that are right only for who is in the fold: a leak would give accuracy 1."""
    people = 8
    of = np.repeat(np.arange(people), 2)
    first, second = np.triu_indices(len(of), 1)
    same = of[first] == of[second]
    # Each person has a scale of scores of their own; no threshold of others fits it.
    level = np.where(np.arange(people) % 2, 10.0, -10.0)
    scores = (level[of[first]] + np.where(same, 1, -1)).astype(np.float32)
    folded = by_name(
        protocols.verification(scores, Pairs(first, second, same), People.drawn(of, 5, 0), 4, 0)
    )
    assert folded["accuracy"].value < 0.98
    assert folded["accuracy"].note == ""


def test_fewer_folds_than_wanted_are_said():
    x, pairs, people = example(people=6)
    found = by_name(
        protocols.verification(protocols.scores_of(x, pairs), pairs, people, folds=10, seed=0)
    )
    assert "folds of people" in found["accuracy"].note


@pytest.mark.parametrize("kept", [True, False])
def test_pairs_of_one_kind_have_no_numbers_but_a_reason(kept):
    x, pairs, people = example()
    some = pairs.same == kept
    few = Pairs(pairs.first[some], pairs.second[some], pairs.same[some])
    found = protocols.verification(protocols.scores_of(x, few), few, people, 3, 0)
    assert {number.value for number in found} == {None}
    assert all("pairs" in number.note for number in found)
    assert protocols.operating_points(protocols.scores_of(x, few), few, people, np.empty(0)) == []


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_weighted_means_are_those_of_repeated_pairs(seed):
    x, pairs, people = example(seed, people=4, pictures=3, replicates=4)
    values = protocols.scores_of(x, pairs).astype(float)
    found = protocols.weighted_means(values, pairs, people)
    for b, draw in enumerate(people.draws):
        rows = repeated(pairs, people, draw)
        expected = values[rows].mean() if len(rows) else np.nan
        assert found[b] == pytest.approx(expected, nan_ok=True)


def test_operating_points_by_hand():
    """Bare impostors 0.00, 0.01 ... 0.99: an FMR of 1e-2 accepts the highest of them alone."""
    bare = np.arange(100) / 100
    first, second = np.array([0, 2, 0, 0]), np.array([1, 3, 2, 3])
    pairs = Pairs(first, second, np.array([True, True, False, False]))
    people = People.drawn(np.array([0, 0, 1, 1]), 10, 0)
    scores = np.array([0.995, 0.5, 0.975, 0.981])  # accepted from just above 0.98
    found = by_name(protocols.operating_points(scores, pairs, people, bare))
    assert found["fmr_at_bare_fmr_1e-2"].value == 0.5
    assert found["fnmr_at_bare_fmr_1e-2"].value == 0.5
    assert found["genuine_mean"].value == pytest.approx((0.995 + 0.5) / 2)
    assert found["impostor_mean"].value == pytest.approx((0.975 + 0.981) / 2)
    assert found["fmr_at_bare_fmr_1e-3"].value is None
    assert "do not resolve" in found["fnmr_at_bare_fmr_1e-3"].note


def test_fmr100_is_of_the_tested_pairs_by_hand():
    """Impostors 0.00 ... 0.99 with another person each: from just above 0.98 on one of a hundred is
    accepted, and so are two of the four genuine pairs. With bare impostors from 0.40 up, the
    threshold would be just above 1.38, and no genuine pair is accepted."""
    impostors, genuine = np.arange(100) / 100, np.array([0.5, 0.97, 0.985, 0.999])
    first = np.concatenate([np.arange(100), np.arange(4)])
    second = np.concatenate([np.arange(1, 101), np.arange(101, 105)])
    of = np.concatenate([np.arange(101), np.arange(4)])  # pictures of 101 people; four have two
    pairs = Pairs(first, second, np.arange(104) >= 100)
    people = People.drawn(of, 40, 0)
    scores = np.concatenate([impostors, genuine])
    found = by_name(protocols.verification(scores, pairs, people, folds=3, seed=0))
    assert found["fmr100"].value == 0.5
    assert found["fmr1000"].value is None and "do not resolve" in found["fmr1000"].note
    assert found["fmr100"].replicates == pytest.approx(
        1 - found["tar_at_far_1e-2"].replicates, nan_ok=True
    )
    carried = by_name(protocols.operating_points(scores, pairs, people, impostors + 0.4))
    assert carried["fnmr_at_bare_fmr_1e-2"].value == 1
    assert carried["fmr_at_bare_fmr_1e-2"].value == 0


def test_separation_replicates_are_those_of_repeated_pairs():
    x, pairs, people = example(3)
    scores = protocols.scores_of(x, pairs).astype(np.float64)
    found = by_name(protocols.same_picture(scores, pairs, people))
    whole = separation(scores[pairs.same], scores[~pairs.same])
    assert found["sigma_separation"].value == whole.sigma
    assert found["error_rate_empirical"].value == whole.error_empirical
    for b in (1, 4):
        rows = repeated(pairs, people, people.draws[b])
        again = separation(scores[rows][pairs.same[rows]], scores[rows][~pairs.same[rows]])
        for name, value in (
            ("cos_same_mean", again.same_mean), ("cos_same_sd", again.same_sd),
            ("cos_diff_mean", again.different_mean), ("cos_diff_sd", again.different_sd),
            ("sigma_separation", again.sigma), ("error_rate_gaussian", again.error_gaussian),
        ):  # fmt: skip
            assert found[name].replicates[b] == pytest.approx(value, abs=1e-9), name


def test_collapsed_embeddings_are_said_to_be_alike():
    """A network that gives everybody the same embedding."""
    x, pairs, people = example(3)
    scores = protocols.scores_of(np.ones_like(x) / np.sqrt(x.shape[1]), pairs)
    scores[:] = scores[0]
    for number in protocols.same_picture(scores, pairs, people):
        assert number.value is None and "alike" in number.note
    found = by_name(protocols.operating_points(scores, pairs, people, np.empty(0)))
    assert found["fdr"].value is None and "alike" in found["fdr"].note


def test_identification_by_hand():
    """Three people; the second probe's person comes second, the third's last."""
    gallery = np.eye(3, dtype=np.float32)
    probes = np.array([[1, 0, 0], [0.8, 0.6, 0], [0.7, 0.71, 0.05]], np.float32)
    probes /= np.linalg.norm(probes, axis=1, keepdims=True)
    people = People.drawn(np.array([0, 1, 2, 0, 1, 2]), 20, 0)
    found = protocols.identification(
        np.concatenate([gallery, probes]), np.arange(3), np.arange(3, 6), people
    )
    assert found.rank.tolist() == [1, 2, 3]
    numbers = by_name(found.numbers)
    assert numbers["rank_1"].value == pytest.approx(1 / 3)
    assert numbers["rank_5"].value is None  # of three people
    hits = np.array([1.0, 0, 0])
    for b in range(5):
        draw = people.draws[b]
        assert numbers["rank_1"].replicates[b] == pytest.approx((draw * hits).sum() / draw.sum())


def test_shuffled_labels_give_chance():
    rng = np.random.default_rng(0)
    x, _, people = example(people=20, pictures=10, dim=16)
    of = rng.permutation(people.person)
    first, second = np.array(list(itertools.combinations(range(len(of)), 2))).T
    pairs = Pairs(first, second, of[first] == of[second])
    shuffled = People(of, people.draws)
    scores = protocols.scores_of(x, pairs)
    found = by_name(protocols.verification(scores, pairs, shuffled, 10, 0))
    assert found["auc"].value == pytest.approx(0.5, abs=0.03)
    assert found["eer"].value == pytest.approx(0.5, abs=0.03)
    assert found["tar_at_far_1e-2"].value < 0.03
    rows = rng.permutation(len(of))
    gallery, probes = rows[:100], rows[100:]
    known = probes[np.isin(of[probes], of[gallery])]
    identified = protocols.identification(x, gallery, known, shuffled)
    assert by_name(identified.numbers)["rank_1"].value < 0.15
