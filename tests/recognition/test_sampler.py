"""Batches of people: how many, whose, and in an order that goes on from its state."""

import numpy as np
import pytest

from maskbench.recognition.sampler import PeopleSampler

IDENTITIES = np.repeat(np.arange(7), 8)
MASKED = np.tile([False, True], 28)


def sampler(people=3, bare=2, with_mask=3, seed=0, identities=IDENTITIES, masked=MASKED):
    return PeopleSampler(
        identities, masked, people=people, bare=bare, with_mask=with_mask, seed=seed
    )


def test_a_batch_has_each_person_with_so_many_of_each_kind():
    rows = sampler().draw().reshape(3, 5)
    for own in rows:
        assert len(set(IDENTITIES[own])) == 1
        assert MASKED[own].tolist() == [False] * 2 + [True] * 3
        assert len(set(own)) == 5
    assert len(set(IDENTITIES[rows[:, 0]])) == 3


def test_everybody_is_shown_before_anybody_again():
    made = sampler(people=2)
    assert len(made) == 4
    shown = [p for _ in range(14) for p in IDENTITIES[made.draw().reshape(2, 5)[:, 0]]]
    assert {n: shown.count(n) for n in range(7)} == dict.fromkeys(range(7), 4)


def test_nobody_is_twice_in_a_batch_when_a_round_ends_within_it():
    made = sampler(people=5)
    for _ in range(50):
        assert len(set(IDENTITIES[made.draw().reshape(5, 5)[:, 0]])) == 5


def test_too_few_pictures_are_repeated_evenly():
    rows = sampler(people=1, bare=6, with_mask=0).draw()
    assert len(rows) == 6 and not MASKED[rows].any()
    assert sorted(np.unique(rows, return_counts=True)[1]) == [1, 1, 2, 2]


def test_people_without_a_kind_are_left_out():
    masked = MASKED.copy()
    masked[IDENTITIES == 3] = False
    made = sampler(people=6, masked=masked)
    assert 3 not in IDENTITIES[np.concatenate([made.draw() for _ in range(5)])]
    assert len(sampler(people=7, with_mask=0, masked=masked)) == 1


def test_a_batch_has_everybody_where_there_are_fewer():
    made = sampler(people=14)
    assert made.people == 7 and len(made) == 1
    for _ in range(3):
        rows = made.draw().reshape(7, 5)
        assert sorted(IDENTITIES[rows[:, 0]]) == list(range(7))
    with pytest.raises(ValueError, match="1 training people with pictures: two are needed"):
        sampler(people=14, masked=MASKED | (IDENTITIES > 0))


def test_goes_on_from_its_state_and_depends_on_the_seed():
    first, second = sampler(), sampler(seed=9)
    first.draw()
    second.load_state_dict(first.state_dict())
    assert first.draw().tolist() == second.draw().tolist()
    assert sampler().draw().tolist() == sampler().draw().tolist() != sampler(seed=1).draw().tolist()
