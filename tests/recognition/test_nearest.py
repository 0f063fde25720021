"""The accuracy of the nearest neighbour against scikit-learn's classifier."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from maskbench.metrics.bootstrap import People
from maskbench.recognition import nearest
from maskbench.recognition.nearest import accuracy_1nn, batches
from maskbench.recognition.test_set import TestSet


def made(people, photographs, styles=("kn95", "kf94")):
    """Bare faces with masks on each, and one of an unseen style."""
    rows = [
        (f"p{who:02}", kind, f"{who}/{n}", style)
        for who in range(people)
        for n in range(photographs)
        for kind, style in (("bare", ""), *(("masked", style) for style in styles), ("unseen", "x"))
    ]
    table = pd.DataFrame(rows, columns=["identity", "kind", "photo", "style"])
    test = TestSet("own", "crop", table.assign(face_id="", undetected=False), (), None)
    person = np.unique(test.identities, return_inverse=True)[1]
    return test, People.drawn(person, 12, 0)


def embedded(people, dim=6, own=1.0):
    rng = np.random.default_rng(1)
    centre = rng.normal(size=(people.draws.shape[1], dim))
    x = centre[people.person] * own + rng.normal(size=(len(people.person), dim))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


@pytest.mark.parametrize("count", [5, 24])
def test_it_is_scikit_learns_leave_one_out_accuracy_averaged_over_batches(count, monkeypatch):
    monkeypatch.setattr(nearest, "PICTURES", 11)  # two or three batches
    test, people = made(count, 8)
    x = embedded(people, own=1.2)
    shares, hits = [], []
    for rows in batches(test, seed=3):
        one = KNeighborsClassifier(n_neighbors=1, metric="cosine", algorithm="brute")
        right = cross_val_score(one, x[rows], people.person[rows], cv=LeaveOneOut())
        shares.append(right.mean())
        hits.append((people.person[rows], right))
    found = accuracy_1nn(x, test, people, seed=3)
    assert 0.3 < found.value < 0.95
    assert found.value == pytest.approx(np.mean(shares))
    for b, draw in enumerate(people.draws):
        weight = [draw[person] for person, _ in hits]  # all batches are of one size
        expected = sum((w * right).sum() for w, (_, right) in zip(weight, hits, strict=True))
        assert found.replicates[b] == pytest.approx(expected / sum(w.sum() for w in weight))


def test_batches_are_the_authors_where_people_and_pictures_are_enough():
    """20 people, 3 bare and 3 masked pictures each; 17 batches of 120 hold 2,000 pictures."""
    test, people = made(20, 6)
    found = list(batches(test, 0))
    assert len(found) == 17
    for rows in found:
        batch = test.table.iloc[rows]
        counts = batch.groupby(["identity", "kind"]).size()
        assert len(counts) == 40 and set(counts) == {3}
        assert not batch["photo"].duplicated().any()
        assert set(batch["kind"]) == {"bare", "masked"}
    assert accuracy_1nn(embedded(people), test, people, 0).note == ""
    again = list(batches(test, 0))
    assert all(np.array_equal(a, b) for a, b in zip(found, again, strict=True))
    assert not np.array_equal(found[0], next(batches(test, 1)))


def test_of_more_people_each_batch_draws_twenty():
    test, _ = made(53, 6)
    found = list(batches(test, 0))
    assert len(found) == 45  # 5,300 / 120
    assert {len(rows) for rows in found} == {120}
    assert len({frozenset(test.identities[rows]) for rows in found}) > 1


@pytest.mark.parametrize(
    ("people", "photographs", "note"),
    [
        (8, 10, "batches of 8 people with 6 pictures each, not 20 with 6"),
        (24, 4, "batches of 20 people with 4 pictures each, not 20 with 6"),
    ],
)
def test_smaller_batches_are_said(people, photographs, note):
    test, of = made(people, photographs)
    assert accuracy_1nn(embedded(of), test, of, 0).note == note
    for rows in batches(test, 0):
        counts = test.table.iloc[rows].groupby(["identity", "kind"]).size()
        assert set(counts) == {min(6, photographs) // 2}


def test_without_a_second_photograph_there_is_no_number_but_a_reason():
    test, people = made(4, 1)
    found = accuracy_1nn(embedded(people), test, people, 0)
    assert (found.value, found.note) == (None, "fewer than two people with two photographs")
